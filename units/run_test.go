package units_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// Ensure Run can prefer the private socket to the bus, on one connection.
func TestManager_Run_Private(t *testing.T) {
	private, bus := paths(t)
	first := unitstest.Serve(t, private, new(script).handle)
	second := unitstest.Serve(t, bus, new(script).handle)
	h := run(t, private, bus, units.Options{})
	h.awaitVia(t, units.ViaPrivate)
	want := units.State{Connected: true, Via: units.ViaPrivate}
	if diff := cmp.Diff(want, h.State()); diff != "" {
		t.Errorf("State() (-want +got):\n%s", diff)
	}
	if p, b := first.Logins(), second.Logins(); p != 1 || b != 0 {
		t.Errorf("Logins() = %d private, %d bus, want 1, 0", p, b)
	}
}

// Ensure Run can take the bus when the private socket does not answer.
func TestManager_Run_Bus(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, private string)
	}{
		{"missing", func(*testing.T, string) {}},
		{"nobody listens", abandon},
		{"silent", func(t *testing.T, private string) { unitstest.Serve(t, private, nil) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			private, bus := paths(t)
			tt.spoil(t, private)
			s := &script{}
			unitstest.Serve(t, bus, s.handle)
			h := run(t, private, bus, units.Options{DialTimeout: 200 * time.Millisecond})
			if err := h.StopUnit(t.Context(), "a.slice"); err != nil {
				t.Errorf("StopUnit = %v, want nil", err)
			}
			if got, want := h.State().Via, units.ViaBus; got != want {
				t.Errorf("State().Via = %q, want %q", got, want)
			}
		})
	}
}

// abandon leaves a socket file at path that nobody listens on.
func abandon(t *testing.T, path string) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

// Ensure Run can say what is wrong with both ways, and StopUnit pass it on.
func TestManager_Run_Neither(t *testing.T) {
	private, bus := paths(t)
	unitstest.Serve(t, bus, nil)
	h := run(t, private, bus, units.Options{DialTimeout: 50 * time.Millisecond})
	h.await(t, "an error", func(s units.State) bool { return s.Err != nil })

	err := h.StopUnit(within(t, 100*time.Millisecond), "a.slice")
	var job *units.JobError
	if !errors.Is(err, units.ErrDisconnected) || !errors.As(err, &job) || job.Step != "connect" {
		t.Fatalf("StopUnit = %v, want a JobError at connect around ErrDisconnected", err)
	}
	for _, want := range []string{private + ": ", "no such file", bus + ": no answer within 50ms"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("StopUnit = %v, want it to say %q", err, want)
		}
	}
}

// Ensure a connection can outlive the timeout of its dial, though godbus takes
// one context for both.
func TestManager_Run_OutlivesDialTimeout(t *testing.T) {
	const dialTimeout = 200 * time.Millisecond
	private, bus := paths(t)
	peer := unitstest.Serve(t, private, new(script).handle)
	h := run(t, private, bus, units.Options{DialTimeout: dialTimeout})
	h.awaitVia(t, units.ViaPrivate)
	before := peer.Logins()
	time.Sleep(2 * dialTimeout)
	if err := h.StopUnit(t.Context(), "a.slice"); err != nil {
		t.Errorf("StopUnit = %v, want nil", err)
	}
	if got := peer.Logins(); got != before {
		t.Errorf("Logins() = %d, want %d as before the timeout", got, before)
	}
}

// Ensure Run can notice a lost connection by itself and reconnect when the
// socket comes back.
func TestManager_Run_Reconnects(t *testing.T) {
	private, bus := paths(t)
	peer := unitstest.Serve(t, private, new(script).handle)
	h := run(t, private, bus, units.Options{})
	h.awaitVia(t, units.ViaPrivate)
	peer.Close()
	s := h.await(t, "disconnected", func(s units.State) bool { return !s.Connected })
	if s.Err == nil || !strings.Contains(s.Err.Error(), private) {
		t.Errorf("State().Err = %v, want it to name %s", s.Err, private)
	}
	unitstest.Serve(t, private, new(script).handle)
	h.awaitVia(t, units.ViaPrivate)
	if err := h.StopUnit(t.Context(), "a.slice"); err != nil {
		t.Errorf("StopUnit = %v, want nil", err)
	}
}

// Ensure a waiting StopUnit can cut the pause between two attempts short.
func TestManager_Run_Wakes(t *testing.T) {
	private, bus := paths(t)
	h := run(t, private, bus, units.Options{BackoffMin: time.Hour, BackoffMax: time.Hour})
	h.await(t, "an error", func(s units.State) bool { return s.Err != nil })
	unitstest.Serve(t, private, new(script).handle)
	if err := h.StopUnit(t.Context(), "a.slice"); err != nil {
		t.Errorf("StopUnit = %v, want nil", err)
	}
}

// Ensure Run can go back to the private socket after a spell on the bus, and
// lets the bus go.
func TestManager_Run_ReturnsToPrivate(t *testing.T) {
	private, bus := paths(t)
	asked := make(chan struct{}, 1)
	onBus := &script{reply: func(int, string) error {
		asked <- struct{}{}
		return unitstest.ErrNoReply
	}}
	unitstest.Serve(t, bus, onBus.handle)
	h := run(t, private, bus, units.Options{BackoffMin: time.Millisecond, BackoffMax: time.Hour})
	h.awaitVia(t, units.ViaBus)

	done := make(chan error, 1)
	ctx := t.Context()
	go func() { done <- h.StopUnit(ctx, "a.slice") }()
	receive(t, asked)
	onPrivate := &script{}
	unitstest.Serve(t, private, onPrivate.handle)
	h.awaitVia(t, units.ViaPrivate)
	if err := <-done; err != nil {
		t.Errorf("StopUnit begun on the bus = %v, want nil", err)
	}
	if got := len(onPrivate.seen()); got != 1 {
		t.Errorf("calls over the private socket = %d, want the one begun on the bus", got)
	}
}

// Ensure Run can leave off trying for the private socket, as on a host that has
// none, and still notices when the bus goes.
func TestManager_Run_StaysOnBus(t *testing.T) {
	private, bus := paths(t)
	silent := unitstest.Serve(t, private, nil)
	peer := unitstest.Serve(t, bus, new(script).handle)
	h := run(t, private, bus, units.Options{
		BackoffMin: time.Millisecond, BackoffMax: time.Millisecond, DialTimeout: 100 * time.Millisecond,
	})
	h.awaitVia(t, units.ViaBus)
	tries := silent.Accepts()
	time.Sleep(500 * time.Millisecond) // For tries that would come one after the other, were they not bounded.
	if got, want := silent.Accepts(), tries+1; got > want {
		t.Errorf("Accepts() = %d, want at most %d: one more try at the longest pause", got, want)
	}
	peer.Drop()
	h.await(t, "disconnected", func(s units.State) bool { return !s.Connected })
	h.awaitVia(t, units.ViaBus)
}

// Ensure Run can end with its connection closed, and StopUnit then fail at once.
func TestManager_Run_Ends(t *testing.T) {
	private, bus := paths(t)
	unitstest.Serve(t, private, new(script).handle)
	h := run(t, private, bus, units.Options{CallTimeout: time.Hour})
	h.awaitVia(t, units.ViaPrivate)
	h.stop()
	if s := h.State(); s.Connected || s.Err == nil {
		t.Errorf("State() = %+v, want disconnected with the reason", s)
	}
	err := h.StopUnit(context.Background(), "a.slice")
	if !errors.Is(err, units.ErrDisconnected) {
		t.Errorf("StopUnit after Run = %v, want ErrDisconnected", err)
	}
}

// Ensure calls can be answered in a flood of signals, as PID 1 sends it to
// every private connection.
func TestManager_Run_Signals(t *testing.T) {
	private, bus := paths(t)
	peer := unitstest.Serve(t, private, new(script).handle)
	h := run(t, private, bus, units.Options{})
	h.awaitVia(t, units.ViaPrivate)
	for range 20 {
		for range 200 {
			peer.Signal(t, "UnitNew", "x.service", "/org/freedesktop/systemd1/unit/x_2eservice")
		}
		if err := h.StopUnit(t.Context(), "a.slice"); err != nil {
			t.Fatalf("StopUnit = %v, want nil", err)
		}
	}
	if got := peer.Logins(); got != 1 {
		t.Errorf("Logins() = %d, want 1", got)
	}
}
