package units

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Ways to PID 1, as [State].Via names them.
const (
	ViaPrivate = "private"
	ViaBus     = "bus"
)

// Options say where systemd is and how long anything may take. The zero value
// is what a daemon on a real host wants.
type Options struct {
	PrivateSocket string // "" is /run/systemd/private.
	BusSocket     string // "" is /run/dbus/system_bus_socket.

	// UserSocket is the private socket of a user's manager; nil is
	// /run/user/UID/systemd/private.
	UserSocket func(uid uint32) string

	// Changed is called from Run's goroutine after each change of the state.
	// It must not block: nothing reconnects meanwhile. May be nil.
	Changed func(State)

	// ControlDirs are where "systemctl set-property" writes, for FollowManagedOOM; nil is /etc/systemd/system.control and
	// /run/systemd/system.control.
	ControlDirs []string
	Gather      time.Duration // The pause of FollowManagedOOM; 0 is 1 s.

	DialTimeout time.Duration // For one attempt on one way, login included; 0 is 1 s.
	CallTimeout time.Duration // The longest call, whatever its context says; 0 is 5 s.
	BackoffMin  time.Duration // The pause after the first lost or failed connection; 0 is 100 ms.
	BackoffMax  time.Duration // The pause doubles up to this; 0 is 10 s.
	MaxCalls    int           // Calls to PID 1 under way at once, abandoned ones included, and as many to user managers; 0 is 8.
}

func (o Options) withDefaults() Options {
	orString(&o.PrivateSocket, "/run/systemd/private")
	orString(&o.BusSocket, "/run/dbus/system_bus_socket")
	if o.UserSocket == nil {
		o.UserSocket = userSocket
	}
	if o.ControlDirs == nil {
		o.ControlDirs = controlDirs()
	}
	orDuration(&o.Gather, time.Second)
	orDuration(&o.DialTimeout, time.Second)
	orDuration(&o.CallTimeout, 5*time.Second)
	orDuration(&o.BackoffMin, 100*time.Millisecond)
	orDuration(&o.BackoffMax, 10*time.Second)
	if o.MaxCalls <= 0 {
		o.MaxCalls = 8
	}
	return o
}

func userSocket(uid uint32) string {
	return fmt.Sprintf("/run/user/%d/systemd/private", uid)
}

func orString(s *string, or string) {
	if *s == "" {
		*s = or
	}
}

func orDuration(d *time.Duration, or time.Duration) {
	if *d <= 0 {
		*d = or
	}
}

// State is the state of the connection to systemd.
type State struct {
	Connected bool
	Via       string // ViaPrivate or ViaBus while connected, else "".
	Err       error  // Why there is no connection; nil while connected and before the first attempt.
}

func (s State) equal(t State) bool {
	return s.Connected == t.Connected && s.Via == t.Via && fmt.Sprint(s.Err) == fmt.Sprint(t.Err)
}

// Manager keeps one connection to systemd and queues jobs over it. Its methods
// may be called from any goroutine.
type Manager struct {
	o     Options
	wake  chan struct{} // Cap 1: a caller waits for a connection, do not sit out the pause.
	done  chan struct{} // Closed when Run returns.
	slots chan struct{} // One token for each call to PID 1 inside the library.
	// userSlots is the same for user managers, whose sockets may be forged to
	// hang: they never take a place from PID 1.
	userSlots chan struct{}

	follow atomic.Pointer[follower] // Of ManagedOOM settings; nil is none.

	mu    sync.Mutex // Guards what follows; never held over a call or a wait.
	state State
	link  *link         // nil while disconnected.
	news  chan struct{} // Closed and replaced at every set.
}

// New returns a manager that is not connected: Run does that.
func New(o Options) *Manager {
	o = o.withDefaults()
	return &Manager{
		o:     o,
		wake:  make(chan struct{}, 1),
		done:  make(chan struct{}),
		slots: make(chan struct{}, o.MaxCalls),
		news:  make(chan struct{}),

		userSlots: make(chan struct{}, o.MaxCalls),
	}
}

// State returns the state of the connection.
func (m *Manager) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// set makes l, or none, the connection in force and tells everybody.
func (m *Manager) set(l *link, err error) {
	s := State{Err: err}
	if l != nil {
		s = State{Connected: true, Via: l.via}
	}
	m.mu.Lock()
	changed := !m.state.equal(s)
	m.state, m.link = s, l
	close(m.news)
	m.news = make(chan struct{})
	m.mu.Unlock()
	if f := m.follow.Load(); f != nil && l != nil {
		f.soon()
	}
	if changed && m.o.Changed != nil {
		m.o.Changed(s)
	}
}

// take returns the connection in force, or the next one, that is neither lost
// nor stale. Its error is ErrDisconnected with the reason.
func (m *Manager) take(ctx context.Context, stale *link) (*link, error) {
	nudged := false
	for {
		m.mu.Lock()
		l, news, state := m.link, m.news, m.state
		m.mu.Unlock()
		if l != nil && l != stale && !l.isLost() {
			return l, nil
		}
		if !nudged {
			m.nudge()
			nudged = true
		}
		select {
		case <-news:
		case <-m.done:
			return nil, fmt.Errorf("%w: %w", ErrDisconnected, errStopped)
		case <-ctx.Done():
			return nil, disconnected(ctx, state)
		}
	}
}

func (m *Manager) nudge() {
	select {
	case m.wake <- struct{}{}:
	default: // Run has not taken the last one yet.
	}
}

func disconnected(ctx context.Context, s State) error {
	if s.Err != nil {
		return fmt.Errorf("%w: %w: %w", ErrDisconnected, ctx.Err(), s.Err)
	}
	return fmt.Errorf("%w: %w", ErrDisconnected, ctx.Err())
}
