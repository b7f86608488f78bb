package episodes

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// removeLeftovers removes what a writer that died left half-written. There is one writer, so that nobody else's is taken.
func (s Store) removeLeftovers(names []string) error {
	var first error
	for _, name := range names {
		final, unfinished := strings.CutSuffix(name, nameNew)
		if !unfinished {
			continue
		}
		if _, ours := parseName(final); ours {
			first = cmp.Or(first, s.remove(name))
		}
	}
	return first
}

// trim removes the oldest of the records that were there before kept was written, as far as they are too many or too large.
func (s Store) trim(before []string, kept string, keptBytes int64) error {
	files, room := 1, cmp.Or(s.MaxBytes, DefaultMaxBytes)-keptBytes
	var first error
	for _, e := range entries(before) {
		if e.Name == kept {
			continue
		}
		info, err := os.Lstat(s.path(e.Name))
		if err != nil {
			continue // gone, and no concern of ours
		}
		files, room = files+1, room-info.Size()
		if files > cmp.Or(s.MaxFiles, DefaultMaxFiles) || room < 0 {
			first = cmp.Or(first, s.remove(e.Name))
		}
	}
	return first
}

// remove removes a file. That it is gone already is fine.
func (s Store) remove(name string) error {
	if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &Error{Op: "remove", Path: s.path(name), Err: bare(err)}
	}
	return nil
}
