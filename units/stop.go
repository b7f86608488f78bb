package units

import (
	"context"
	"errors"
)

const stepQueueStop = "queue stop job"

// StopUnit queues a stop job for unit (mode "replace") and returns when systemd
// has queued it, not when the unit has stopped. ctx bounds all of it, waiting
// for a connection and one repetition on a new one included, and CallTimeout
// bounds ctx. The repetition is safe: a second stop job merges into the first.
//
// Every error is a *JobError around one of: ErrBadName; ErrDisconnected, when
// neither way answers in time or Run has returned; ErrNoAnswer, when systemd
// took the call and did not answer in time; ErrNoSuchUnit; or what systemd
// answered. After ErrNoAnswer the call may be made again: a daemon-reexec takes
// seconds on a slow machine, and may lose what was asked just before. A slice
// that does not exist is no error: systemd loads any slice by its name (seen
// with 252 and 257).
//
// The library is called in a goroutine of its own whose result is dropped when
// ctx ends first. At most MaxCalls of them are inside the library; the next
// caller waits for a place, within its ctx.
func (m *Manager) StopUnit(ctx context.Context, unit string) error {
	_, err := m.StopUnitAfter(ctx, unit, nil)
	return err
}

// StopUnitAfter is StopUnit that first asks for the descriptions of about, as
// [Manager.Describe] does, and sends the stop right behind the questions without
// waiting for the answers. PID 1 handles the messages of a connection in order:
// the answers are from before the stop, and the stop waits for no round trip.
//
// err is about the stop alone. before has who could be described by the time
// that systemd had answered the stop and everything else, or ctx was over; it
// may lack any or all of about, also when err is nil, and may have some when err
// is not. When the connection is lost, the questions still open are repeated
// with the stop: PID 1 may have taken the first one, and what was up before it
// is then Active or Stopping, or has been unloaded and looks as if it never ran.
func (m *Manager) StopUnitAfter(ctx context.Context, unit string, about []string) (before []Description, err error) {
	// PID 1 takes "" for the unit of the caller, which is the daemon itself.
	if !validName(unit) {
		return nil, badName("stop", unit)
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.CallTimeout)
	defer cancel()
	q := newInquiry(about, monotonicMicros())
	err = m.stopAfter(ctx, unit, q)
	before, _ = q.result()
	return before, err
}

func (m *Manager) stopAfter(ctx context.Context, unit string, q *inquiry) error {
	var stale *link
	for {
		l, err := m.take(ctx, stale)
		if err != nil {
			return &JobError{Verb: "stop", Unit: unit, Step: stepConnect, Err: err}
		}
		ask := q.begin(ctx, l)
		err = m.inside(ctx, m.slots, func() error {
			ask()
			return l.stop(ctx, unit)
		})
		q.collect(ctx, l, m.done)
		if err == nil {
			return nil
		}
		if stale != nil || !errors.Is(err, ErrDisconnected) {
			return &JobError{Verb: "stop", Unit: unit, Step: stepQueueStop, Err: err}
		}
		stale = l
	}
}

// stop makes one call.
func (l *link) stop(ctx context.Context, unit string) error {
	// No channel for the result: the library sends to it under the lock that
	// the next job needs, and a lost connection never sends.
	_, err := l.conn.StopUnitContext(ctx, unit, "replace", nil)
	return judge(ctx, l, err)
}
