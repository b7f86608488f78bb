package units

import (
	"context"
	"errors"
	"fmt"

	godbus "github.com/godbus/dbus/v5"
)

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
	// PID 1 takes "" for the unit of the caller, which is the daemon itself.
	if !validName(unit) {
		return &JobError{Unit: unit, Step: "check name", Err: fmt.Errorf("%q: %w", unit, ErrBadName)}
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.CallTimeout)
	defer cancel()
	var stale *link
	for {
		l, err := m.take(ctx, stale)
		if err != nil {
			return &JobError{Unit: unit, Step: "connect", Err: err}
		}
		err = m.queueStop(ctx, l, unit)
		if err == nil {
			return nil
		}
		if stale != nil || !errors.Is(err, ErrDisconnected) {
			return &JobError{Unit: unit, Step: "queue stop job", Err: err}
		}
		stale = l
	}
}

// queueStop makes one call over l and returns with ctx at the latest.
func (m *Manager) queueStop(ctx context.Context, l *link, unit string) error {
	select {
	case m.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: all %d places for calls are taken: %w", ErrNoAnswer, cap(m.slots), ctx.Err())
	}
	answer := make(chan error, 1)
	go func() {
		defer func() { <-m.slots }()
		// No channel for the result: the library sends to it under the lock
		// that the next job needs, and a lost connection never sends.
		_, err := l.conn.StopUnitContext(ctx, unit, "replace", nil)
		answer <- err
	}()
	select {
	case err := <-answer:
		return judge(ctx, l, err)
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
	}
}

// judge sorts what the library returned. Whatever is neither an answer nor the
// end of ctx means that l is of no use any more: it is closed, so that Run
// makes another.
func judge(ctx context.Context, l *link, err error) error {
	var answer godbus.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer):
		if answer.Name == "org.freedesktop.systemd1.NoSuchUnit" {
			return fmt.Errorf("%w: %w", ErrNoSuchUnit, err)
		}
		return fmt.Errorf("%s: %w", answer.Name, err)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
	}
	l.close()
	return fmt.Errorf("%w: %s: %w", ErrDisconnected, l.path, err)
}
