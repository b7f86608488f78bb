// Package memcg is one memory control group of cgroup2: opened by directory
// descriptor, read without allocating, held (by memory.high,
// cgroup.freeze or a raised memory.max), killed whole; and the tree of groups,
// followed by inotify.
//
// It knows the kernel's files and nothing of systemd: what a directory's name
// means, its caller says. It decides nothing. Reading and writing go through
// descriptors of one directory, so that a group of the same name made later is
// never mistaken for this one.
//
// The files are those of Documentation/admin-guide/cgroup-v2.rst.
package memcg

import (
	"errors"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// DefaultMount is where cgroup2 is mounted on every systemd host.
const DefaultMount = "/sys/fs/cgroup"

// File is a file of a group that can be kept open.
type File int

// The files a Group can keep open.
const (
	Current File = iota
	SwapCurrent
	Pressure
	EventsAll   // memory.events: the group and all below it
	EventsLocal // memory.events.local: the group alone
	StatFile
	High
	CgroupEvents
	KillFile
	Procs
	Min
	Low
	OOMGroup // memory.oom.group
	MaxFile  // memory.max; Max is a Limit
	Freeze   // cgroup.freeze
	files    // how many there are
)

var fileNames = [files]string{
	"memory.current", "memory.swap.current", "memory.pressure", "memory.events", "memory.events.local",
	"memory.stat", "memory.high", "cgroup.events", "cgroup.kill", "cgroup.procs",
	"memory.min", "memory.low", "memory.oom.group", "memory.max", "cgroup.freeze",
}

// fileModes: the files of holds are read each tick while they are held, and
// written. With O_NONBLOCK the writer of a limit below usage neither reclaims nor
// calls the OOM killer (mm/memcontrol.c: memory_high_write, memory_max_write,
// Linux 6.16 on); older kernels ignore the flag and do both, so that a write
// which may fall below usage belongs on a thread that may wait.
var fileModes = [files]int{
	High: unix.O_RDWR | unix.O_NONBLOCK, MaxFile: unix.O_RDWR | unix.O_NONBLOCK, Freeze: unix.O_RDWR,
	KillFile: unix.O_WRONLY, OOMGroup: unix.O_RDWR,
}

// String returns the file's name.
func (f File) String() string { return fileNames[f] }

// Buffer is room for the text of any file of a group that this package reads;
// memory.stat, the longest, has under 3 KiB. A loop owns one and reads with it.
type Buffer [8192]byte

// Group is one control group, open. Its methods may be called from several
// goroutines; Prepare may not. It counts its users: it is closed when the last
// one lets go, so that a worker never writes to a number that was reused.
type Group struct {
	Path  string // below the mount, "/" for the root
	Inode uint64 // tells it from a later group of the same path

	dir  int
	fds  [files]int
	refs atomic.Int32
}

// Open opens the group at path ("/batch.slice") below mount. The caller ends
// with Release. A group that is not there gives an error wrapping ErrGone.
func Open(mount, path string) (*Group, error) {
	g := &Group{}
	if err := g.open(mount, path); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *Group) open(mount, path string) error {
	dir, err := unix.Open(mount+path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err == unix.ENOENT {
		err = unix.ENODEV
	}
	if err != nil {
		return fail(path, "", "open", err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(dir, &st); err != nil {
		unix.Close(dir)
		return fail(path, "", "stat", err)
	}
	g.Path, g.Inode, g.dir = path, st.Ino, dir
	for i := range g.fds {
		g.fds[i] = -1
	}
	g.refs.Store(1)
	return nil
}

// Prepare opens files that are to be read or written later, so that nothing
// has to be opened, and no memory found, while memory is short. It tries all of them and
// returns the first error; a file that the group does not have is no error
// here but ErrAbsent when it is used.
func (g *Group) Prepare(which ...File) error {
	var first error
	for _, f := range which {
		if g.fds[f] >= 0 {
			continue
		}
		fd, err := unix.Openat(g.dir, f.String(), fileModes[f]|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
		if err == nil {
			g.fds[f] = fd
		} else if err != unix.ENOENT && first == nil {
			first = fail(g.Path, f.String(), "open", err)
		}
	}
	return first
}

// Retain adds a user; each ends with Release.
func (g *Group) Retain() *Group {
	g.refs.Add(1)
	return g
}

// Release ends one use and closes the group with the last.
func (g *Group) Release() {
	if g.refs.Add(-1) != 0 {
		return
	}
	for _, fd := range g.fds {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	unix.Close(g.dir)
}

// Dir returns the directory's descriptor, which stays the group's.
func (g *Group) Dir() int { return g.dir }

// Fd returns the descriptor of a prepared file for polling, or -1.
// memory.events and cgroup.events become ready for EPOLLPRI at each change and
// want to be read to be armed again.
func (g *Group) Fd(f File) int { return g.fds[f] }

// read fills buf from a prepared file; it allocates only to fail.
func (g *Group) read(f File, buf *Buffer) ([]byte, error) {
	fd := g.fds[f]
	if fd < 0 {
		return nil, fail(g.Path, f.String(), "read", ErrAbsent)
	}
	for {
		n, err := unix.Pread(fd, buf[:], 0)
		if err == nil {
			return buf[:n], nil
		}
		if err != unix.EINTR {
			return nil, fail(g.Path, f.String(), "read", err)
		}
	}
}

// write writes text to a prepared file.
func (g *Group) write(f File, text string) error {
	fd := g.fds[f]
	if fd < 0 {
		return fail(g.Path, f.String(), "write "+text, ErrAbsent)
	}
	return g.writeTo(fd, f, text)
}

// writeWaiting writes text through a descriptor of its own without O_NONBLOCK:
// the kernel reclaims in this thread until usage is below the limit, nothing
// more can be reclaimed, or a signal is pending.
func (g *Group) writeWaiting(f File, text string) error {
	fd, err := unix.Openat(g.dir, f.String(), unix.O_WRONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err == unix.ENOENT {
		err = ErrAbsent
		if g.removed() {
			err = ErrGone
		}
	}
	if err != nil {
		return fail(g.Path, f.String(), "open", err)
	}
	defer unix.Close(fd)
	return g.writeTo(fd, f, text)
}

func (g *Group) writeTo(fd int, f File, text string) error {
	err := untilUninterrupted(func() error {
		_, err := unix.Pwrite(fd, []byte(text), 0)
		return err
	})
	if err != nil {
		return fail(g.Path, f.String(), "write "+text, err)
	}
	return nil
}

// writeTries bounds how often an interrupted write is tried: the Go runtime's
// own signals interrupt as well, but who interrupts on purpose must come to
// an end of it.
const writeTries = 3

// untilUninterrupted calls again after EINTR, writeTries times in all.
func untilUninterrupted(call func() error) (err error) {
	for range writeTries {
		if err = call(); err != unix.EINTR {
			return err
		}
	}
	return err
}

func (g *Group) malformed(f File, err error) error {
	return &FileError{Path: g.Path, File: f.String(), Op: "parse", Err: err}
}

// IsGone reports whether an error means that the group was removed.
func IsGone(err error) bool { return errors.Is(err, ErrGone) }
