package reprieve1

import (
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"reprieve/controller"
	"reprieve/internal/control"
	"reprieve/plugins/report"
)

// Ensure what the daemon tells comes out of a signal's arguments as it went in, and that the arguments are described.
func TestEvent(t *testing.T) {
	in := control.Event{Kind: "hold", Slice: "a.slice", Episode: "7c0a", Unit: "b.scope", UID: 1000, Message: "held", AtUnixUsec: 1, DeadlineUnixUsec: 2, Observe: true}
	want := Event{Slice: "a.slice", Unit: "b.scope", UID: 1000, Episode: "7c0a", Message: "held", DeadlineUnixUsec: 2, Observe: true}
	got, err := ParseEvent(EventOf(in).Body())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("ParseEvent(Body()) = %v, -want +got\n%s", err, diff)
	}
	described := ""
	for _, arg := range EventArgs() {
		described += arg.Type
	}
	if got := dbus.SignatureOf(want.Body()...).String(); got != described {
		t.Errorf("arguments are %q, described as %q", got, described)
	}
	if got, err := ParseEvent([]any{"a.slice", 7}); err == nil {
		t.Errorf("ParseEvent of something else = %+v, want an error", got)
	}
}

// Ensure each signal is sent for a kind of event at least, and only those are.
func TestSignalOf(t *testing.T) {
	sent := map[string]bool{}
	for kind := controller.NoteBreach; kind <= controller.NoteFailed; kind++ {
		if s := SignalOf(report.Kind(kind)); s != "" {
			sent[s] = true
		}
	}
	want := map[string]bool{}
	for _, s := range Signals() {
		want[s] = true
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("signals: -there are +sent\n%s", diff)
	}
	if got := SignalOf(control.Listening); got != "" {
		t.Errorf("%q is sent as %q, want nothing", control.Listening, got)
	}
}
