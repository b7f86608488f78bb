package units_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// Ensure Read can take properties of several interfaces and types, and leaves out what systemd does not know.
func TestManager_Read(t *testing.T) {
	values := map[string]any{
		"org.freedesktop.systemd1.Unit.UnitFileState": "enabled", "org.freedesktop.systemd1.Service.WatchdogUSec": uint64(10_000_000),
		"org.freedesktop.systemd1.Unit.NeedDaemonReload": true,
	}
	private, bus := paths(t)
	unitstest.Serve(t, private, func(method string, args []any) ([]any, error) {
		if method != "Get" || args[0] != "x.service" {
			t.Errorf("called %s %v, want Get of x.service", method, args)
		}
		v, ok := values[args[1].(string)+"."+args[2].(string)]
		switch {
		case ok:
			return unitstest.Property(v), nil
		case args[1] == "org.freedesktop.systemd1.Slice":
			return nil, unitstest.Error{Name: "org.freedesktop.DBus.Error.UnknownInterface", Message: "Unknown interface."}
		}
		return nil, unitstest.Error{Name: "org.freedesktop.DBus.Error.UnknownProperty", Message: "Unknown property."}
	})
	h := run(t, private, bus, units.Options{})
	got, err := h.Read(t.Context(), "x.service", "Unit.UnitFileState", "Service.New", "Service.WatchdogUSec", "Slice.MemoryMax", "Unit.NeedDaemonReload")
	want := map[string]any{"Unit.UnitFileState": "enabled", "Service.WatchdogUSec": uint64(10_000_000), "Unit.NeedDaemonReload": true}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Read() error %v, -want +got\n%s", err, diff)
	}
}

// Ensure Read can say that it was called wrongly, refused, left alone or left without an answer, and keeps what it has.
func TestManager_Read_Errors(t *testing.T) {
	refused := unitstest.Error{Name: "org.freedesktop.DBus.Error.AccessDenied", Message: "Denied."}
	for _, tt := range []struct {
		name, unit, property string
		answer               error
		want                 error
		text                 string
	}{
		{"no unit", "x", "Unit.B", nil, units.ErrBadName, ""},
		{"no interface", "x.service", "B", nil, nil, `read x.service: read property: "B", want INTERFACE.PROPERTY as in Unit.JobTimeoutUSec`},
		{"refused", "x.service", "Unit.B", refused, nil, "read x.service: read property: org.freedesktop.DBus.Error.AccessDenied: Denied."},
		{"hangs up", "x.service", "Unit.B", unitstest.ErrHangup, units.ErrDisconnected, ""},
		{"silent", "x.service", "Unit.B", unitstest.ErrNoReply, units.ErrNoAnswer, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			private, bus := paths(t)
			unitstest.Serve(t, private, func(_ string, args []any) ([]any, error) {
				if args[2] == "A" {
					return unitstest.Property("first"), nil
				}
				return nil, tt.answer
			})
			h := run(t, private, bus, units.Options{CallTimeout: 300 * time.Millisecond})
			h.awaitVia(t, units.ViaPrivate)
			got, err := h.Read(context.Background(), tt.unit, "Unit.A", tt.property)
			var job *units.JobError
			if !errors.As(err, &job) || job.Verb != "read" || tt.want != nil && !errors.Is(err, tt.want) || tt.text != "" && err.Error() != tt.text {
				t.Errorf("Read() = %v, want %v %s", err, tt.want, tt.text)
			}
			if first := got["Unit.A"] == "first"; first != (tt.want != units.ErrBadName) {
				t.Errorf("Read() = %v, want the first answer unless the name is none", got)
			}
		})
	}
}
