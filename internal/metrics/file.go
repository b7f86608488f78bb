package metrics

import (
	"fmt"
	"os"
	"path/filepath"
)

// WriteFile renders the input into a file that is there whole or not at all, as the textfile collector of node_exporter
// wants it: written beside it under a name that the collector passes over, then renamed. Everybody may read it.
func WriteFile(path string, in Input) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.new")
	if err != nil {
		return fmt.Errorf("make the file beside %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // it is renamed, or to go
	err = Write(f, in)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
