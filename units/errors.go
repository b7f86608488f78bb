package units

import "errors"

var (
	// ErrDisconnected says that neither the private socket nor the system bus
	// could be reached in time, or that both attempts lost their connection.
	ErrDisconnected = errors.New("no connection to systemd")
	// ErrNoAnswer says that systemd was asked, or would have been, and did not
	// answer in time. The job may still be queued later, or be lost.
	ErrNoAnswer = errors.New("no answer from systemd")
	// ErrNoSuchUnit says that systemd has no unit of that name loaded, which is
	// how a unit that has gone meanwhile looks.
	ErrNoSuchUnit = errors.New("no such unit")
	// ErrBadName says that a string is not the name of a unit with a cgroup.
	ErrBadName = errors.New("not a valid unit name")
)

// JobError is what [Manager.StopUnit] returns.
type JobError struct {
	Unit string // The unit as given by the caller.
	Step string // What was being done: "check name", "connect" or "queue stop job".
	Err  error  // Why; wraps one of the sentinels, or holds what systemd answered.
}

var _ error = (*JobError)(nil)

func (e *JobError) Error() string {
	return "stop " + e.Unit + ": " + e.Step + ": " + e.Err.Error()
}

// Unwrap gives errors.Is and errors.As the cause.
func (e *JobError) Unwrap() error { return e.Err }
