package metrics

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure a file is replaced whole, may be read by everybody, and leaves nothing beside it.
func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reprieve.prom")
	for _, up := range []bool{true, false} {
		in := sample()
		in.Up = up
		if err := WriteFile(path, in); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if want := render(t, in); err != nil || string(got) != want {
			t.Errorf("the file has %q, %v, want %q", got, err, want)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o644 {
		t.Errorf("its mode is %v, %v, want 0644", info.Mode(), err)
	}
	if all, _ := os.ReadDir(filepath.Dir(path)); len(all) != 1 {
		t.Errorf("there are %v, want the file alone", all)
	}
}

// Ensure what cannot be written is an error that names the file, leaves the old one, and nothing beside it.
func TestWriteFile_Fails(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFile(filepath.Join(dir, "none", "x.prom"), sample()); err == nil || !strings.Contains(err.Error(), "none/x.prom") {
		t.Errorf("into a directory that is not there: %v", err)
	}
	path := filepath.Join(dir, "x.prom")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, sample()); err == nil || !strings.HasPrefix(err.Error(), "write "+path+": ") {
		t.Errorf("over a directory: %v", err)
	}
	if all, _ := os.ReadDir(dir); len(all) != 1 {
		t.Errorf("there are %v, want the directory alone", all)
	}
}
