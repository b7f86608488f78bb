package units_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// followed is a manager that is followed: each call of changed comes in news.
func followed(t *testing.T, o units.Options) (h *host, s *unitstest.Server, news chan struct{}) {
	t.Helper()
	private, bus := paths(t)
	s = unitstest.Serve(t, private, (&settled{states: map[string]string{}}).handle)
	o.Gather = time.Millisecond
	if o.ControlDirs == nil {
		o.ControlDirs = []string{filepath.Join(t.TempDir(), "none")}
	}
	h = run(t, private, bus, o)
	h.awaitVia(t, units.ViaPrivate)
	news = make(chan struct{}, 100)
	if err := h.FollowManagedOOM(func() { news <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	return h, s, news
}

// none fails when there is news, after a time in which there would have been.
func none(t *testing.T, news chan struct{}, after string) {
	t.Helper()
	time.Sleep(100 * time.Millisecond)
	if n := len(news); n > 0 {
		t.Errorf("told %d times after %s, want not at all", n, after)
	}
}

// Ensure the signals that may change the answer are told, and no others.
func TestManager_FollowManagedOOM_Signals(t *testing.T) {
	h, s, news := followed(t, units.Options{})
	for _, tt := range []struct {
		name string
		send func()
		want bool
	}{
		{"a reload that begins", func() { s.Signal(t, "Reloading", true) }, false},
		{"a reload that is over", func() { s.Signal(t, "Reloading", false) }, true},
		{"a service", func() { s.Signal(t, "UnitNew", "a.service", "/org/freedesktop/systemd1/unit/a_2eservice") }, false},
		{"a slice", func() { s.Signal(t, "UnitNew", "a.slice", "/org/freedesktop/systemd1/unit/a_2eslice") }, true},
		{"a slice that goes", func() { s.Signal(t, "UnitRemoved", "a.slice", "/org/freedesktop/systemd1/unit/a_2eslice") }, false},
		{"a slice that stops", func() { s.Changed(t, "/org/freedesktop/systemd1/unit/a_2eslice", 10) }, false},
		{"systemd-oomd", func() { s.Changed(t, "/org/freedesktop/systemd1/unit/systemd_2doomd_2eservice", 10) }, true},
		{"systemd-oomd with a long body", func() { s.Changed(t, "/org/freedesktop/systemd1/unit/systemd_2doomd_2eservice", 10_000) }, true},
		{"a job", func() { s.Signal(t, "JobNew", uint32(1), "/job/1", "systemd-oomd.service") }, false},
	} {
		tt.send()
		if tt.want {
			receive(t, news)
		} else {
			none(t, news, tt.name)
		}
	}
	if _, err := h.ManagedOOM(t.Context(), "slice"); err != nil {
		t.Errorf("a call behind the signals: %v", err)
	}
	if err := h.FollowManagedOOM(nil); err != nil {
		t.Fatal(err)
	}
	s.Signal(t, "Reloading", false)
	none(t, news, "the end")
}

// Ensure many signs at once are told once, or once more for those that came late.
func TestManager_FollowManagedOOM_Gathers(t *testing.T) {
	private, bus := paths(t)
	s := unitstest.Serve(t, private, (&settled{}).handle)
	h := run(t, private, bus, units.Options{Gather: 300 * time.Millisecond, ControlDirs: []string{}})
	h.awaitVia(t, units.ViaPrivate)
	news := make(chan struct{}, 100)
	if err := h.FollowManagedOOM(func() { news <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		s.Signal(t, "UnitNew", "a.slice", "/org/freedesktop/systemd1/unit/a_2eslice")
	}
	receive(t, news)
	time.Sleep(400 * time.Millisecond)
	if n := len(news); n > 1 {
		t.Errorf("told %d times more for 50 signals, want at most once", n)
	}
}

// Ensure a new connection is told: what happened meanwhile is not known.
func TestManager_FollowManagedOOM_Connection(t *testing.T) {
	_, s, news := followed(t, units.Options{})
	s.Drop()
	receive(t, news)
}

// Ensure what systemctl set-property writes is told, wherever the directories come from, and other files are not.
func TestManager_FollowManagedOOM_DropIns(t *testing.T) {
	etc, run := filepath.Join(t.TempDir(), "system.control"), filepath.Join(t.TempDir(), "system.control")
	write := func(parts ...string) {
		t.Helper()
		path := filepath.Join(parts...)
		temporary := filepath.Join(filepath.Dir(path), ".#"+filepath.Base(path)+"1a2b")
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(temporary, []byte("[Slice]\nManagedOOMSwap=kill\n"), 0o644)
		}
		if err == nil {
			err = os.Rename(temporary, path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(etc, "old.slice.d/50-ManagedOOMSwap.conf")
	_, _, news := followed(t, units.Options{ControlDirs: []string{etc, run}})
	none(t, news, "the start")
	write(etc, "old.slice.d/50-ManagedOOMSwap.conf")
	receive(t, news)
	write(etc, "old.slice.d/50-MemoryHigh.conf")
	none(t, news, "another setting")
	write(etc, "a.service.d/50-ManagedOOMSwap.conf")
	none(t, news, "a setting of a service")
	write(run, "new.slice.d/50-ManagedOOMMemoryPressure.conf")
	receive(t, news)
	for settled := false; !settled; { // the directories come one after the other
		select {
		case <-news:
		case <-time.After(100 * time.Millisecond):
			settled = true
		}
	}
	write(run, "new.slice.d/50-ManagedOOMMemoryPressure.conf")
	receive(t, news)
}

// Ensure the bus is asked for signals while somebody follows, once a connection, and not otherwise.
func TestManager_ManagedOOM_Subscribes(t *testing.T) {
	world := &settled{states: map[string]string{}}
	private, bus := paths(t)
	unitstest.Serve(t, bus, world.handle)
	h := run(t, private, bus, units.Options{ControlDirs: []string{}, Gather: time.Hour})
	read := func() {
		t.Helper()
		if _, err := h.ManagedOOM(t.Context(), "slice"); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if n := world.asked("Subscribe"); n != 0 {
		t.Errorf("subscribed %d times though nobody follows, want not at all", n)
	}
	if err := h.FollowManagedOOM(func() {}); err != nil {
		t.Fatal(err)
	}
	read()
	read()
	if n := world.asked("Subscribe"); n != 1 {
		t.Errorf("subscribed %d times, want once", n)
	}
}
