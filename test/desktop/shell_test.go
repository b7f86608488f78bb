package main

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"reprieve/internal/bustest"
	"reprieve/test/watch"
)

// Ensure what is shown and taken away stands in the file, in its order, and that a notification that replaces another keeps its number.
func TestServe(t *testing.T) {
	address, log := bustest.Start(t, bustest.Open), filepath.Join(t.TempDir(), "log")
	ctx, cancel := context.WithCancel(t.Context())
	ended, server := make(chan error, 1), bustest.Dial(t, address)
	go func() { ended <- serve(ctx, server, log) }()
	client := bustest.Dial(t, address)
	closed := make(chan *dbus.Signal, 8)
	client.Signal(closed)
	if err := client.AddMatchSignal(dbus.WithMatchInterface(name), dbus.WithMatchMember("NotificationClosed")); err != nil {
		t.Fatal(err)
	}
	for owned := false; !owned; {
		if err := client.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&owned); err != nil {
			t.Fatal(err)
		}
	}
	object := client.Object(name, path)
	notify := func(replaces uint32, title string) (id uint32) {
		hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(byte(2))}
		if err := object.Call(name+".Notify", 0, "Test", replaces, "", title, "body", []string{}, hints, int32(0)).Store(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := notify(0, "one")
	notify(first, "one again")
	notify(0, "two")
	if err := object.Call(name+".CloseNotification", 0, first).Err; err != nil {
		t.Fatal(err)
	}
	signal := <-closed
	for signal.Name != name+".NotificationClosed" { // the bus tells each connection its name
		signal = <-closed
	}
	if len(signal.Body) != 2 || signal.Body[0] != first || signal.Body[1] != byCall {
		t.Errorf("NotificationClosed%v, want %d and %d", signal.Body, first, byCall)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("serve() = %v at its end", err)
	}
	got, err := watch.ReadShown(log)
	if err != nil {
		t.Fatal(err)
	}
	want := []watch.Shown{
		{ID: 1, Title: "one", Body: "body", Urgency: 2},
		{ID: 1, Replaces: 1, Title: "one again", Body: "body", Urgency: 2},
		{ID: 2, Title: "two", Body: "body", Urgency: 2},
		{ID: 1, Closed: true},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(watch.Shown{}, "At")); diff != "" {
		t.Errorf("the file: -want +got\n%s", diff)
	}
	for i, s := range got {
		if s.At <= 0 || i > 0 && s.At < got[i-1].At {
			t.Errorf("line %d is of %s since boot, want the time, and no line earlier than the one before", i, s.At)
		}
	}
}
