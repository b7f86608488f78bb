package units

import (
	"context"
	"errors"
	"fmt"

	godbus "github.com/godbus/dbus/v5"
)

// inside runs do, which calls the library, in a goroutine of its own and
// returns with ctx or with Run at the latest; what do returns after that is
// dropped. It waits for a free place among places first.
func (m *Manager) inside(ctx context.Context, places chan struct{}, do func() error) error {
	select {
	case places <- struct{}{}:
	case <-m.done:
		return fmt.Errorf("%w: %w", ErrDisconnected, errStopped)
	case <-ctx.Done():
		return fmt.Errorf("%w: all %d places for calls are taken: %w", ErrNoAnswer, cap(places), ctx.Err())
	}
	answer := make(chan error, 1)
	go func() {
		defer func() { <-places }()
		answer <- do()
	}()
	select {
	case err := <-answer:
		return err
	case <-m.done:
		return fmt.Errorf("%w: %w", ErrDisconnected, errStopped)
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
	}
}

// judge sorts what the library returned for a call over l. Whatever is neither
// an answer nor the end of ctx means that l is of no use any more: it is closed,
// so that Run makes another.
func judge(ctx context.Context, l *link, err error) error {
	var answer godbus.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer):
		if isGone(answer.Name) {
			return fmt.Errorf("%w: %w", ErrNoSuchUnit, err)
		}
		return fmt.Errorf("%s: %w", answer.Name, err)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
	}
	l.close()
	return fmt.Errorf("%w: %s: %w", ErrDisconnected, l.path, err)
}

// isGone reports whether name is the D-Bus error of a unit that is not loaded or
// of a signal that found no process: bus-common-errors.h of systemd, and ESRCH
// of kill(2) as sd-bus passes it on.
func isGone(name string) bool {
	switch name {
	case "org.freedesktop.systemd1.NoSuchUnit", "org.freedesktop.systemd1.NoSuchProcess", "System.Error.ESRCH":
		return true
	}
	return false
}
