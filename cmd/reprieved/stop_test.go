package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reprieve/memcg"
	"reprieve/units"
	"reprieve/units/unitstest"
)

// manager is a systemd that runs hog.service in w-b.slice and along.service elsewhere, which is part of it. It keeps the calls, and after
// the stop it knows nothing of along.service any more, as the real one may.
type manager struct {
	mu    sync.Mutex
	calls []string
	down  bool
	first bool // the kill was first: the service has failed when systemd comes to look
}

func (m *manager) handle(method string, args []any) ([]any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	unit := args[0].(string)
	m.calls = append(m.calls, method+" "+unit)
	none := []string{}
	facts := map[string]any{
		"LoadState": "loaded", "ActiveState": "active", "Transient": false, "RefuseManualStart": false,
		"ActiveEnterTimestampMonotonic": uint64(10), "InactiveEnterTimestampMonotonic": uint64(0),
		"RequiredBy": none, "RequisiteOf": none, "BoundBy": none, "ConsistsOf": none, "PropagatesStopTo": none,
	}
	switch {
	case method == "StopUnit":
		m.down = true
		return unitstest.Job("1"), nil
	case method == "StartUnit":
		return unitstest.Job("2"), nil
	case method == "Get":
		return unitstest.Property("always"), nil
	case unit == "hog.service":
		if m.first {
			facts["ActiveState"], facts["InactiveEnterTimestampMonotonic"] = "failed", uint64(1)<<62
		}
		facts["ConsistsOf"] = []string{"along.service", "idle.service"}
	case unit == "w-b.slice":
		facts["RequiredBy"] = []string{"hog.service"}
	case unit == "idle.service":
		facts["ActiveState"] = "inactive"
	}
	if m.down {
		facts["ActiveState"], facts["ActiveEnterTimestampMonotonic"] = "inactive", uint64(0)
	}
	return unitstest.Properties(facts), nil
}

// called returns where a call came, or -1.
func (m *manager) called(call string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Index(m.calls, call)
}

// Ensure a stop through systemd names who went along, asked before the stop, and starts again by rule what it took down.
func TestShell_StopThroughSystemd(t *testing.T) { stopThrough(t, &manager{}) }

// Ensure the same where the kill was faster than systemd.
func TestShell_StopBeforeSystemd(t *testing.T) { stopThrough(t, &manager{first: true}) }

func stopThrough(t *testing.T, m *manager) {
	t.Helper()
	at := units.Options{PrivateSocket: filepath.Join(t.TempDir(), "private"), BusSocket: filepath.Join(t.TempDir(), "bus")}
	unitstest.Serve(t, at.PrivateSocket, m.handle)
	s := newShellBeside(t, at, "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"1s\"\n[stop]\nsettle = \"1s\"\nrevive_after = \"0\"\n",
		map[string]int{"w.slice/w-b.slice/hog.service": 200})
	s.hold()
	s.write("w.slice/w-b.slice/memory.current", "309715200") // over its mark
	s.write("w.slice/w-b.slice/memory.stat", "active_anon 309715200")
	s.wait("the kill", func() bool { return s.read("w.slice/w-b.slice/cgroup.kill") == "1" })
	s.write("w.slice/w-b.slice/cgroup.events", "populated 0")
	s.wait("the end of it", func() bool { return strings.Contains(s.told.String(), "after the stop of w-b.slice") })
	for want, not := range map[string]string{"along.service": "idle.service", "hog.service is started again when": "cannot"} {
		if told := s.told.String(); !strings.Contains(told, want) || strings.Contains(told, not) {
			t.Errorf("it was not told %q, or %q:\n%s", want, not, told)
		}
	}
	if asked, stopped := m.called("GetAll along.service"), m.called("StopUnit w-b.slice"); asked < 0 || asked > stopped {
		t.Errorf("along.service was asked about at call %d, the stop was call %d, want it asked about before", asked, stopped)
	}
	s.wait("hog.service to be started again", func() bool { return m.called("StartUnit hog.service") >= 0 })
	s.wait("that to be told", func() bool { return strings.Contains(s.told.String(), "hog.service is started again: ") })
}

// Ensure a kill waits until the units are marked, by which systemd knows why they died, and not for ever.
func TestKillJob_WaitsForTheMark(t *testing.T) {
	for _, tt := range []struct {
		name   string
		marked uint64 // at first; the stop is number 2
		mark   bool   // it comes
	}{{"they are marked", 2, false}, {"they will be", 1, true}, {"they never are", 1, false}} {
		root := t.TempDir()
		file := filepath.Join(root, "w.slice", "cgroup.kill")
		if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
		victim, err := memcg.Open(root, "/w.slice")
		if err == nil {
			err = victim.Prepare(memcg.KillFile)
		}
		if err != nil {
			t.Fatal(err)
		}
		s := &slice{}
		s.marked.Store(tt.marked)
		j, done := &killJob{s: s, stop: 2, victim: victim}, make(chan struct{})
		began := time.Now()
		go func() { defer close(done); j.Run() }()
		if tt.mark {
			time.Sleep(20 * markGap)
			text, err := os.ReadFile(file)
			if early := time.Since(began) < markBound; err != nil || (early && len(text) > 0) {
				t.Errorf("%s: cgroup.kill = %q, %v before the mark, want it empty", tt.name, text, err)
			}
			s.marked.Store(2)
		}
		<-done
		if text, err := os.ReadFile(file); err != nil || string(text) != "1" || j.err != nil {
			t.Errorf("%s: cgroup.kill = %q, %v, the kill's error %v; want 1 and none", tt.name, text, err, j.err)
		}
		victim.Release()
	}
}
