// Package realtime gives threads one of the two lowest real-time priorities.
//
// A host that runs short of memory keeps its CPUs busy with reclaim; a thread
// of ordinary priority was seen to wait there for seconds. The kernel also
// lets a real-time task take a part of its reserve of free memory before it has
// to reclaim (mm/page_alloc.c: gfp_to_alloc_flags; a quarter before Linux 6.3, then half).
package realtime

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// Priority is one of SCHED_FIFO.
type Priority uint32

const (
	Worker Priority = 1 // what the loop waits for
	Loop   Priority = 2 // the event loop, and the guard that watches it
)

// ErrNotAllowed says what lets a process without CAP_SYS_NICE have it.
var ErrNotAllowed = errors.New("set LimitRTPRIO=2 and no RestrictRealtime= in the unit, or grant CAP_SYS_NICE")

// Raise keeps the calling goroutine on its thread from now on and gives that
// SCHED_FIFO at a priority, which threads and processes made by it do not
// inherit. The error wraps ErrNotAllowed and the errno; nothing has changed
// then but that the goroutine stays on its thread.
func Raise(to Priority) error {
	runtime.LockOSThread()
	if err := set(unix.SCHED_FIFO, to); err != nil {
		return fmt.Errorf("sched_setattr to SCHED_FIFO %d: %w; %w", to, err, ErrNotAllowed)
	}
	return nil
}

// During runs work with its thread at Worker, where that may be, and gives the thread back its
// ordinary priority. It is for what takes memory in short steps, by whoever does long ones else.
func During(work func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if set(unix.SCHED_FIFO, Worker) == nil {
		defer func() {
			if set(unix.SCHED_NORMAL, 0) != nil {
				runtime.LockOSThread() // nobody else shall have this thread
			}
		}()
	}
	work()
}

// set gives the calling thread a policy. Who has no CAP_SYS_NICE cannot take back SCHED_FLAG_RESET_ON_FORK, and may
// not leave it out either.
func set(policy uint32, to Priority) error {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: policy, Priority: uint32(to), Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	return unix.SchedSetAttr(0, &attr, 0)
}
