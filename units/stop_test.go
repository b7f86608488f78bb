package units_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// Ensure StopUnit can queue a job and tell systemd's refusals apart.
func TestManager_StopUnit(t *testing.T) {
	noSuchUnit := unitstest.Error{Name: "org.freedesktop.systemd1.NoSuchUnit", Message: "Unit gone.service not loaded."}
	denied := unitstest.Error{Name: "org.freedesktop.DBus.Error.AccessDenied", Message: "Operation refused."}
	s := &script{reply: func(_ int, unit string) error {
		switch unit {
		case "gone.service":
			return noSuchUnit
		case "init.scope":
			return denied
		}
		return nil
	}}
	private, bus := paths(t)
	unitstest.Serve(t, private, s.handle)
	h := run(t, private, bus, units.Options{})

	if err := h.StopUnit(t.Context(), "batch-b.slice"); err != nil {
		t.Errorf("StopUnit(batch-b.slice) = %v, want nil", err)
	}
	err := h.StopUnit(t.Context(), "gone.service")
	if !errors.Is(err, units.ErrNoSuchUnit) {
		t.Errorf("StopUnit(gone.service) = %v, want ErrNoSuchUnit", err)
	}
	err = h.StopUnit(t.Context(), "init.scope")
	var job *units.JobError
	if !errors.As(err, &job) || job.Unit != "init.scope" || job.Step != "queue stop job" {
		t.Errorf("StopUnit(init.scope) = %#v, want a JobError of that unit and step", err)
	}
	want := "stop init.scope: queue stop job: org.freedesktop.DBus.Error.AccessDenied: Operation refused."
	if err == nil || err.Error() != want {
		t.Errorf("StopUnit(init.scope) = %v, want %s", err, want)
	}
	calls := [][]any{
		{"StopUnit", "batch-b.slice", "replace"},
		{"StopUnit", "gone.service", "replace"},
		{"StopUnit", "init.scope", "replace"},
	}
	if diff := cmp.Diff(calls, s.seen()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// Ensure StopUnit can refuse what is no unit: "" would be the daemon itself.
func TestManager_StopUnit_BadName(t *testing.T) {
	m := units.New(units.Options{})
	for _, unit := range []string{"", "batch", "a/b.slice", "x.timer", "/batch.slice", "a\x00.slice"} {
		err := m.StopUnit(t.Context(), unit)
		var job *units.JobError
		if !errors.Is(err, units.ErrBadName) || !errors.As(err, &job) || job.Step != "check name" {
			t.Errorf("StopUnit(%q) = %v, want a JobError around ErrBadName", unit, err)
		}
	}
}

// Ensure StopUnit can give up on a call that gets no answer, and keep the
// connection, over which systemd may still carry it out.
func TestManager_StopUnit_NoAnswer(t *testing.T) {
	s := &script{reply: func(n int, _ string) error {
		if n == 1 {
			return unitstest.ErrNoReply
		}
		return nil
	}}
	private, bus := paths(t)
	peer := unitstest.Serve(t, private, s.handle)
	h := run(t, private, bus, units.Options{})
	h.awaitVia(t, units.ViaPrivate)

	err := h.StopUnit(within(t, 100*time.Millisecond), "a.slice")
	if !errors.Is(err, units.ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("StopUnit without an answer = %v, want ErrNoAnswer and DeadlineExceeded", err)
	}
	if err := h.StopUnit(t.Context(), "a.slice"); err != nil {
		t.Errorf("StopUnit after that = %v, want nil", err)
	}
	if got, want := peer.Logins(), 1; got != want {
		t.Errorf("Logins() = %d, want %d", got, want)
	}
}

// Ensure StopUnit can end without a deadline of its caller's.
func TestManager_StopUnit_CallTimeout(t *testing.T) {
	s := &script{reply: func(int, string) error { return unitstest.ErrNoReply }}
	private, bus := paths(t)
	unitstest.Serve(t, private, s.handle)
	h := run(t, private, bus, units.Options{CallTimeout: 100 * time.Millisecond})
	h.awaitVia(t, units.ViaPrivate)
	if err := h.StopUnit(context.Background(), "a.slice"); !errors.Is(err, units.ErrNoAnswer) {
		t.Errorf("StopUnit without an answer = %v, want ErrNoAnswer", err)
	}
}

// Ensure StopUnit can repeat a call whose connection was closed under it, once.
func TestManager_StopUnit_Hangup(t *testing.T) {
	for _, tt := range []struct {
		name  string
		drops int
		want  error
		calls int
	}{
		{"once", 1, nil, 2},
		{"always", 100, units.ErrDisconnected, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{reply: func(n int, _ string) error {
				if n <= tt.drops {
					return unitstest.ErrHangup
				}
				return nil
			}}
			private, bus := paths(t)
			peer := unitstest.Serve(t, private, s.handle)
			h := run(t, private, bus, units.Options{})
			if err := h.StopUnit(t.Context(), "a.slice"); !errors.Is(err, tt.want) {
				t.Errorf("StopUnit = %v, want %v", err, tt.want)
			}
			if got := len(s.seen()); got != tt.calls {
				t.Errorf("calls = %d, want %d", got, tt.calls)
			}
			if got := peer.Logins(); got < tt.calls {
				t.Errorf("Logins() = %d, want at least %d", got, tt.calls)
			}
		})
	}
}

// Ensure StopUnit can get away from a peer whose answer makes no sense: the
// connection is replaced.
func TestManager_StopUnit_Nonsense(t *testing.T) {
	s := &script{}
	handle := func(method string, args []any) ([]any, error) {
		body, err := s.handle(method, args)
		if len(s.seen()) == 1 {
			body = []any{"no object path", uint32(1)}
		}
		return body, err
	}
	private, bus := paths(t)
	peer := unitstest.Serve(t, private, handle)
	h := run(t, private, bus, units.Options{})
	if err := h.StopUnit(t.Context(), "a.slice"); err != nil {
		t.Errorf("StopUnit = %v, want nil", err)
	}
	if calls, logins := len(s.seen()), peer.Logins(); calls != 2 || logins != 2 {
		t.Errorf("%d calls over %d connections, want 2 over 2", calls, logins)
	}
}

// Ensure StopUnit can go on over the bus when the private socket goes in
// mid-call, as at a daemon-reexec.
func TestManager_StopUnit_HangupThenBus(t *testing.T) {
	private, bus := paths(t)
	onBus := &script{}
	unitstest.Serve(t, bus, onBus.handle)
	asked, gone := make(chan struct{}), make(chan struct{})
	onPrivate := &script{reply: func(int, string) error {
		close(asked)
		<-gone
		return unitstest.ErrHangup
	}}
	peer := unitstest.Serve(t, private, onPrivate.handle)
	h := run(t, private, bus, units.Options{})
	h.awaitVia(t, units.ViaPrivate)

	var wg sync.WaitGroup
	wg.Go(func() {
		if err := h.StopUnit(t.Context(), "a.slice"); err != nil {
			t.Errorf("StopUnit = %v, want nil", err)
		}
	})
	receive(t, asked)
	peer.Refuse()
	close(gone)
	wg.Wait()
	if p, b := len(onPrivate.seen()), len(onBus.seen()); p != 1 || b != 1 {
		t.Errorf("calls = %d private, %d bus, want 1, 1", p, b)
	}
}

// Ensure StopUnit can serve callers side by side: one without an answer does
// not hold up another.
func TestManager_StopUnit_TwoCallers(t *testing.T) {
	asked := make(chan struct{})
	s := &script{reply: func(_ int, unit string) error {
		if unit == "stuck.slice" {
			close(asked)
			return unitstest.ErrNoReply
		}
		return nil
	}}
	private, bus := paths(t)
	unitstest.Serve(t, private, s.handle)
	h := run(t, private, bus, units.Options{})

	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := h.StopUnit(ctx, "stuck.slice"); !errors.Is(err, units.ErrNoAnswer) || !errors.Is(err, context.Canceled) {
			t.Errorf("StopUnit(stuck.slice) = %v, want ErrNoAnswer and Canceled", err)
		}
	})
	receive(t, asked)
	for range 2 {
		if err := h.StopUnit(t.Context(), "quick.slice"); err != nil {
			t.Errorf("StopUnit(quick.slice) = %v, want nil", err)
		}
	}
	cancel()
	wg.Wait()
}

// Ensure StopUnit can bound the calls inside the library.
func TestManager_StopUnit_MaxCalls(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	s := &script{reply: func(int, string) error {
		close(asked)
		<-answer
		return nil
	}}
	private, bus := paths(t)
	unitstest.Serve(t, private, s.handle)
	h := run(t, private, bus, units.Options{MaxCalls: 1})

	var wg sync.WaitGroup
	wg.Go(func() {
		if err := h.StopUnit(t.Context(), "first.slice"); err != nil {
			t.Errorf("StopUnit(first.slice) = %v, want nil", err)
		}
	})
	receive(t, asked)
	err := h.StopUnit(within(t, 50*time.Millisecond), "second.slice")
	if !errors.Is(err, units.ErrNoAnswer) || !strings.Contains(err.Error(), "all 1 places") {
		t.Errorf("StopUnit(second.slice) = %v, want ErrNoAnswer for want of a place", err)
	}
	close(answer)
	wg.Wait()
	if got := len(s.seen()); got != 1 {
		t.Errorf("calls = %d, want 1", got)
	}
}
