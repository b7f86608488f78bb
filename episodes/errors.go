package episodes

import (
	"errors"

	"golang.org/x/sys/unix"
)

// What an [Error] may wrap, beside the errors of the file system.
var (
	// ErrEmpty: the file has no bytes.
	ErrEmpty = errors.New("the file is empty")
	// ErrTruncated: the file ends before the record does.
	ErrTruncated = errors.New("the record is cut short")
	// ErrCorrupt: the file is no record, or one with values that none can have.
	ErrCorrupt = errors.New("not a record of an episode")
	// ErrNewer: a newer reprieved wrote the record, in a form that is not known here.
	ErrNewer = errors.New("written by a newer reprieved")
	// ErrTooLarge: the record is larger than this package reads and writes.
	ErrTooLarge = errors.New("larger than 16 MiB")
	// ErrNotRegular: what has the name of a record is a folder, a link, a pipe or a socket.
	ErrNotRegular = errors.New("not a regular file")
	// ErrUnknown: there is no such episode.
	ErrUnknown = errors.New("no such episode")
	// ErrAmbiguous: more than one episode begins so.
	ErrAmbiguous = errors.New("more than one episode begins so")
)

// Error is every error of this package.
type Error struct {
	Op   string // "write", "read", "list", "find" or "remove".
	Path string // Of the file or the folder.
	Err  error  // An error above, or one of the file system.
}

// Error returns one line: OP PATH: what is wrong, and what to do where that is known.
func (e *Error) Error() string {
	text := e.Op + " " + e.Path + ": " + e.Err.Error()
	switch {
	case errors.Is(e.Err, unix.ENOSPC):
		return text + "; the file system is full, and the record is lost: free some of it, or give it more"
	case errors.Is(e.Err, unix.EDQUOT):
		return text + "; the quota is used up, and the record is lost: free some of it, or raise it"
	case errors.Is(e.Err, unix.EROFS):
		return text + "; records need a folder that can be written"
	}
	return text
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }
