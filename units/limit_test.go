package units_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// limits is a systemd that answers Get with the limit of the unit's name.
type limits struct {
	script
	values map[string]any
}

func (l *limits) handle(method string, args []any) ([]any, error) {
	if _, err := l.script.handle(method, args); err != nil {
		return nil, err
	}
	return unitstest.Property(l.values[args[0].(string)]), nil
}

// Ensure MemoryLimit can read a limit from the interface of each kind of unit.
func TestManager_MemoryLimit(t *testing.T) {
	const infinity = math.MaxUint64
	l := &limits{values: map[string]any{
		"a-b.slice": uint64(268435456), "x@1.service": uint64(infinity), `y\x2d.scope`: uint64(0), "-.slice": uint64(infinity - 1),
	}}
	private, bus := paths(t)
	unitstest.Serve(t, private, l.handle)
	h := run(t, private, bus, units.Options{})
	for _, tt := range []struct {
		unit, property, iface string
		want                  uint64
	}{
		{"a-b.slice", "MemoryHigh", "org.freedesktop.systemd1.Slice", 268435456},
		{"x@1.service", "MemoryMax", "org.freedesktop.systemd1.Service", infinity},
		{`y\x2d.scope`, "MemoryHigh", "org.freedesktop.systemd1.Scope", 0},
		{"-.slice", "MemoryMax", "org.freedesktop.systemd1.Slice", infinity - 1},
	} {
		before := len(l.seen())
		got, err := h.MemoryLimit(t.Context(), tt.unit, tt.property)
		if err != nil || got != tt.want {
			t.Errorf("MemoryLimit(%q, %q) = %d, %v, want %d", tt.unit, tt.property, got, err, tt.want)
		}
		calls := [][]any{{"Get", tt.unit, tt.iface, tt.property}}
		if diff := cmp.Diff(calls, l.seen()[before:]); diff != "" {
			t.Errorf("calls of MemoryLimit(%q, %q) (-want +got):\n%s", tt.unit, tt.property, diff)
		}
	}
}

// Ensure MemoryLimit can refuse what has no limits, and asks systemd nothing.
func TestManager_MemoryLimit_BadArguments(t *testing.T) {
	m := units.New(units.Options{})
	for _, tt := range []struct {
		unit, property, step string
		want                 error
	}{
		{"", "MemoryHigh", "check name", units.ErrBadName},
		{"a", "MemoryHigh", "check name", units.ErrBadName},
		{"a/b.slice", "MemoryHigh", "check name", units.ErrBadName},
		{"a@.service", "MemoryHigh", "check name", units.ErrBadName},
		{"a.timer", "MemoryHigh", "check name", units.ErrBadName},
		{"a.mount", "MemoryHigh", "check name", units.ErrBadName},
		{"a.socket", "MemoryMax", "check name", units.ErrBadName},
		{"a.swap", "MemoryMax", "check name", units.ErrBadName},
		{"a.slice", "MemoryLow", "check property", nil},
		{"a.slice", "", "check property", nil},
		{"a.slice", "memory.high", "check property", nil},
	} {
		got, err := m.MemoryLimit(t.Context(), tt.unit, tt.property)
		var job *units.JobError
		if got != 0 || !errors.As(err, &job) || job.Verb != "read" || job.Step != tt.step || job.Unit != tt.unit {
			t.Errorf("MemoryLimit(%q, %q) = %d, %v, want 0 and a JobError at %q", tt.unit, tt.property, got, err, tt.step)
			continue
		}
		if tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("MemoryLimit(%q, %q) = %v, want %v", tt.unit, tt.property, err, tt.want)
		}
	}
}

// Ensure MemoryLimit can tell an answer of another type and a refusal from a
// limit, asks once for it, and keeps the connection.
func TestManager_MemoryLimit_Refused(t *testing.T) {
	l := &limits{values: map[string]any{
		"string.slice": "infinity", "signed.slice": int64(5), "short.slice": uint32(5), "list.slice": []uint64{5}, "bool.slice": true,
	}}
	l.reply = func(_ int, unit string) error {
		switch unit {
		case "gone.service":
			return unitstest.Error{Name: "org.freedesktop.systemd1.NoSuchUnit", Message: "Unit gone.service not found."}
		case "old.slice":
			return unitstest.Error{Name: "org.freedesktop.DBus.Error.UnknownProperty", Message: "Unknown property."}
		}
		return nil
	}
	private, bus := paths(t)
	peer := unitstest.Serve(t, private, l.handle)
	h := run(t, private, bus, units.Options{})
	for _, tt := range []struct{ unit, want string }{
		{"string.slice", "property MemoryHigh is string, want uint64"},
		{"signed.slice", "property MemoryHigh is int64, want uint64"},
		{"short.slice", "property MemoryHigh is uint32, want uint64"},
		{"list.slice", "property MemoryHigh is []uint64, want uint64"},
		{"bool.slice", "property MemoryHigh is bool, want uint64"},
		{"gone.service", "no such unit: Unit gone.service not found."},
		{"old.slice", "org.freedesktop.DBus.Error.UnknownProperty: Unknown property."},
	} {
		before := len(l.seen())
		got, err := h.MemoryLimit(t.Context(), tt.unit, "MemoryHigh")
		var job *units.JobError
		want := "read " + tt.unit + ": read property: " + tt.want
		if got != 0 || !errors.As(err, &job) || err.Error() != want {
			t.Errorf("MemoryLimit(%q) = %d, %v, want 0, %s", tt.unit, got, err, want)
		}
		if isGone := errors.Is(err, units.ErrNoSuchUnit); isGone != (tt.unit == "gone.service") {
			t.Errorf("errors.Is(%v, ErrNoSuchUnit) = %t", err, isGone)
		}
		if n := len(l.seen()) - before; n != 1 {
			t.Errorf("calls of MemoryLimit(%q) = %d, want 1", tt.unit, n)
		}
	}
	if got := peer.Logins(); got != 1 {
		t.Errorf("Logins() = %d, want 1", got)
	}
}

// Ensure MemoryLimit can repeat a question whose connection was closed under it
// or whose answer is no property, once, and no question that has no answer yet.
func TestManager_MemoryLimit_Lost(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(n int) ([]any, error) // Both nil is the right answer.
		want  error
		calls int
	}{
		{"hangup once", func(n int) ([]any, error) {
			if n == 1 {
				return nil, unitstest.ErrHangup
			}
			return nil, nil
		}, nil, 2},
		{"hangup always", func(int) ([]any, error) { return nil, unitstest.ErrHangup }, units.ErrDisconnected, 2},
		{"nonsense once", func(n int) ([]any, error) {
			if n == 1 {
				return []any{uint64(7), uint64(7)}, nil
			}
			return nil, nil
		}, nil, 2},
		{"silence", func(int) ([]any, error) { return nil, unitstest.ErrNoReply }, units.ErrNoAnswer, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{}
			handle := func(method string, args []any) ([]any, error) {
				if _, err := s.handle(method, args); err != nil {
					return nil, err
				}
				if body, err := tt.spoil(len(s.seen())); body != nil || err != nil {
					return body, err
				}
				return unitstest.Property(uint64(4096)), nil
			}
			private, bus := paths(t)
			unitstest.Serve(t, private, handle)
			o := units.Options{}
			if tt.want == units.ErrNoAnswer {
				o.CallTimeout = 200 * time.Millisecond
			}
			h := run(t, private, bus, o)
			h.awaitVia(t, units.ViaPrivate)
			got, err := h.MemoryLimit(context.Background(), "a.slice", "MemoryHigh")
			want := uint64(4096)
			if tt.want != nil {
				want = 0
			}
			if got != want || !errors.Is(err, tt.want) {
				t.Errorf("MemoryLimit = %d, %v, want %d, %v", got, err, want, tt.want)
			}
			if got := len(s.seen()); got != tt.calls {
				t.Errorf("calls = %d, want %d", got, tt.calls)
			}
		})
	}
}

// Ensure MemoryLimit can end with its context where nobody listens, and with Run.
func TestManager_MemoryLimit_Disconnected(t *testing.T) {
	private, bus := paths(t)
	h := run(t, private, bus, units.Options{})
	_, err := h.MemoryLimit(within(t, 100*time.Millisecond), "a.slice", "MemoryMax")
	if !errors.Is(err, units.ErrDisconnected) || !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "read a.slice: connect: ") {
		t.Errorf("MemoryLimit without systemd = %v, want ErrDisconnected and DeadlineExceeded at connect", err)
	}
	h.stop()
	if _, err := h.MemoryLimit(t.Context(), "a.slice", "MemoryMax"); !errors.Is(err, units.ErrDisconnected) {
		t.Errorf("MemoryLimit after Run = %v, want ErrDisconnected", err)
	}
}
