package units

import (
	"errors"
	"fmt"
)

var (
	// ErrDisconnected says that neither the private socket nor the system bus
	// could be reached in time, or that both attempts lost their connection.
	ErrDisconnected = errors.New("no connection to systemd")
	// ErrNoAnswer says that systemd was asked, or would have been, and did not
	// answer in time. The job may still be queued later, or be lost.
	ErrNoAnswer = errors.New("no answer from systemd")
	// ErrNoSuchUnit says that systemd has no unit of that name loaded, which is
	// how a unit that has gone meanwhile looks, or, for a signal, that the unit
	// has no such process.
	ErrNoSuchUnit = errors.New("no such unit")
	// ErrBadName says that a string is not the name of a unit, or, for a stop or
	// a signal, of one with a cgroup, or, for a memory limit, of a slice, service
	// or scope.
	ErrBadName = errors.New("not a valid unit name")
	// ErrWrongPeer says that the socket of a user manager leads to a process of
	// another user, to PID 1 or to one that cannot be seen. Nothing was sent.
	ErrWrongPeer = errors.New("not the user's manager")
)

const stepConnect = "connect"

// JobError is the error of every call about a unit.
type JobError struct {
	Verb string // What was wanted: "stop", "start", "describe", "read" or "signal".
	Unit string // The unit as given by the caller.
	Step string // What was being done: "check name", "connect", "queue stop job" and the like.
	Err  error  // Why; wraps one of the sentinels, or holds what systemd answered.
}

var _ error = (*JobError)(nil)

func (e *JobError) Error() string {
	return e.Verb + " " + e.Unit + ": " + e.Step + ": " + e.Err.Error()
}

// Unwrap gives errors.Is and errors.As the cause.
func (e *JobError) Unwrap() error { return e.Err }

func badName(verb, unit string) *JobError {
	return &JobError{Verb: verb, Unit: unit, Step: "check name", Err: fmt.Errorf("%q: %w", unit, ErrBadName)}
}
