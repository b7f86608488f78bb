package hook

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// maxEntries is how many entries of a directory are looked at.
const maxEntries = 1024

// RefusedError says why a directory or a socket in it is not used.
type RefusedError struct {
	Path string
	Why  string // What was found and what is allowed.
}

func (e *RefusedError) Error() string { return e.Path + ": not asked: " + e.Why }

// find returns the sockets of all directories in their order, and an answer for
// what is not used.
func (c *Caller) find() (sockets []string, refused []Answer) {
	for _, dir := range c.Dirs {
		names, err := list(dir)
		if err != nil {
			refused = append(refused, Answer{Name: dir, Err: err})
		}
		for _, name := range names {
			path := filepath.Join(dir, name)
			switch ok, err := isHook(path); {
			case err != nil:
				refused = append(refused, Answer{Name: path, Err: err})
			case ok:
				sockets = append(sockets, path)
			}
		}
	}
	return sockets, refused
}

// list returns the names in a directory that nobody else could have put there,
// sorted. A directory that is missing has none. The error is *RefusedError.
func list(dir string) ([]string, error) {
	// The directory that is judged is the one that is read. A link in its place is followed by nobody.
	f, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &RefusedError{Path: dir, Why: reason(err)}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, &RefusedError{Path: dir, Why: reason(err)}
	}
	if err := owned(dir, info); err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return nil, &RefusedError{Path: dir, Why: fmt.Sprintf("mode %#o lets others write to it; take that away with chmod go-w", mode)}
	}
	names, err := f.Readdirnames(maxEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, &RefusedError{Path: dir, Why: reason(err)}
	}
	slices.Sort(names)
	if len(names) == maxEntries {
		return names, &RefusedError{Path: dir, Why: fmt.Sprintf("only the first %d entries are looked at", maxEntries)}
	}
	return names, nil
}

// isHook reports whether a path is a socket, or a link to one, and who owns
// both is trusted; the error, *RefusedError, says that it is not.
func isHook(path string) (bool, error) {
	if strings.HasPrefix(filepath.Base(path), ".") {
		return false, nil
	}
	info, err := os.Lstat(path)
	if err != nil {
		return false, nil // It went meanwhile.
	}
	link := info
	if info.Mode()&fs.ModeSymlink != 0 {
		if info, err = os.Stat(path); err != nil {
			return false, nil // A link to nothing is as stale as a socket without a listener.
		}
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return false, nil
	}
	if err := owned(path, link); err != nil {
		return false, err
	}
	if err := owned(path, info); err != nil {
		return false, err
	}
	return true, nil
}

// owned refuses what belongs to another user than root or our own.
func owned(path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if ok && (stat.Uid == 0 || int(stat.Uid) == os.Geteuid()) {
		return nil
	}
	why := "its owner cannot be told"
	if ok {
		why = fmt.Sprintf("owned by uid %d, and not by root", stat.Uid)
	}
	return &RefusedError{Path: path, Why: why}
}

// reason is an error without the path, which RefusedError has.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return err.Error()
}
