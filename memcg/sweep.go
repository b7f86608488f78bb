package memcg

import (
	"cmp"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Swept is what a sweep found and did.
type Swept struct {
	Killed     int       // processes that SIGKILL reached
	Reaped     int       // of these, processes whose memory process_mrelease(2) took back
	FreedBytes uint64    // what the reaped held before, less what they held after: measured
	Left       []Process // still there at the end, at most 8
}

const (
	sweepBatch = 64  // pidfds open at once, and processes for each look at cgroup.procs
	reapMax    = 256 // that many small ones may have all of the memory; more than these wait for the next sweep
	leftMax    = 8
)

// reapBound is when a sweep takes no more memory: the caller decides what comes next. One process may take longer.
const reapBound = time.Second

// lingerWait bounds how long a sweep waits for the largest to end, so that Left
// names those that hang, not those that just had no turn on a CPU.
const lingerWait = 100 * time.Millisecond

// Sweep sends SIGKILL to every process that is left in the group and below,
// one by one through pidfds, takes the memory of the 256 largest back for a second,
// without waiting for them to end, and says who is left 100 ms later at most. It needs
// no cgroup_mutex, but process_mrelease may wait for the lock of a memory map:
// not for a loop.
//
// A process that ended meanwhile is none, and so is a group that is gone; the first
// other error is returned after all was tried, a *FileError. That
// process_mrelease is not permitted is an error only where nothing could be
// reaped; that the kernel has none (before 5.15) is none.
func (g *Group) Sweep() (Swept, error) {
	s := sweep{group: g}
	defer s.close()
	err := g.eachGroup(func(dir string) {
		for pids := range slices.Chunk(pidsIn(dir), sweepBatch) {
			s.kill(dir, pids)
		}
	})
	if err != nil && !IsGone(err) {
		s.note(err)
	}
	s.reap(processMrelease)
	s.wait(lingerWait)
	s.did.Left = g.left()
	return s.did, s.first
}

// sweep is the work of one Sweep.
type sweep struct {
	group *Group
	did   Swept
	first error
	large []dying // the largest of the killed, largest first, at most reapMax
}

// dying is a process that was sent SIGKILL, by a pidfd that the sweep closes.
type dying struct {
	pid, fd int
	pages   uint64 // resident when it was killed
}

func (s *sweep) note(err error) {
	if s.first == nil {
		s.first = err
	}
}

func (s *sweep) fail(op string, pid int, err error) error {
	return fail(s.group.Path, Procs.String(), op+" process "+strconv.Itoa(pid), err)
}

func (s *sweep) close() {
	for _, d := range s.large {
		unix.Close(d.fd)
	}
}

// kill kills those of pids that still are in the group of dir once pidfds hold
// them, so that a number used anew elsewhere is never hit.
func (s *sweep) kill(dir string, pids []int) {
	var held []dying
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		if err == nil {
			held = append(held, dying{pid: pid, fd: fd})
		} else if err != unix.ESRCH && err != unix.EINVAL {
			s.note(s.fail("open", pid, err))
		}
	}
	still := pidsIn(dir)
	for _, d := range held {
		if !slices.Contains(still, d.pid) {
			unix.Close(d.fd)
			continue
		}
		d.pages = residentPages(d.pid)
		if err := unix.PidfdSendSignal(d.fd, unix.SIGKILL, nil, 0); err != nil {
			unix.Close(d.fd)
			if err != unix.ESRCH {
				s.note(s.fail("SIGKILL", d.pid, err))
			}
			continue
		}
		s.did.Killed++
		s.keep(d)
	}
}

// keep holds on to the largest.
func (s *sweep) keep(d dying) {
	at, _ := slices.BinarySearchFunc(s.large, d, func(a, b dying) int { return cmp.Compare(b.pages, a.pages) })
	s.large = slices.Insert(s.large, at, d)
	if len(s.large) > reapMax {
		unix.Close(s.large[reapMax].fd)
		s.large = s.large[:reapMax]
	}
}

// reap takes the memory of the largest back in this thread: they may be slow
// to end, asleep in the kernel or without a CPU. release is process_mrelease.
func (s *sweep) reap(release func(pidfd int) error) {
	var denied error
	until := time.Now().Add(reapBound)
	for _, d := range s.large {
		if time.Now().After(until) {
			break
		}
		before := residentPages(d.pid)
		if before == 0 || !d.there() {
			continue // it gave its memory back itself
		}
		switch err := release(d.fd); err {
		case nil:
			after := residentPages(d.pid)
			if !d.there() {
				after = 0
			}
			s.did.Reaped++
			s.did.FreedBytes += (before - min(before, after)) * uint64(os.Getpagesize())
		case unix.ENOSYS:
			return
		case unix.ESRCH, unix.EINVAL, unix.EAGAIN, unix.EINTR: // ended, dumps core, or its map is busy
		case unix.EPERM:
			denied = cmp.Or(denied, s.fail("process_mrelease, which a system call filter seems to forbid, of", d.pid, err))
		default:
			s.note(s.fail("process_mrelease of", d.pid, err))
		}
	}
	if denied != nil && s.did.Reaped == 0 {
		s.note(denied)
	}
}

// there reports whether the process still has its number; what was read
// from /proc before was read of it then.
func (d dying) there() bool { return unix.PidfdSendSignal(d.fd, 0, nil, 0) == nil }

func processMrelease(pidfd int) error {
	if _, _, errno := unix.Syscall(unix.SYS_PROCESS_MRELEASE, uintptr(pidfd), 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// wait waits for the largest to end: a pidfd is readable then.
func (s *sweep) wait(atMost time.Duration) {
	until := time.Now().Add(atMost)
	var open []unix.PollFd
	for _, d := range s.large {
		open = append(open, unix.PollFd{Fd: int32(d.fd), Events: unix.POLLIN})
	}
	for len(open) > 0 {
		rest := time.Until(until).Milliseconds()
		if rest <= 0 {
			return
		}
		if _, err := unix.Poll(open, int(rest)); err != nil && err != unix.EINTR {
			return
		}
		open = slices.DeleteFunc(open, func(p unix.PollFd) bool { return p.Revents != 0 })
	}
}

// left describes who is in the group and below, without those that only wait
// for their parent.
func (g *Group) left() []Process {
	var left []Process
	_ = g.eachGroup(func(dir string) {
		for _, pid := range pidsIn(dir) {
			if len(left) == leftMax {
				return
			}
			if p, ok := describe(pid); ok {
				left = append(left, p)
			}
		}
	})
	return left
}
