package memcg

import (
	"errors"

	"golang.org/x/sys/unix"
)

var (
	// ErrGone says that the group does not exist any more. It is ordinary
	// life: groups come and go while they are looked at.
	ErrGone = errors.New("the control group is gone")
	// ErrAbsent says that the group is there and has no such file: the root
	// has no memory.high, an older kernel no cgroup.kill.
	ErrAbsent = errors.New("the control group has no such file")
	// ErrMalformed says that a file did not hold what the kernel writes there.
	ErrMalformed = errors.New("malformed control group file")
)

// FileError is every error of this package that has to do with one file of a
// group.
type FileError struct {
	Path string // the group's path below the cgroup2 mount, "/batch.slice"
	File string // the file in it, "memory.high"; empty for the directory
	Op   string // "open", "read", `write "1"`, "parse", ...
	Err  error  // an errno, ErrGone, ErrAbsent or ErrMalformed
}

func (e *FileError) Error() string {
	where := e.Path
	if e.File != "" {
		where += ": " + e.File
	}
	return where + ": " + e.Op + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// fail wraps an errno. ENODEV is what kernfs answers on files of a removed
// group, ENOENT what opening one gives.
func fail(path, file, op string, err error) error {
	if err == unix.ENODEV {
		err = ErrGone
	}
	return &FileError{Path: path, File: file, Op: op, Err: err}
}
