package units_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"reprieve/units"
	"reprieve/units/unitstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of the tests; none is expected to come near it.
const patience = 10 * time.Second

// host is a manager that runs, with a socket path for each way.
type host struct {
	*units.Manager
	private, bus string
	states       chan units.State
	stop         func() // Ends Run and waits for it.
}

// paths returns the sockets of a host in a directory of its own.
func paths(t *testing.T) (private, bus string) {
	dir := t.TempDir()
	return filepath.Join(dir, "private"), filepath.Join(dir, "bus")
}

// run starts a manager with short pauses unless o says otherwise.
func run(t *testing.T, private, bus string, o units.Options) *host {
	t.Helper()
	h := &host{private: private, bus: bus, states: make(chan units.State, 1000)}
	o.PrivateSocket, o.BusSocket = private, bus
	o.Changed = func(s units.State) { h.states <- s }
	if o.BackoffMin == 0 {
		o.BackoffMin, o.BackoffMax = time.Millisecond, 20*time.Millisecond
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = patience
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = patience
	}
	h.Manager = units.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Run(ctx) })
	h.stop = func() { cancel(); wg.Wait() }
	t.Cleanup(h.stop)
	return h
}

// await returns the next state for which ok holds.
func (h *host) await(t *testing.T, what string, ok func(units.State) bool) units.State {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case s := <-h.states:
			if ok(s) {
				return s
			}
		case <-late:
			t.Fatalf("state is %+v, want %s", h.State(), what)
		}
	}
}

func (h *host) awaitVia(t *testing.T, via string) {
	t.Helper()
	h.await(t, "connected via "+via, func(s units.State) bool { return s.Connected && s.Via == via })
}

// receive waits for ch, or for its end.
func receive(t *testing.T, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(patience):
		t.Fatal("the peer was not asked")
	}
}

// within returns a context that ends soon enough for a call that must fail.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// script answers StopUnit by the unit's name and keeps the calls.
type script struct {
	mu    sync.Mutex
	calls [][]any
	reply func(n int, unit string) error // n counts from 1; nil is a job queued.
}

func (s *script) handle(method string, args []any) ([]any, error) {
	s.mu.Lock()
	s.calls = append(s.calls, append([]any{method}, args...))
	n := len(s.calls)
	s.mu.Unlock()
	if s.reply != nil {
		if err := s.reply(n, args[0].(string)); err != nil {
			return nil, err
		}
	}
	return unitstest.Job("1"), nil
}

func (s *script) seen() [][]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}
