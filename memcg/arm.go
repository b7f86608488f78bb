package memcg

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// armedXattr marks a group whose memory.oom.group is ours. It lies on the
// group: it goes with it, outlives this process, and needs no file. The owner
// of a delegated group can forge it, and gains no more than a 0 in the
// memory.oom.group of that very group.
const armedXattr = "user.reprieve_armed"

// Arm sets memory.oom.group to 1, so that the kernel's OOM killer too kills
// the group whole, and marks it for Disarm. It returns whether the group is
// armed by us. A 1 without the mark is somebody else's and stays as it is:
// false; so is a group without the file, as the root. systemd resets the
// file at a daemon-reload: a group with the mark is set again. The mark is there
// before the file is written, so that no crash leaves a 1 without it.
//
// OOMGroup need not be prepared. A removed group is ErrGone. Errors are *FileError.
func (g *Group) Arm() (bool, error) {
	fd, done, err := g.oomGroupFile(unix.O_RDWR)
	if errors.Is(err, ErrAbsent) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer done()
	set, err := g.readOOMGroup(fd)
	if err != nil {
		return false, err
	}
	ours, err := g.marked()
	if err != nil || set {
		return ours, err
	}
	if !ours {
		if err := unix.Fsetxattr(g.dir, armedXattr, []byte("1"), 0); err != nil {
			return false, fail(g.Path, "", "set "+armedXattr, err)
		}
	}
	if err := g.writeOOMGroup(fd, "1"); err != nil {
		_ = g.unmark() // a mark left over does no more than Disarm's look
		return false, err
	}
	return true, nil
}

// Disarm undoes Arm: where the mark is, memory.oom.group becomes 0 and the mark
// goes. It returns whether it did that. Without the mark nothing is touched,
// and a group that is gone needs nothing. Errors are *FileError; the mark stays
// then, for the next try.
func (g *Group) Disarm() (bool, error) {
	ours, err := g.marked()
	if err == nil && ours {
		err = g.disarm()
	}
	if IsGone(err) {
		return false, nil
	}
	return ours && err == nil, err
}

func (g *Group) disarm() error {
	fd, done, err := g.oomGroupFile(unix.O_RDWR)
	if err == nil {
		defer done()
		var set bool
		if set, err = g.readOOMGroup(fd); err == nil && set {
			err = g.writeOOMGroup(fd, "0")
		}
	}
	if err != nil && !errors.Is(err, ErrAbsent) {
		return err
	}
	return g.unmark()
}

// DisarmAll disarms every marked group of the tree at mount, for when the
// process that armed them is gone. It returns how many it disarmed, tries all,
// and returns the first error. Groups that go meanwhile are nothing.
func DisarmAll(mount string) (n int, err error) {
	mount = filepath.Clean(mount)
	var first error
	note := func(err error) {
		if err != nil && first == nil {
			first = err
		}
	}
	_ = filepath.WalkDir(mount, func(name string, d fs.DirEntry, err error) error {
		path := "/" + strings.TrimPrefix(strings.TrimPrefix(name, mount), "/")
		if err != nil {
			gone := errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV)
			if !gone || name == mount {
				note(fail(path, "", "walk", err))
			}
			return nil
		}
		if !d.IsDir() {
			return nil
		}
		// Nearly all have no mark: one system call for each of those.
		if _, err := unix.Lgetxattr(name, armedXattr, nil); err != nil {
			if !xattrAbsent(err) && err != unix.ENOENT && err != unix.ENODEV {
				note(fail(path, "", "get "+armedXattr, err))
			}
			return nil
		}
		ok, err := disarmAt(mount, path)
		note(err)
		if ok {
			n++
		}
		return nil
	})
	return n, first
}

func disarmAt(mount, path string) (bool, error) {
	g, err := Open(mount, path)
	if IsGone(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer g.Release()
	return g.Disarm()
}

// OOMGroup returns memory.oom.group and whether the group has Arm's mark. A
// group without the file is not set. A removed group is ErrGone.
func (g *Group) OOMGroup() (set, ours bool, err error) {
	fd, done, err := g.oomGroupFile(unix.O_RDONLY)
	if err == nil {
		defer done()
		set, err = g.readOOMGroup(fd)
	}
	if err != nil && !errors.Is(err, ErrAbsent) {
		return false, false, err
	}
	if ours, err = g.marked(); err != nil {
		return false, false, err
	}
	return set, ours, nil
}

// oomGroupFile gives the prepared descriptor, or opens one: few of many leaves
// are ever armed. The caller ends with done.
func (g *Group) oomGroupFile(mode int) (fd int, done func(), err error) {
	if fd := g.fds[OOMGroup]; fd >= 0 {
		return fd, func() {}, nil
	}
	fd, err = unix.Openat(g.dir, OOMGroup.String(), mode|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err == unix.ENOENT {
		err = ErrAbsent
		if g.removed() {
			err = ErrGone
		}
	}
	if err != nil {
		return -1, nil, fail(g.Path, OOMGroup.String(), "open", err)
	}
	return fd, func() { unix.Close(fd) }, nil
}

func (g *Group) readOOMGroup(fd int) (bool, error) {
	var buf [16]byte
	n, err := unix.Pread(fd, buf[:], 0)
	if err != nil {
		return false, fail(g.Path, OOMGroup.String(), "read", err)
	}
	value, err := parseBytes(buf[:n])
	if err != nil {
		return false, g.malformed(OOMGroup, err)
	}
	return value != 0, nil
}

func (g *Group) writeOOMGroup(fd int, text string) error {
	if _, err := unix.Pwrite(fd, []byte(text), 0); err != nil {
		return fail(g.Path, OOMGroup.String(), "write "+text, err)
	}
	return nil
}

func (g *Group) marked() (bool, error) {
	_, err := unix.Fgetxattr(g.dir, armedXattr, nil)
	if xattrAbsent(err) {
		return false, nil
	}
	if err != nil {
		return false, fail(g.Path, "", "get "+armedXattr, err)
	}
	return true, nil
}

func (g *Group) unmark() error {
	if err := unix.Fremovexattr(g.dir, armedXattr); err != nil && !xattrAbsent(err) {
		return fail(g.Path, "", "remove "+armedXattr, err)
	}
	return nil
}
