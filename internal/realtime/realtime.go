// Package realtime gives the event loop's thread the lowest real-time priority.
//
// A host that runs short of memory keeps its CPUs busy with reclaim; a thread
// of ordinary priority was seen to wait there for seconds. The kernel also
// lets a real-time task take half of its reserve of free memory before it has
// to reclaim (mm/page_alloc.c: gfp_to_alloc_flags).
package realtime

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// ErrNotAllowed says what lets a process without CAP_SYS_NICE have it.
var ErrNotAllowed = errors.New("set LimitRTPRIO=1 and no RestrictRealtime= in the unit, or grant CAP_SYS_NICE")

// Raise keeps the calling goroutine on its thread from now on and gives that
// SCHED_FIFO at priority 1, which threads and processes made by it do not
// inherit. The error wraps ErrNotAllowed and the errno; nothing has changed
// then but that the goroutine stays on its thread.
func Raise() error {
	runtime.LockOSThread()
	attr := unix.SchedAttr{
		Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1, Flags: unix.SCHED_FLAG_RESET_ON_FORK,
	}
	if err := unix.SchedSetAttr(0, &attr, 0); err != nil {
		return fmt.Errorf("sched_setattr to SCHED_FIFO 1: %w; %w", err, ErrNotAllowed)
	}
	return nil
}
