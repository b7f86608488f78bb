package memcg

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// ErrLate says that something did not come about before its deadline.
var ErrLate = errors.New("not in time")

// removePoll is how often the removal of a group is tried again.
const removePoll = 5 * time.Millisecond

// Make makes the group at path below mount, for this process's own use: to
// rehearse on, what is done to others in earnest. A group that is there
// already was left by an earlier process: all in it is killed and it is
// removed first, by until at the latest. Remove ends it.
//
// It wants cgroup_mutex: not for a loop. The error is a *FileError: EAGAIN is a
// cgroup.max.descendants or cgroup.max.depth of a group above.
func Make(mount, path string, until time.Time) error {
	err := unix.Mkdir(mount+path, 0o755)
	if err == unix.EEXIST {
		if err := Remove(mount, path, until); err != nil {
			return err
		}
		err = unix.Mkdir(mount+path, 0o755)
	}
	if err == unix.ENOENT {
		err = unix.ENODEV // there is no group to make it in
	}
	if err != nil {
		return fail(path, "", "make", err)
	}
	return nil
}

// Remove removes a group that Make made; what lives in it is killed. A group
// that is not there is removed. It tries until a deadline; the error is a
// *FileError and wraps ErrLate then.
func Remove(mount, path string, until time.Time) error {
	for {
		err := unix.Rmdir(mount + path)
		switch {
		case err == nil || err == unix.ENOENT:
			return nil
		case err != unix.EBUSY && err != unix.EINTR:
			return fail(path, "", "remove", err)
		case !time.Now().Before(until):
			return fail(path, "", "remove", fmt.Errorf("%w: %w", ErrLate, err))
		}
		if err := empty(mount, path); err != nil && !IsGone(err) {
			return err
		}
		time.Sleep(removePoll)
	}
}

// empty kills what lives in a group, each process by itself where the kernel
// has no cgroup.kill.
func empty(mount, path string) error {
	g, err := Open(mount, path)
	if err != nil {
		return err
	}
	defer g.Release()
	if err := g.Prepare(KillFile); err == nil {
		_ = g.Kill()
	}
	_, err = g.Sweep()
	return err
}

// Admit moves a process into the group. It is for processes of the caller's
// own. The memory that the process has is not moved with it.
func (g *Group) Admit(pid int) error {
	return g.writeWaiting(Procs, strconv.Itoa(pid))
}

// AwaitEmpty waits until no process lives in the group or below it, or the
// deadline, which gives ErrLate. A group that is gone is empty. It needs
// CgroupEvents prepared.
func (g *Group) AwaitEmpty(until time.Time) error {
	err := g.await("populated", 0, until)
	if IsGone(err) {
		return nil
	}
	return err
}

// AwaitFrozen waits until every process of the group and below has stopped for
// cgroup.freeze, or none is any more. Otherwise it is like AwaitEmpty, but
// for a group that is gone, which is ErrGone.
func (g *Group) AwaitFrozen(frozen bool, until time.Time) error {
	want := uint64(0)
	if frozen {
		want = 1
	}
	return g.await("frozen", want, until)
}

// await waits for a line of cgroup.events. The kernel reports a change to
// who polls the descriptor that was read.
func (g *Group) await(key string, want uint64, until time.Time) error {
	var buf Buffer
	for {
		text, err := g.read(CgroupEvents, &buf)
		if err != nil {
			return err
		}
		found := ^want
		err = eachKey(text, func(have []byte, value uint64) {
			if string(have) == key {
				found = value
			}
		})
		if err != nil {
			return g.malformed(CgroupEvents, err)
		}
		if found == want {
			return nil
		}
		rest := time.Until(until)
		if rest <= 0 {
			return fail(g.Path, CgroupEvents.String(), fmt.Sprintf("wait for %s %d", key, want), ErrLate)
		}
		poll := []unix.PollFd{{Fd: int32(g.fds[CgroupEvents]), Events: unix.POLLPRI}}
		if _, err := unix.Poll(poll, int(rest.Milliseconds())+1); err != nil && err != unix.EINTR {
			return fail(g.Path, CgroupEvents.String(), "poll", err)
		}
	}
}

// MayRelease returns an error where process_mrelease(2) is not permitted to
// this process: a system call filter answers before the kernel looks at the
// descriptor, which is none. A kernel without the call (before 5.15) is no error;
// Sweep does without.
func MayRelease() error {
	if err := processMrelease(-1); err != unix.EBADF && err != unix.ENOSYS {
		return fmt.Errorf("process_mrelease of no process: %w, want %w", err, unix.EBADF)
	}
	return nil
}
