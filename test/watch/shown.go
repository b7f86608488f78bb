package watch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Shown is what a desktop was asked to show, or to take away: a line of JSON each that test/desktop writes.
type Shown struct {
	At       time.Duration // since boot, as Message.At has it
	ID       uint32        // of the notification
	Replaces uint32        // it is this one, changed; 0: a new one
	Title    string
	Body     string
	Urgency  byte // 0 low, 1 normal, 2 critical
	Closed   bool // it was taken away; nothing else counts but At and ID
}

// ReadShown returns what was shown so far. A file that is not there yet has nothing, and a line that is not written to its end does not count.
func ReadShown(path string) ([]Shown, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Shown
	for line := range bytes.Lines(text) {
		var one Shown
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		if err := json.Unmarshal(line, &one); err != nil {
			return nil, fmt.Errorf("%s: line %q: %w", path, line, err)
		}
		all = append(all, one)
	}
	return all, nil
}
