package realtime

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// Ensure the thread has the policy afterwards, or the error says what to do.
func TestRaise(t *testing.T) {
	done := make(chan struct{})
	go func() { // a thread of its own, which ends with the goroutine
		defer close(done)
		err := Raise()
		attr, getErr := unix.SchedGetAttr(0, 0)
		if getErr != nil {
			t.Errorf("sched_getattr: %v", getErr)
			return
		}
		switch {
		case err == nil && (attr.Policy != unix.SCHED_FIFO || attr.Priority != 1 || attr.Flags&unix.SCHED_FLAG_RESET_ON_FORK == 0):
			t.Errorf("after Raise: policy %d, priority %d, flags %#x; want SCHED_FIFO 1, reset on fork", attr.Policy, attr.Priority, attr.Flags)
		case err != nil && (!errors.Is(err, ErrNotAllowed) || !errors.Is(err, unix.EPERM)):
			t.Errorf("Raise() = %v, want no error, or EPERM and what to do", err)
		case err != nil && attr.Policy != unix.SCHED_NORMAL:
			t.Errorf("policy %d after a failure, want it unchanged", attr.Policy)
		}
	}()
	<-done
}
