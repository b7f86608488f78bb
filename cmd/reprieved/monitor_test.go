package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/controller"
	"reprieve/internal/control"
	"reprieve/internal/varlink"
)

// monitored is a control socket whose feed is f, until the test ends.
func monitored(t *testing.T, f *feed) control.Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control")
	c, err := openControl(path, requests{listen: f.listen})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return control.Client{Socket: path}
}

// Ensure who monitors is told of each event from "listening" on, with a hold's deadline and whose unit it is, and that
// the feed forgets who leaves.
func TestControl_Monitor(t *testing.T) {
	f := &feed{}
	client := monitored(t, f)
	at := time.UnixMicro(1795374302_000000)
	hold := controller.Note{
		Kind: controller.NoteHold, Slice: "user.slice", Unit: "app-a.scope", User: true, UID: 1000, Delay: 10 * time.Second, Waited: 4 * time.Second,
	}
	var got []control.Event
	enough := errors.New("enough")
	err := client.Monitor(t.Context(), func(e control.Event) error {
		if e.Kind == control.Listening {
			f.pass(&hold, at)
			f.pass(&controller.Note{Kind: controller.NoteRelief, Slice: "user.slice"}, at)
			return nil
		}
		e.Message, e.Episode = "", ""
		if got = append(got, e); len(got) == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("Monitor() = %v, want %v", err, enough)
	}
	want := []control.Event{
		{Kind: "hold", Slice: "user.slice", Unit: "app-a.scope", UID: 1000, AtUnixUsec: at.UnixMicro(), DeadlineUnixUsec: at.Add(6 * time.Second).UnixMicro()},
		{Kind: "relief", Slice: "user.slice", AtUnixUsec: at.UnixMicro()},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events: -want +got\n%s", diff)
	}
	for len(listeners(f)) > 0 { // It is gone a moment after its connection, or the test runs into its time limit.
		time.Sleep(time.Millisecond)
	}
}

func listeners(f *feed) map[chan control.Event]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[chan control.Event]bool{}
	for c := range f.listeners {
		all[c] = true
	}
	return all
}

// Ensure who takes events slower than they come is let go with an error, and that nobody waits for it.
func TestControl_MonitorTooSlow(t *testing.T) {
	f := &feed{}
	client := monitored(t, f)
	note := controller.Note{Kind: controller.NoteBreach, Slice: strings.Repeat("a", 200) + ".slice"}
	err := client.Monitor(t.Context(), func(e control.Event) error {
		for e.Kind == control.Listening && len(listeners(f)) > 0 { // Nothing is read meanwhile: first the socket is full, then the feed.
			f.pass(&note, time.UnixMicro(1))
		}
		return nil
	})
	var failed *varlink.Error
	if !errors.As(err, &failed) || failed.Name != control.ErrorFailed || !strings.Contains(failed.Error(), "too slow") {
		t.Errorf("Monitor() = %v, want %s, too slow", err, control.ErrorFailed)
	}
}

// Ensure a call that takes no more than one reply is told so, and that one ends with its context.
func TestControl_MonitorEnds(t *testing.T) {
	client := monitored(t, &feed{})
	err := varlink.Call(t.Context(), client.Socket, control.MethodMonitor, nil, nil)
	if e := (*varlink.Error)(nil); !errors.As(err, &e) || e.Name != "org.varlink.service.ExpectedMore" {
		t.Errorf("a call without more: %v, want ExpectedMore", err)
	}
	ctx, end := context.WithCancel(t.Context())
	if err := client.Monitor(ctx, func(control.Event) error { end(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Monitor() = %v, want %v", err, context.Canceled)
	}
}
