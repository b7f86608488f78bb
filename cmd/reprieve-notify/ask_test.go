package main

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
)

// standingMount has a.scope of the user's manager held at 40 MB.
func standingMount(t *testing.T) string {
	t.Helper()
	return cgroups(t, map[string]string{"user.slice/user-1000.slice/user@1000.service/app.slice/a.scope/memory.high": "41943040"})
}

// fakeStatus is an episode in user.slice, by a script.
type fakeStatus struct {
	mu     sync.Mutex
	asked  int
	holds  []control.Hold
	before func() // the next answer, once
}

func (f *fakeStatus) answer() (string, *dbus.Error) {
	f.mu.Lock()
	f.asked++
	now, before := &control.Now{Episode: "7c0a", DeadlineUnixUsec: deadline() * 1e6, Holds: f.holds}, f.before
	f.before = nil
	f.mu.Unlock()
	if before != nil {
		before()
	}
	text, err := json.Marshal(control.Status{Slices: []control.Slice{{Unit: "user.slice", Path: "/user.slice", Phase: control.Held, Episode: now}}})
	if err != nil {
		return "", dbus.MakeFailedError(err)
	}
	return string(text), nil
}

// script has holds in what is answered from now on, the first time after something.
func (f *fakeStatus) script(before func(), holds ...control.Hold) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.holds = before, holds
}

func (f *fakeStatus) times() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// Ensure a hold that was there before anybody listened is shown once the daemon tells, whoever has the name, and that one whose end
// overtakes the answer is not.
func TestProgram_Standing(t *testing.T) {
	const shown = " urgency 2 expire 0: a.scope is held: Memory is short. If that goes on, it may be stopped in 3"
	bus, desktop, address, _ := started(t)
	held := control.Hold{Unit: "a.scope", By: "throttle", MarkBytes: 40 << 20}
	bus.status.script(nil, held, control.Hold{Unit: "other.scope", By: "throttle", MarkBytes: 40 << 20})
	bus.connected(t, true)
	if got := desktop.next(t); !strings.HasPrefix(got, "1"+shown) {
		t.Errorf("a hold that was there is shown as %q", got)
	}
	bus.connected(t, false)
	if got := afterUpdates(t, desktop); got != "1 closed" {
		t.Errorf("without the daemon the desktop is told %q, want the notification closed", got)
	}

	over, asked := make(chan struct{}), bus.status.times()
	bus.status.script(func() { <-over }, held)
	bus.connected(t, true)
	for bus.status.times() == asked { // The answer with the hold is on its way.
		time.Sleep(time.Millisecond)
	}
	bus.status.script(nil)
	bus.emit(t, reprieve1.Held, event("b.scope", 1000, 0))
	bus.emit(t, reprieve1.Relieved, event("", 0, 0))
	for _, want := range []string{"2 urgency 2 expire 0: b.scope is held", "2 closed", "3 urgency 1 expire -1: No longer held: b.scope"} {
		if got := desktop.next(t); !strings.HasPrefix(got, want) {
			t.Errorf("the desktop is told %q, want %q", got, want)
		}
	}
	close(over)
	for bus.status.times() == asked+1 { // It is asked again.
		time.Sleep(time.Millisecond)
	}

	if _, err := bus.conn.ReleaseName(reprieve1.Name); err != nil {
		t.Fatal(err)
	}
	bus = newBus(t, address)
	bus.status.script(nil, held)
	bus.connected(t, true)
	if got := desktop.next(t); !strings.HasPrefix(got, "4"+shown) {
		t.Errorf("by another who has the name the hold is shown as %q", got)
	}
}
