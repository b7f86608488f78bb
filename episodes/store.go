package episodes

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Bounds of a store, where it has none of its own.
const (
	DefaultMaxFiles = 1000
	DefaultMaxBytes = 64 << 20
)

// recordMax is the size of the largest file that is read or written.
const recordMax = 16 << 20

// Store is a folder with a file for each episode. Any number may read it; one at a time may write.
type Store struct {
	Dir      string // It is made when the first record is written.
	MaxFiles int    // Records that are kept at most; 0 is DefaultMaxFiles.
	MaxBytes int64  // What they may take together; 0 is DefaultMaxBytes.
}

// Write writes a record as a whole or not at all, in the place of the one that the episode had before, and then removes the
// oldest that are more than the store may keep; never the one just written. It may block for as long as the disk does.
//
// The error is an [Error]. One with the Op "remove" says that the record is written, and that older ones stay.
func (s Store) Write(r *Record) error {
	if err := r.check(); err != nil {
		return &Error{Op: "write", Path: s.Dir, Err: err}
	}
	name := fileName(r.Slice, r.Episode, r.Began)
	text, err := encode(r)
	if err == nil {
		err = s.makeDir()
	}
	if err != nil {
		return &Error{Op: "write", Path: s.path(name), Err: err}
	}
	names, err := s.names()
	if err != nil {
		return err
	}
	// Before the write: on a full disk it is room.
	left := s.removeLeftovers(names)
	if err := s.replace(name, text); err != nil {
		return &Error{Op: "write", Path: s.path(name), Err: err}
	}
	return cmp.Or(s.trim(names, name, int64(len(text))), left)
}

// makeDir makes the folder, for all to read: it has names of units and figures. Whoever starts the writer may have set an
// umask that forbids it.
func (s Store) makeDir() error {
	if _, err := os.Stat(s.Dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(s.Dir, 0o755)
}

// encode writes a record as a file has it: one line.
func encode(r *Record) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // people read it
	if err := e.Encode(r); err != nil {
		return nil, err
	}
	if text.Len() > recordMax {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, text.Len())
	}
	return text.Bytes(), nil
}

// replace puts text into the file of a name, which has all of it or what it had before, whatever happens meanwhile.
func (s Store) replace(name string, text []byte) (err error) {
	path := s.path(name)
	f, err := os.OpenFile(path+nameNew, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return bare(err)
	}
	defer func() {
		if err != nil {
			os.Remove(path + nameNew)
			err = bare(err)
		}
	}()
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(path+nameNew, path)
	}
	if err != nil {
		return err
	}
	// The record is there now; that it is after a crash as well needs the folder on disk.
	return s.syncDir()
}

func (s Store) syncDir() error {
	d, err := os.Open(s.Dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// bare returns the cause in an error of package os, whose operation and path an [Error] has already.
func bare(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
