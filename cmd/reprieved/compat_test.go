package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// oomUnits is a systemd whose units have ManagedOOM settings of kill, and a systemd-oomd that is active or not.
type oomUnits struct {
	mu   sync.Mutex
	kill map[string]bool
	oomd string
	asks int
}

func (o *oomUnits) set(oomd string, kill ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.oomd, o.kill = oomd, map[string]bool{}
	for _, unit := range kill {
		o.kill[unit] = true
	}
}

func (o *oomUnits) asked() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asks
}

func (o *oomUnits) handle(method string, args []any) ([]any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if method == "ListUnitsByPatterns" {
		o.asks++
		return unitstest.Listed(map[string]string{"w.slice": "active", "v.service": "active", "systemd-oomd.service": o.oomd}), nil
	}
	if method != "Get" {
		return nil, fmt.Errorf("unexpected %s %v", method, args)
	}
	switch unit := args[0].(string); args[2] {
	case "ManagedOOMMemoryPressure":
		return unitstest.Property(map[bool]string{true: "kill", false: "auto"}[o.kill[unit]]), nil
	case "ManagedOOMMemoryPressureLimit":
		return unitstest.Property(uint32(1 << 30)), nil // 25%
	case "ManagedOOMMemoryPressureDurationUSec":
		return unitstest.Property(uint64(7_000_000)), nil
	}
	return unitstest.Property("auto"), nil
}

// newShellOf starts a daemon beside a systemd with such units, with a file reprieve.toml and none for a slice.
func newShellOf(t *testing.T, o *oomUnits, file string) (*shell, *unitstest.Server) {
	t.Helper()
	private := filepath.Join(t.TempDir(), "private")
	server := unitstest.Serve(t, private, o.handle)
	s := &shell{t: t, root: t.TempDir(), ledger: filepath.Join(t.TempDir(), "holds"), told: &log{}, ended: make(chan error, 1)}
	for _, dir := range []string{"w.slice", "w.slice/w-a.slice", "w.slice/w-b.slice"} {
		for name, text := range groupFiles(100) {
			s.write(dir, name, text)
		}
	}
	systemd := units.Options{PrivateSocket: private, BusSocket: filepath.Join(t.TempDir(), "nobody"), ControlDirs: []string{}, Gather: time.Millisecond}
	s.serve(systemd, map[string]string{"../reprieve": file}) // beside the folder of slices
	s.wait("the start", func() bool { return strings.Contains(s.told.String(), "started; ") })
	return s, server
}

// watching reports whether w.slice is watched.
func (s *shell) watching() bool {
	watching := false
	s.onLoop(func() { watching = len(s.d.slices) == 1 })
	return watching
}

// Ensure a slice is watched from the start for what its unit says, with that as the origin, let go when it does not say so any more, and
// taken up again; and that a service is told of once.
func TestCompat(t *testing.T) {
	o := &oomUnits{}
	o.set("inactive", "w.slice", "v.service")
	s, server := newShellOf(t, o, "[compat]\nmanaged_oom = true\n")
	if !strings.Contains(s.told.String(), "started; watching w.slice") {
		t.Errorf("the start does not watch w.slice:\n%s", s.told)
	}
	var full, origin, delay string
	s.onLoop(func() {
		p := s.d.set.Policy("w.slice")
		full, origin, delay = p.Pressure.Full.String(), p.Origins["pressure.full"].String(), p.Hold.Delay.String()
	})
	if full != "25%" || delay != "7s" || origin != "ManagedOOMMemoryPressureLimit= of w.slice" {
		t.Errorf("w.slice has full %s (%s), delay %s; want 25%% of its unit, 7s", full, origin, delay)
	}
	o.set("inactive", "v.service")
	server.Signal(t, "Reloading", false)
	s.wait("the slice to be let go", func() bool { return !s.watching() })
	o.set("inactive", "w.slice", "v.service")
	server.Signal(t, "UnitNew", "w.slice", "/org/freedesktop/systemd1/unit/w_2eslice")
	s.wait("the slice to be watched again", s.watching)
	s.d.desk.Post(s.d.reload)
	s.wait("the reload", func() bool { return strings.Contains(s.told.String(), "configuration taken") })
	if !s.watching() {
		t.Error("a reload lets go of w.slice, whose unit says the same as before")
	}
	if n := strings.Count(s.told.String(), "v.service is no slice"); n != 1 {
		t.Errorf("told of v.service %d times, want once:\n%s", n, s.told)
	}
}

// Ensure nothing is taken while systemd-oomd is active, and that its coming and going is followed.
func TestCompat_OOMD(t *testing.T) {
	o := &oomUnits{}
	o.set("active", "w.slice")
	s, server := newShellOf(t, o, "[compat]\nmanaged_oom = true\n")
	if s.watching() {
		t.Error("w.slice is watched beside systemd-oomd, want it left alone")
	}
	const path = "/org/freedesktop/systemd1/unit/systemd_2doomd_2eservice"
	o.set("inactive", "w.slice")
	server.Changed(t, path, 10)
	s.wait("the slice to be watched", s.watching)
	o.set("activating", "w.slice")
	server.Changed(t, path, 10)
	s.wait("the slice to be let go", func() bool { return !s.watching() })
	told := func() int { return strings.Count(s.told.String(), "systemctl mask --now systemd-oomd.service") }
	s.wait("it to be told again to mask systemd-oomd", func() bool { return told() >= 2 })
	if n := told(); n != 2 {
		t.Errorf("told %d times to mask systemd-oomd, want once each time it runs:\n%s", n, s.told)
	}
}

// Ensure what is known is kept when systemd does not answer.
func TestCompat_Unread(t *testing.T) {
	o := &oomUnits{}
	o.set("inactive", "w.slice")
	s, _ := newShellOf(t, o, "[compat]\nmanaged_oom = true\n")
	s.onLoop(func() { s.d.managedRead(false, units.Managed{}, units.ErrNoAnswer) })
	s.wait("the warning", func() bool { return strings.Contains(s.told.String(), "what is known of systemd's units is kept") })
	if !s.watching() {
		t.Error("w.slice is not watched any more, want what was known kept")
	}
}

// Ensure systemd is asked nothing while the key is off, and a reload that switches it off lets go of what it brought.
func TestCompat_Off(t *testing.T) {
	o := &oomUnits{}
	o.set("inactive", "w.slice")
	s, server := newShellOf(t, o, "[compat]\nmanaged_oom = false\n")
	server.Signal(t, "Reloading", false)
	time.Sleep(100 * time.Millisecond)
	if s.watching() || o.asked() != 0 {
		t.Errorf("w.slice is watched: %v, systemd was asked %d times; want false, not at all", s.watching(), o.asked())
	}
	for _, on := range []bool{true, false} {
		text := fmt.Sprintf("[compat]\nmanaged_oom = %v\n", on)
		if err := os.WriteFile(filepath.Join(s.d.options.Dirs[0], "reprieve.toml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		s.d.desk.Post(s.d.reload)
		s.wait("the reload", func() bool { return s.watching() == on })
	}
	asked := o.asked()
	server.Signal(t, "Reloading", false)
	time.Sleep(100 * time.Millisecond)
	if o.asked() != asked {
		t.Errorf("asked %d times after it was switched off, want not at all", o.asked()-asked)
	}
}
