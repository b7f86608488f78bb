package units_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// facts are the properties of a plain service that runs, with changes.
func facts(changes map[string]any) map[string]any {
	all := map[string]any{
		"Id": "x.service", "LoadState": "loaded", "ActiveState": "active", "Transient": false, "RefuseManualStart": false,
		"ActiveEnterTimestampMonotonic": uint64(10), "InactiveEnterTimestampMonotonic": uint64(0),
		"RequiredBy": []string{}, "RequisiteOf": []string{}, "BoundBy": []string{}, "ConsistsOf": []string{}, "PropagatesStopTo": []string{},
	}
	for name, value := range changes {
		all[name] = value
	}
	return all
}

// world is a systemd that knows units by their properties, with the Restart= of
// services among them, and keeps the calls.
type world struct {
	script
	units map[string]map[string]any
}

func (w *world) handle(method string, args []any) ([]any, error) {
	job, err := w.script.handle(method, args)
	if err != nil {
		return nil, err
	}
	all, known := w.units[args[0].(string)]
	switch {
	case method != "GetAll" && method != "Get":
		return job, nil
	case !known:
		return nil, unitstest.Error{Name: "org.freedesktop.DBus.Error.UnknownObject", Message: "Unknown object."}
	case method == "Get" && args[1] == "org.freedesktop.systemd1.Service":
		return unitstest.Property(all[args[2].(string)]), nil
	case method == "GetAll" && args[1] == "org.freedesktop.systemd1.Unit":
		return unitstest.Properties(all), nil
	}
	return nil, fmt.Errorf("unexpected %s %v", method, args)
}

// Ensure Describe can read each property as systemd means it.
func TestManager_Describe(t *testing.T) {
	running := units.Description{Unit: "x.service", Loaded: true, Active: true, Startable: true, ActiveSinceMicros: 10}
	for _, tt := range []struct {
		name    string
		unit    string
		changes map[string]any
		want    func(d *units.Description)
	}{
		{"active", "x.service", map[string]any{"Restart": "no"}, func(*units.Description) {}},
		{"reloading", "x.service", map[string]any{"ActiveState": "reloading", "Restart": "on-success"}, func(*units.Description) {}},
		{"activating", "x.service", map[string]any{"ActiveState": "activating", "Restart": "on-abort"}, func(*units.Description) {}},
		{"refreshing", "x.service", map[string]any{"ActiveState": "refreshing", "Restart": "on-watchdog"}, func(*units.Description) {}},
		{"always", "x.service", map[string]any{"Restart": "always"}, func(d *units.Description) { d.Restarts = true }},
		{"on-failure", "x.service", map[string]any{"Restart": "on-failure"}, func(d *units.Description) { d.Restarts = true }},
		{"on-abnormal", "x.service", map[string]any{"Restart": "on-abnormal"}, func(d *units.Description) { d.Restarts = true }},
		{"deactivating", "x.service", map[string]any{"ActiveState": "deactivating", "Restart": "no"},
			func(d *units.Description) { d.Stopping = true }},
		{"long inactive", "x.service", map[string]any{"ActiveState": "inactive", "InactiveEnterTimestampMonotonic": uint64(20), "Restart": "no"},
			func(d *units.Description) { d.Active, d.InactiveSinceMicros = false, 20 }},
		{"just failed", "x.service", map[string]any{"ActiveState": "failed", "InactiveEnterTimestampMonotonic": uint64(math.MaxUint64), "Restart": "no"},
			func(d *units.Description) {
				d.Active, d.Stopping, d.InactiveSinceMicros = false, true, math.MaxUint64
			}},
		{"up since a failure", "x.service", map[string]any{"InactiveEnterTimestampMonotonic": uint64(math.MaxUint64), "Restart": "no"},
			func(d *units.Description) { d.InactiveSinceMicros = math.MaxUint64 }},
		{"maintenance", "x.service", map[string]any{"ActiveState": "maintenance", "Restart": "no"},
			func(d *units.Description) { d.Active = false }},
		{"transient", "x.service", map[string]any{"Transient": true, "Restart": "no"},
			func(d *units.Description) { d.Transient, d.Startable = true, false }},
		{"refused", "x.service", map[string]any{"RefuseManualStart": true, "Restart": "no"},
			func(d *units.Description) { d.Startable = false }},
		{"masked", "x.service", map[string]any{"LoadState": "masked", "Restart": "no"},
			func(d *units.Description) { d.Loaded, d.Startable = false, false }},
		{"a slice", "a-b.slice", nil, func(d *units.Description) { d.Unit, d.Startable = "a-b.slice", false }},
		{"a target", "a.target", nil, func(d *units.Description) { d.Unit, d.Startable = "a.target", false }},
		{"dependents", "x.service", map[string]any{"RequiredBy": []string{"d.service", "b.target"}, "RequisiteOf": []string{"c.service"},
			"BoundBy": []string{"a.mount"}, "ConsistsOf": []string{"d.service"}, "PropagatesStopTo": []string{"e.socket"},
			"WantedBy": []string{"z.target"}, "Restart": "no"},
			func(d *units.Description) {
				d.Dependents = []string{"a.mount", "b.target", "c.service", "d.service", "e.socket"}
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{units: map[string]map[string]any{tt.unit: facts(tt.changes)}}
			private, bus := paths(t)
			unitstest.Serve(t, private, w.handle)
			h := run(t, private, bus, units.Options{})
			want := running
			tt.want(&want)
			got, err := h.Describe(t.Context(), []string{tt.unit})
			if diff := cmp.Diff([]units.Description{want}, got); err != nil || diff != "" {
				t.Errorf("Describe(%s) error %v (-want +got):\n%s", tt.unit, err, diff)
			}
		})
	}
}

// described are the units of ds in their order.
func described(ds []units.Description) string {
	var names []string
	for _, d := range ds {
		names = append(names, d.Unit)
	}
	return strings.Join(names, " ")
}

// Ensure Describe can go on without those who cannot be described, and tells of
// the first.
func TestManager_Describe_Partial(t *testing.T) {
	ok := facts(map[string]any{"Restart": "no"})
	w := &world{units: map[string]map[string]any{
		"a.service": ok, `b@x\x2d_é.service`: ok, "b@1-x_y.service": ok,
		"type.service":    facts(map[string]any{"Restart": "no", "Transient": "no"}),
		"lists.service":   facts(map[string]any{"Restart": "no", "BoundBy": []uint32{1}}),
		"restart.service": facts(map[string]any{"Restart": true}),
		"lacks.service":   {"Restart": "no", "LoadState": "loaded"},
		"z.slice":         facts(nil),
	}}
	private, bus := paths(t)
	peer := unitstest.Serve(t, private, w.handle)
	h := run(t, private, bus, units.Options{})
	for _, tt := range []struct{ names, want, err string }{
		{"", "", ""},
		{"z.slice b@1-x_y.service a.service z.slice", "z.slice b@1-x_y.service a.service", ""},
		{"a.service gone.service z.slice", "a.service z.slice", "describe gone.service: read properties: org.freedesktop.DBus.Error.UnknownObject"},
		{"type.service lacks.service", "", "property Transient is string, want bool"},
		{"z.slice lacks.service", "z.slice", "property ActiveState is <nil>, want string"},
		{"lists.service a.service", "a.service", "property BoundBy is []uint32, want []string"},
		{"restart.service z.slice", "z.slice", "describe restart.service: read properties: read answer of org.freedesktop.DBus.Properties.Get"},
		{"a.service no-unit z.slice", "a.service z.slice", "describe no-unit: check name"},
		{"no-unit", "", "describe no-unit: check name"},
	} {
		got, err := h.Describe(t.Context(), strings.Fields(tt.names))
		var job *units.JobError
		if described(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && (!errors.As(err, &job) || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("Describe(%s) = %s, %v, want %s, %q", tt.names, described(got), err, tt.want, tt.err)
		}
	}
	if got := peer.Logins(); got != 1 {
		t.Errorf("Logins() = %d, want 1", got)
	}
}

// Ensure Describe can send all questions before the first is answered, for the
// first 64 units, and return what there is when ctx ends.
func TestManager_Describe_AtOnce(t *testing.T) {
	const most = 64
	var names []string
	w := &world{units: map[string]map[string]any{}}
	for i := range most + 6 {
		names = append(names, fmt.Sprintf("x%02d.slice", i))
		w.units[names[i]] = facts(nil)
	}
	all := make(chan struct{})
	w.reply = func(n int, unit string) error {
		if n == most {
			close(all)
		}
		if unit == names[1] {
			return unitstest.ErrNoReply
		}
		return nil
	}
	private, bus := paths(t)
	unitstest.Serve(t, private, w.handle)
	h := run(t, private, bus, units.Options{})
	h.awaitVia(t, units.ViaPrivate)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(0, func() {
		select {
		case <-all:
			time.Sleep(200 * time.Millisecond) // For the last answer to be read.
		case <-time.After(patience):
		}
		cancel()
	})
	got, err := h.Describe(ctx, names)
	var job *units.JobError
	if !errors.Is(err, units.ErrNoAnswer) || !errors.As(err, &job) || job.Unit != names[1] {
		t.Errorf("Describe = %v, want ErrNoAnswer about %s", err, names[1])
	}
	want := strings.Join(append(names[:1:1], names[2:most]...), " ")
	if described(got) != want {
		t.Errorf("Describe = %s, want %s", described(got), want)
	}
	if got := len(w.seen()); got != most {
		t.Errorf("calls = %d, want %d", got, most)
	}
}

// Ensure Describe can lose its connection, and does not ask again.
func TestManager_Describe_Lost(t *testing.T) {
	w := &world{units: map[string]map[string]any{"a.slice": facts(nil), "b.slice": facts(nil)}}
	w.reply = func(_ int, unit string) error {
		if unit == "b.slice" {
			return unitstest.ErrHangup
		}
		return nil
	}
	private, bus := paths(t)
	unitstest.Serve(t, private, w.handle)
	h := run(t, private, bus, units.Options{})
	got, err := h.Describe(t.Context(), []string{"a.slice", "b.slice", "c.slice"})
	if described(got) != "a.slice" || !errors.Is(err, units.ErrDisconnected) {
		t.Errorf("Describe = %s, %v, want a.slice, ErrDisconnected", described(got), err)
	}
	h.stop()
	if got := len(w.seen()); got != 2 {
		t.Errorf("calls = %d, want 2", got)
	}
	if _, err := h.Describe(t.Context(), []string{"a.slice"}); !errors.Is(err, units.ErrDisconnected) {
		t.Errorf("Describe after Run = %v, want ErrDisconnected", err)
	}
}
