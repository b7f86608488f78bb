package units_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// Ensure StartUnit can queue a job for any kind of unit, and tell refusals apart.
func TestManager_StartUnit(t *testing.T) {
	s := &script{reply: func(_ int, unit string) error {
		if unit == "gone.service" {
			return unitstest.Error{Name: "org.freedesktop.systemd1.NoSuchUnit", Message: "Unit gone.service not found."}
		}
		return nil
	}}
	private, bus := paths(t)
	unitstest.Serve(t, private, s.handle)
	h := run(t, private, bus, units.Options{})
	for unit, want := range map[string]error{
		"a.service": nil, "a.slice": nil, "a.target": nil, "a.timer": nil, "gone.service": units.ErrNoSuchUnit,
		"": units.ErrBadName, "a": units.ErrBadName, "a@.service": units.ErrBadName, "a.b": units.ErrBadName,
	} {
		before := len(s.seen())
		err := h.StartUnit(t.Context(), unit)
		var job *units.JobError
		if !errors.Is(err, want) || err != nil && !errors.As(err, &job) {
			t.Errorf("StartUnit(%q) = %v, want %v", unit, err, want)
		}
		if want == units.ErrBadName {
			continue
		}
		if diff := cmp.Diff([][]any{{"StartUnit", unit, "replace"}}, s.seen()[before:]); diff != "" {
			t.Errorf("calls of StartUnit(%q) (-want +got):\n%s", unit, diff)
		}
	}
	err := h.StartUnit(t.Context(), "gone.service")
	want := "start gone.service: queue start job: no such unit: Unit gone.service not found."
	if err == nil || err.Error() != want {
		t.Errorf("StartUnit(gone.service) = %v, want %s", err, want)
	}
}

// Ensure StartUnit can leave it to the caller whether a call that may have been
// taken is made again.
func TestManager_StartUnit_NotRepeated(t *testing.T) {
	for _, tt := range []struct {
		reply, want error
	}{
		{unitstest.ErrHangup, units.ErrDisconnected},
		{unitstest.ErrNoReply, units.ErrNoAnswer},
	} {
		s := &script{reply: func(int, string) error { return tt.reply }}
		private, bus := paths(t)
		unitstest.Serve(t, private, s.handle)
		h := run(t, private, bus, units.Options{CallTimeout: 200 * time.Millisecond})
		h.awaitVia(t, units.ViaPrivate)
		if err := h.StartUnit(t.Context(), "a.service"); !errors.Is(err, tt.want) {
			t.Errorf("StartUnit with %q = %v, want %v", tt.reply, err, tt.want)
		}
		if got := len(s.seen()); got != 1 {
			t.Errorf("calls with %q = %d, want 1", tt.reply, got)
		}
		h.stop()
	}
}
