package units_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// kills answers KillUnit, whose reply is empty, with what the script says.
type kills struct{ script }

func (k *kills) handle(method string, args []any) ([]any, error) {
	_, err := k.script.handle(method, args)
	return nil, err
}

// Ensure SignalUnit can send a signal to the main process or to all of a unit.
func TestManager_SignalUnit(t *testing.T) {
	k := &kills{}
	private, bus := paths(t)
	unitstest.Serve(t, private, k.handle)
	h := run(t, private, bus, units.Options{})
	for _, tt := range []struct {
		unit   string
		all    bool
		signal syscall.Signal
		whom   string
	}{
		{"a.service", false, syscall.SIGHUP, "main"},
		{"a.service", true, syscall.SIGUSR1, "all"},
		{"a-b.slice", true, syscall.SIGTERM, "all"},
		{"a.service", false, 64, "main"}, // SIGRTMAX.
	} {
		before := len(k.seen())
		if err := h.SignalUnit(t.Context(), tt.unit, tt.all, int32(tt.signal)); err != nil {
			t.Errorf("SignalUnit(%q, %t, %d) = %v, want nil", tt.unit, tt.all, tt.signal, err)
		}
		calls := [][]any{{"KillUnit", tt.unit, tt.whom, int32(tt.signal)}}
		if diff := cmp.Diff(calls, k.seen()[before:]); diff != "" {
			t.Errorf("calls of SignalUnit(%q, %t, %d) (-want +got):\n%s", tt.unit, tt.all, tt.signal, diff)
		}
	}
}

// Ensure SignalUnit can refuse what is no unit: "" would be the daemon itself.
func TestManager_SignalUnit_BadName(t *testing.T) {
	m := units.New(units.Options{})
	for _, unit := range []string{"", "batch", "a/b.slice", "x.timer", "a@.service", "a\x00.slice"} {
		err := m.SignalUnit(t.Context(), unit, true, 15)
		var job *units.JobError
		if !errors.Is(err, units.ErrBadName) || !errors.As(err, &job) || job.Verb != "signal" || job.Step != "check name" {
			t.Errorf("SignalUnit(%q) = %v, want a JobError around ErrBadName", unit, err)
		}
	}
}

// Ensure SignalUnit can tell a unit that is gone or empty from other refusals.
func TestManager_SignalUnit_Refused(t *testing.T) {
	for _, tt := range []struct {
		name, message, want string
		gone                bool
	}{
		{"org.freedesktop.systemd1.NoSuchUnit", "Unit a.service not loaded.", "no such unit: Unit a.service not loaded.", true},
		{"org.freedesktop.systemd1.NoSuchProcess", "No main process to kill", "no such unit: No main process to kill", true},
		{"System.Error.ESRCH", "No such process", "no such unit: No such process", true},
		{"org.freedesktop.DBus.Error.InvalidArgs", "Signal number out of range.",
			"org.freedesktop.DBus.Error.InvalidArgs: Signal number out of range.", false},
		{"org.freedesktop.systemd1.NoSuchJob", "No.", "org.freedesktop.systemd1.NoSuchJob: No.", false},
	} {
		k := &kills{}
		k.reply = func(int, string) error { return unitstest.Error{Name: tt.name, Message: tt.message} }
		private, bus := paths(t)
		peer := unitstest.Serve(t, private, k.handle)
		h := run(t, private, bus, units.Options{})
		for range 2 {
			err := h.SignalUnit(t.Context(), "a.service", false, 15)
			var job *units.JobError
			want := "signal a.service: send signal: " + tt.want
			if !errors.As(err, &job) || errors.Is(err, units.ErrNoSuchUnit) != tt.gone || err.Error() != want {
				t.Errorf("SignalUnit with %s = %v, want %s", tt.name, err, want)
			}
		}
		if calls, logins := len(k.seen()), peer.Logins(); calls != 2 || logins != 1 {
			t.Errorf("%d calls over %d connections with %s, want 2 over 1", calls, logins, tt.name)
		}
		h.stop()
	}
}

// Ensure SignalUnit can lose its connection or its answer without a second signal.
func TestManager_SignalUnit_NotRepeated(t *testing.T) {
	for _, tt := range []struct {
		reply, want error
		timeout     time.Duration
	}{
		{unitstest.ErrHangup, units.ErrDisconnected, patience},
		{unitstest.ErrNoReply, units.ErrNoAnswer, 200 * time.Millisecond},
	} {
		k := &kills{}
		k.reply = func(n int, _ string) error {
			if n == 1 {
				return tt.reply
			}
			return nil
		}
		private, bus := paths(t)
		unitstest.Serve(t, private, k.handle)
		h := run(t, private, bus, units.Options{CallTimeout: tt.timeout})
		h.awaitVia(t, units.ViaPrivate)
		if err := h.SignalUnit(context.Background(), "a.service", true, 1); !errors.Is(err, tt.want) {
			t.Errorf("SignalUnit with %q = %v, want %v", tt.reply, err, tt.want)
		}
		if got := len(k.seen()); got != 1 {
			t.Errorf("calls with %q = %d, want 1", tt.reply, got)
		}
		h.stop()
		if err := h.SignalUnit(t.Context(), "a.service", true, 1); !errors.Is(err, units.ErrDisconnected) {
			t.Errorf("SignalUnit after Run = %v, want ErrDisconnected", err)
		}
	}
}
