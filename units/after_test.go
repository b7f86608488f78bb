package units_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// Ensure StopUnitAfter can have the questions arrive before the stop, on the
// same connection, and answers for the state before it.
func TestManager_StopUnitAfter(t *testing.T) {
	w := &world{units: map[string]map[string]any{
		"a.service": facts(map[string]any{"Restart": "always"}), "b.scope": facts(map[string]any{"Transient": true}),
	}}
	private, bus := paths(t)
	peer := unitstest.Serve(t, private, w.handle)
	h := run(t, private, bus, units.Options{})
	before, err := h.StopUnitAfter(t.Context(), "x.slice", []string{"a.service", "gone.scope", "", "b.scope"})
	want := []units.Description{
		{Unit: "a.service", Loaded: true, Active: true, Startable: true, Restarts: true, ActiveSinceMicros: 10},
		{Unit: "b.scope", Loaded: true, Active: true, Transient: true, ActiveSinceMicros: 10},
	}
	if diff := cmp.Diff(want, before); err != nil || diff != "" {
		t.Errorf("StopUnitAfter error %v (-want +got):\n%s", err, diff)
	}
	calls := [][]any{
		{"GetAll", "a.service", "org.freedesktop.systemd1.Unit"},
		{"Get", "a.service", "org.freedesktop.systemd1.Service", "Restart"},
		{"GetAll", "gone.scope", "org.freedesktop.systemd1.Unit"},
		{"GetAll", "b.scope", "org.freedesktop.systemd1.Unit"},
		{"StopUnit", "x.slice", "replace"},
	}
	if diff := cmp.Diff(calls, w.seen()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if got := peer.Logins(); got != 1 {
		t.Errorf("Logins() = %d, want 1", got)
	}
}

// Ensure StopUnitAfter can get the questions and the stop off to a PID 1 that
// reads nothing for longer than a write may take.
func TestManager_StopUnitAfter_Busy(t *testing.T) {
	w := &world{units: map[string]map[string]any{}}
	var names []string
	for i := range 64 {
		// As long as a name may be, of bytes that are escaped.
		names = append(names, fmt.Sprintf("%s%02d.service", strings.Repeat("-", 245), i))
		w.units[names[i]] = facts(map[string]any{"Restart": "no"})
	}
	w.reply = func(n int, _ string) error {
		if n == 1 {
			time.Sleep(1200 * time.Millisecond)
		}
		return nil
	}
	private, bus := paths(t)
	peer := unitstest.Serve(t, private, w.handle)
	h := run(t, private, bus, units.Options{})
	before, err := h.StopUnitAfter(t.Context(), "x.slice", names)
	if err != nil || len(before) != len(names) {
		t.Errorf("StopUnitAfter = %d descriptions, %v, want %d, nil", len(before), err, len(names))
	}
	calls := w.seen()
	if last := calls[len(calls)-1][0]; len(calls) != 2*64+1 || last != "StopUnit" {
		t.Errorf("%d calls, the last %v, want %d, StopUnit", len(calls), last, 2*64+1)
	}
	if got := peer.Logins(); got != 1 {
		t.Errorf("Logins() = %d, want 1", got)
	}
}

// Ensure StopUnitAfter can stop without descriptions, and describe without a stop.
func TestManager_StopUnitAfter_Partial(t *testing.T) {
	for _, tt := range []struct {
		name    string
		silent  string
		failing string
		want    string
		err     error
	}{
		{"no description", "a.slice", "", "", nil},
		{"stop unanswered", "x.slice", "", "a.slice", units.ErrNoAnswer},
		{"stop refused", "", "x.slice", "a.slice", units.ErrNoSuchUnit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{units: map[string]map[string]any{"a.slice": facts(nil)}}
			w.reply = func(_ int, unit string) error {
				switch unit {
				case tt.silent:
					return unitstest.ErrNoReply
				case tt.failing:
					return unitstest.Error{Name: "org.freedesktop.systemd1.NoSuchUnit", Message: "Gone."}
				}
				return nil
			}
			private, bus := paths(t)
			unitstest.Serve(t, private, w.handle)
			h := run(t, private, bus, units.Options{CallTimeout: 200 * time.Millisecond})
			h.awaitVia(t, units.ViaPrivate)
			before, err := h.StopUnitAfter(t.Context(), "x.slice", []string{"a.slice"})
			if described(before) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("StopUnitAfter = %s, %v, want %s, %v", described(before), err, tt.want, tt.err)
			}
		})
	}
}

// Ensure StopUnitAfter can repeat the stop on a new connection with the open
// questions only, and still knows who was up before the first one.
func TestManager_StopUnitAfter_Hangup(t *testing.T) {
	w := &world{units: map[string]map[string]any{
		"a.slice": facts(nil),
		"b.slice": facts(map[string]any{"ActiveState": "inactive", "InactiveEnterTimestampMonotonic": uint64(1) << 62}),
	}}
	w.reply = func(n int, _ string) error {
		if n == 2 {
			return unitstest.ErrHangup
		}
		return nil
	}
	private, bus := paths(t)
	unitstest.Serve(t, private, w.handle)
	h := run(t, private, bus, units.Options{})
	before, err := h.StopUnitAfter(t.Context(), "x.slice", []string{"a.slice", "b.slice"})
	if err != nil || described(before) != "a.slice b.slice" {
		t.Fatalf("StopUnitAfter = %s, %v, want a.slice b.slice, nil", described(before), err)
	}
	if !before[1].Stopping || before[1].Active {
		t.Errorf("b.slice = %+v, want it Stopping and not Active", before[1])
	}
	var got []string
	for _, call := range w.seen() {
		got = append(got, fmt.Sprint(call[0], " ", call[1]))
	}
	want := []string{"GetAll a.slice", "GetAll b.slice", "GetAll b.slice", "StopUnit x.slice"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
