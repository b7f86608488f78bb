package realtime

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// Ensure the thread has the policy afterwards, or the error says what to do.
func TestRaise(t *testing.T) {
	done := make(chan struct{})
	go func() { // a thread of its own, which ends with the goroutine
		defer close(done)
		err := Raise(Loop)
		attr, getErr := unix.SchedGetAttr(0, 0)
		if getErr != nil {
			t.Errorf("sched_getattr: %v", getErr)
			return
		}
		switch {
		case err == nil && (attr.Policy != unix.SCHED_FIFO || attr.Priority != uint32(Loop) || attr.Flags&unix.SCHED_FLAG_RESET_ON_FORK == 0):
			t.Errorf("after Raise: policy %d, priority %d, flags %#x; want SCHED_FIFO 2, reset on fork", attr.Policy, attr.Priority, attr.Flags)
		case err != nil && (!errors.Is(err, ErrNotAllowed) || !errors.Is(err, unix.EPERM)):
			t.Errorf("Raise(Loop) = %v, want no error, or EPERM and what to do", err)
		case err != nil && attr.Policy != unix.SCHED_NORMAL:
			t.Errorf("policy %d after a failure, want it unchanged", attr.Policy)
		}
	}()
	<-done
}

// Ensure work has the priority where Raise has it, and the thread an ordinary one before and after, however often.
func TestDuring(t *testing.T) {
	may := make(chan bool)
	go func() { may <- Raise(Worker) == nil }() // the thread ends with it
	want := []uint32{unix.SCHED_NORMAL, unix.SCHED_NORMAL, unix.SCHED_NORMAL}
	if <-may {
		want[1] = unix.SCHED_FIFO
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range 2 {
		got := []uint32{policy(t)}
		During(func() { got = append(got, policy(t)) })
		if got = append(got, policy(t)); !slices.Equal(got, want) {
			t.Errorf("policies before, during and after: %v, want %v", got, want)
		}
	}
}

func policy(t *testing.T) uint32 {
	t.Helper()
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Fatalf("sched_getattr: %v", err)
	}
	return attr.Policy
}
