package pressure

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Kind names a line of a pressure file.
type Kind string

// The two lines of memory.pressure.
const (
	Some Kind = "some"
	Full Kind = "full"
)

// unprivilegedStep is what a trigger's window must be a multiple of when the
// opener lacks CAP_SYS_RESOURCE (kernel/sched/psi.c: psi_trigger_create).
const unprivilegedStep = 2 * time.Second

// ErrNoPSI says that the kernel keeps no pressure information for a group:
// it was booted with psi=0, without psi=1 where that is the default, or the
// group's cgroup.pressure is 0.
var ErrNoPSI = errors.New("no pressure stall information")

// TriggerError is the error of opening a trigger.
type TriggerError struct {
	Step string // what was tried: "open" or the line that was written
	Err  error
}

func (e *TriggerError) Error() string { return "memory.pressure: " + e.Step + ": " + e.Err.Error() }

// Unwrap returns the cause, an errno or ErrNoPSI.
func (e *TriggerError) Unwrap() error { return e.Err }

// Trigger is an open memory.pressure file that the kernel has been told to
// report on. Its descriptor becomes ready for EPOLLPRI when the share was
// reached, at most once a window, and needs no read to be armed again. When
// the group is removed it reports EPOLLPRI|EPOLLERR without end: close it.
type Trigger struct {
	Kind Kind
	// Window is the window in force: the one asked for, or the next multiple
	// of 2 s where the process may not have a shorter one.
	Window time.Duration

	fd int
}

// OpenTrigger opens file below the directory dirfd and asks the kernel to
// report when tasks were stalled for share of a window (500 ms to 10 s). The
// caller closes the trigger, not on a loop that must not wait: closing takes
// the kernel some 20 ms. Opening forks a kernel thread and takes some 5 ms.
//
// Errors are *TriggerError. They wrap ErrNoPSI where the kernel keeps no PSI,
// unix.ENODEV or unix.ENOENT where the group is gone.
func OpenTrigger(dirfd int, file string, kind Kind, share Share, window time.Duration) (*Trigger, error) {
	fd, err := unix.Openat(dirfd, file, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		if err == unix.EOPNOTSUPP {
			err = ErrNoPSI
		}
		return nil, &TriggerError{Step: "open", Err: err}
	}
	t := &Trigger{Kind: kind, Window: window, fd: fd}
	err = t.arm(share)
	if errors.Is(err, unix.EINVAL) && window%unprivilegedStep != 0 {
		t.Window = (window/unprivilegedStep + 1) * unprivilegedStep
		err = t.arm(share)
	}
	if err != nil {
		// An fd whose write failed would report EPOLLPRI for ever.
		unix.Close(fd)
		return nil, err
	}
	return t, nil
}

// arm writes the trigger. The line ends with a newline because the files under
// /proc/pressure throw the last byte away.
func (t *Trigger) arm(share Share) error {
	windowMicros := t.Window.Microseconds()
	stallMicros := windowMicros * int64(share) / int64(Whole)
	line := fmt.Sprintf("%s %d %d\n", t.Kind, stallMicros, windowMicros)
	if _, err := unix.Write(t.fd, []byte(line)); err != nil {
		if err == unix.EOPNOTSUPP {
			err = ErrNoPSI
		}
		return &TriggerError{Step: fmt.Sprintf("write %q", line), Err: err}
	}
	return nil
}

// Fd returns the descriptor to poll for EPOLLPRI. It stays the trigger's.
func (t *Trigger) Fd() int { return t.fd }

// Close ends the trigger. It waits for the kernel, some 20 ms.
func (t *Trigger) Close() error { return unix.Close(t.fd) }
