package main

import (
	"encoding/json"
	"encoding/xml"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"
	"github.com/google/go-cmp/cmp"

	"reprieve/internal/bustest"
	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
)

// sampleStatus has a slice in calm and one in an episode.
func sampleStatus() control.Status {
	return control.Status{
		Version: "1.2.0", PausedUntilUnixUsec: 7, Observe: true,
		Slices: []control.Slice{
			{Unit: "a.slice", Path: "/a.slice", Phase: control.Calm, Limits: control.Limits{SomePercent: 60, FullPercent: 20}, DelayUsec: 10_000_000},
			{Unit: "b.slice", Path: "/b.slice", Phase: control.Held, Priority: -5, Episode: &control.Now{
				Episode: "7c0a", DeadlineUnixUsec: 99, Holds: []control.Hold{{Unit: "b-1.service"}, {Unit: "b-2.service"}},
			}},
		},
	}
}

// Ensure everybody may read the properties and the status, and none can be set.
func TestProperties(t *testing.T) {
	h := newHost(t, anotherUser())
	h.daemon.status = sampleStatus()
	o := manager(bustest.Dial(t, h.address))
	type slice struct {
		Unit, Path, Phase string
		Priority          int32
		Some, Full        float64
		Delay             uint64
		Episode           string
		Deadline          uint64
		Held              []string
	}
	var got []slice
	if err := o.StoreProperty(reprieve1.Interface+".Slices", &got); err != nil {
		t.Fatal(err)
	}
	want := []slice{
		{"a.slice", "/a.slice", "calm", 0, 60, 20, 10_000_000, "", 0, []string{}},
		{"b.slice", "/b.slice", "held", -5, 0, 0, 0, "7c0a", 99, []string{"b-1.service", "b-2.service"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Slices: -want +got\n%s", diff)
	}
	for name, want := range map[string]any{"Version": "1.2.0", "Observe": true, "PausedUntilUnixUsec": uint64(7)} {
		if got, err := o.GetProperty(reprieve1.Interface + "." + name); err != nil || got.Value() != want {
			t.Errorf("%s = %v, %v, want %v", name, got, err, want)
		}
	}
	if _, err := o.GetProperty(reprieve1.Interface + ".None"); errorName(err) != "org.freedesktop.DBus.Error.UnknownProperty" {
		t.Errorf("a property that is not there: %v", err)
	}
	if err := o.SetProperty(reprieve1.Interface+".Observe", dbus.MakeVariant(false)); errorName(err) != "org.freedesktop.DBus.Error.PropertyReadOnly" {
		t.Errorf("set: %v, want it refused", err)
	}
	var text string
	var status control.Status
	if err := o.Call(reprieve1.Interface+".Status", 0).Store(&text); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &status); err != nil || cmp.Diff(h.daemon.status, status) != "" {
		t.Errorf("Status() = %v, -want +got\n%s", err, cmp.Diff(h.daemon.status, status))
	}
	if got := h.daemon.done(); got != "status" {
		t.Errorf("the daemon was asked for %q, want its status once for all that", got)
	}
}

// Ensure introspection tells of all that is there, each with the type that it has.
func TestIntrospect(t *testing.T) {
	h := newHost(t, trustedUser())
	o := manager(bustest.Dial(t, h.address))
	var text string
	if err := o.Call("org.freedesktop.DBus.Introspectable.Introspect", 0).Store(&text); err != nil {
		t.Fatal(err)
	}
	var node introspect.Node
	if err := xml.Unmarshal([]byte(text), &node); err != nil {
		t.Fatal(err)
	}
	var all map[string]dbus.Variant
	if err := o.Call("org.freedesktop.DBus.Properties.GetAll", 0, reprieve1.Interface).Store(&all); err != nil {
		t.Fatal(err)
	}
	got, want, seen := map[string]string{}, map[string]string{}, map[string]bool{}
	for name := range all {
		v, err := o.GetProperty(reprieve1.Interface + "." + name)
		if err != nil {
			t.Fatal(err)
		}
		want[name] = v.Signature().String()
	}
	for _, i := range node.Interfaces {
		if seen[i.Name] {
			t.Errorf("%s is described twice", i.Name)
		}
		seen[i.Name] = true
		if i.Name != reprieve1.Interface {
			continue
		}
		for _, p := range i.Properties {
			got[p.Name] = p.Type
		}
		if len(i.Signals) != len(reprieve1.Signals()) || len(i.Methods) != 3 {
			t.Errorf("%d signals and %d methods, want %d and 3", len(i.Signals), len(i.Methods), len(reprieve1.Signals()))
		}
		for _, m := range i.Methods {
			checkMethod(t, o, m)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties: -there are +described\n%s", diff)
	}
}

// checkMethod calls a method as it is described.
func checkMethod(t *testing.T, o dbus.BusObject, m introspect.Method) {
	t.Helper()
	var in []any
	want := ""
	for _, arg := range m.Args {
		if arg.Direction == "out" {
			want += arg.Type
			continue
		}
		in = append(in, map[string]any{"t": uint64(1), "s": ""}[arg.Type])
	}
	call := o.Call(reprieve1.Interface+"."+m.Name, 0, in...)
	if got := dbus.SignatureOf(call.Body...).String(); call.Err != nil || got != want {
		t.Errorf("%s() = %q, %v, described as %q", m.Name, got, call.Err, want)
	}
}

func errorName(err error) string {
	if e, ok := err.(dbus.Error); ok {
		return e.Name
	}
	return ""
}

// Ensure each event that has a signal becomes one with all that it tells, for anybody who listens, and the others do not.
func TestSignals(t *testing.T) {
	h := newHost(t, anotherUser())
	conn := bustest.Dial(t, h.address)
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := conn.AddMatchSignal(dbus.WithMatchSender(reprieve1.Name), dbus.WithMatchInterface(reprieve1.Interface)); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"breach", "step", "hold", "acquitted", "relief", "stop", "hooks", "stopped", "settled"} {
		h.daemon.events <- control.Event{Kind: kind, Slice: "user.slice", Unit: "a.scope", UID: 1000, Episode: "7c0a", Message: kind, DeadlineUnixUsec: 5}
	}
	var got []string
	for range reprieve1.Signals() {
		s := next(t, "a signal", signals)
		e, err := reprieve1.ParseEvent(s.Body)
		want := reprieve1.Event{Slice: "user.slice", Unit: "a.scope", UID: 1000, Episode: "7c0a", Message: e.Message, DeadlineUnixUsec: 5}
		if err != nil || e != want || s.Path != reprieve1.Path {
			t.Errorf("%s of %s is %+v, %v, want %+v", s.Name, s.Path, e, err, want)
		}
		if s.Name != reprieve1.Interface+"."+reprieve1.SignalOf(e.Message) {
			t.Errorf("%s is sent for %q", s.Name, e.Message)
		}
		got = append(got, s.Name[len(reprieve1.Interface)+1:])
	}
	if diff := cmp.Diff(reprieve1.Signals(), got); diff != "" {
		t.Errorf("signals: -want +got\n%s", diff)
	}
}

// next is the next signal that is not the bus's own.
func next(t *testing.T, what string, signals <-chan *dbus.Signal) *dbus.Signal {
	t.Helper()
	for {
		if s := within(t, what, signals); s.Sender != "org.freedesktop.DBus" {
			return s
		}
	}
}

// Ensure a daemon that ends and starts again is told of and followed again, and that meanwhile nothing is said in its name.
func TestReconnect(t *testing.T) {
	h := newHost(t, trustedUser())
	conn := bustest.Dial(t, h.address)
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := conn.AddMatchSignal(dbus.WithMatchSender(reprieve1.Name)); err != nil {
		t.Fatal(err)
	}
	o := manager(conn)
	h.daemon.events <- control.Event{Kind: "breach"} // It is followed.
	if s := next(t, "the breach", signals); s.Name != reprieve1.Interface+".Breach" {
		t.Fatalf("%s, want Breach", s.Name)
	}
	h.daemon.stop()
	expectConnected(t, next(t, "the daemon's end", signals), false)
	if err := o.Call(reprieve1.Interface+".Status", 0).Err; errorName(err) != reprieve1.ErrorNoDaemon {
		t.Errorf("Status() without a daemon: %v, want %s", err, reprieve1.ErrorNoDaemon)
	}
	if err := o.Call(reprieve1.Interface+".Pause", 0, uint64(1)).Err; errorName(err) != reprieve1.ErrorNoDaemon {
		t.Errorf("Pause() without a daemon: %v, want %s", err, reprieve1.ErrorNoDaemon)
	}
	if v, err := o.GetProperty(reprieve1.Interface + ".Connected"); err != nil || v.Value() != false {
		t.Errorf("Connected = %v, %v, want false", v, err)
	}
	h.daemon.start(t)
	expectConnected(t, next(t, "the daemon's start", signals), true)
	h.daemon.events <- control.Event{Kind: "hold"}
	if s := next(t, "the hold", signals); s.Name != reprieve1.Interface+".Held" {
		t.Errorf("%s, want Held", s.Name)
	}
}

func expectConnected(t *testing.T, s *dbus.Signal, want bool) {
	t.Helper()
	changed, _ := s.Body[1].(map[string]dbus.Variant)
	if s.Name != "org.freedesktop.DBus.Properties.PropertiesChanged" || s.Body[0] != reprieve1.Interface || changed[reprieve1.Connected].Value() != want {
		t.Errorf("%s %v, want that Connected is %v", s.Name, s.Body, want)
	}
}
