package units

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errStopped is the state after Run.
var errStopped = errors.New("closed at the end of the run")

// drainTimeout bounds how long Run waits for abandoned calls at its end. With
// the socket closed under them they end at once; this is for a library that
// does not.
const drainTimeout = time.Second

// Run connects to systemd and stays connected until ctx ends; call it once. It
// notices a lost connection by itself and makes the next one after a pause that
// doubles from BackoffMin to BackoffMax, and that a waiting StopUnit cuts
// short. It returns with the connection closed and no goroutine left; StopUnit
// then returns ErrDisconnected at once.
func (m *Manager) Run(ctx context.Context) {
	defer m.finish()
	wait := m.o.BackoffMin
	for ctx.Err() == nil {
		l, err := m.dial(ctx)
		if err == nil {
			began := time.Now()
			err = m.keep(ctx, l)
			// A peer that lets us in and drops us at once must not be dialled
			// in a loop: only a connection that lasted counts as success.
			if time.Since(began) > m.o.BackoffMax {
				wait = m.o.BackoffMin
			}
		}
		if ctx.Err() == nil {
			m.set(nil, err)
			wait = m.pause(ctx, wait)
		}
	}
}

// dial tries the private socket, then the bus.
func (m *Manager) dial(ctx context.Context) (*link, error) {
	l, privateErr := m.dialPrivate(ctx)
	if privateErr == nil {
		return l, nil
	}
	l, busErr := dialWay(ctx, way{via: ViaBus, path: m.o.BusSocket, hello: true, follow: &m.follow}, m.o.DialTimeout)
	if busErr == nil {
		return l, nil
	}
	return nil, fmt.Errorf("%w; %w", privateErr, busErr)
}

func (m *Manager) dialPrivate(ctx context.Context) (*link, error) {
	return dialWay(ctx, way{via: ViaPrivate, path: m.o.PrivateSocket, follow: &m.follow}, m.o.DialTimeout)
}

// keep holds l in force until it is lost or ctx ends, and says why it is no
// more. A link over the bus gives way to one over the private socket as soon as
// there is one.
func (m *Manager) keep(ctx context.Context, l *link) error {
	m.set(l, nil)
	if l.via == ViaBus {
		if better := m.awaitPrivate(ctx, l); better != nil {
			m.set(better, nil)
			// A call under way on the old link is repeated on the new one.
			l.close()
			l = better
		}
	}
	select {
	case <-l.lost():
	case <-ctx.Done():
	}
	l.close()
	return fmt.Errorf("%s: %w", l.path, errLost)
}

// awaitPrivate tries the private socket again while l lasts, after pauses that
// double up to BackoffMax, and then gives up: some 23 s by default, more than a
// daemon-reexec takes, and no timer for ever on a host that has no such socket.
func (m *Manager) awaitPrivate(ctx context.Context, l *link) *link {
	for wait := m.o.BackoffMin; ; wait = min(2*wait, m.o.BackoffMax) {
		select {
		case <-l.lost():
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		better, err := m.dialPrivate(ctx)
		if err == nil {
			return better
		}
		if wait == m.o.BackoffMax {
			return nil
		}
	}
}

// pause waits and returns the next wait, the shortest if it was woken.
func (m *Manager) pause(ctx context.Context, wait time.Duration) time.Duration {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-m.wake:
		return m.o.BackoffMin
	case <-t.C:
	}
	return min(2*wait, m.o.BackoffMax)
}

// finish takes every slot, so that no call is inside the library any more.
func (m *Manager) finish() {
	m.set(nil, errStopped)
	_ = m.FollowManagedOOM(nil)
	close(m.done)
	t := time.NewTimer(drainTimeout)
	defer t.Stop()
	for range cap(m.slots) + cap(m.userSlots) {
		select {
		case m.slots <- struct{}{}:
		case m.userSlots <- struct{}{}:
		case <-t.C:
			return
		}
	}
}
