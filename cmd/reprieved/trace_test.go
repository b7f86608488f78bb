package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/plugins"
)

// traced has the daemon keep traces from now on, and returns where.
func (s *shell) traced() string {
	dir := filepath.Join(s.t.TempDir(), "traces")
	done := make(chan struct{})
	s.d.desk.Post(func() {
		s.d.conf.Trace = dir
		for _, one := range s.d.slices {
			s.d.retrace(one)
		}
		close(done)
	})
	<-done
	// A reading of calm, which the breach is compared with.
	s.d.desk.Post(func() { s.d.slices[0].dirty = true })
	time.Sleep(50 * time.Millisecond)
	return dir
}

// readTraces reads the traces in a directory.
func readTraces(t *testing.T, dir string) []*controller.Trace {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"+traceSuffix))
	if err != nil {
		t.Fatal(err)
	}
	var all []*controller.Trace
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var one controller.Trace
		if err := json.NewDecoder(z).Decode(&one); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, &one)
	}
	return all
}

// replay decides a trace again.
func replay(t *testing.T, trace *controller.Trace) []string {
	t.Helper()
	got, err := controller.Replay(trace, controller.Rules{
		Policy: trace.Policy, Detectors: plugins.Detectors(trace.Policy.Pressure), Order: plugins.Order(trace.Policy.Stop.Pick), Observe: trace.Observe,
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Ensure an episode leaves a trace in a private directory, and that the trace decided again is the episode. Without the slope: that
// goes by readings from before the recorder was there.
func TestShell_Trace(t *testing.T) {
	for _, test := range []struct{ name, policy, end, want string }{
		{"relief", "[pressure]\nevents = [\"max\"]\nleft = \"0\"\n[hold]\ndelay = \"1m\"\ncalm = \"500ms\"\n", "w.slice is calm again", "tell relief"},
		{"stop", "[pressure]\nevents = [\"max\"]\nleft = \"0\"\n[hold]\ndelay = \"1s\"\n[stop]\nsettle = \"1s\"\n", "after the stop of w-b.slice", "kill w-b.slice"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShell(t, test.policy)
			dir := s.traced()
			s.hold()
			if test.name == "stop" {
				s.write("w.slice/w-b.slice/memory.current", "309715200") // over its mark
				s.write("w.slice/w-b.slice/memory.stat", "active_anon 309715200")
				s.wait("the kill", func() bool { return s.read("w.slice/w-b.slice/cgroup.kill") == "1" })
				s.write("w.slice/w-b.slice/cgroup.events", "populated 0")
			}
			s.wait("the end of it", func() bool { return strings.Contains(s.told.String(), test.end) })
			s.wait("the trace", func() bool { return len(readTraces(t, dir)) == 1 })
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("Stat(%s) = %v, %v, want mode 0700", dir, info.Mode(), err)
			}
			trace := readTraces(t, dir)[0]
			if trace.Cut || len(trace.Beside) > 0 || trace.Slice != "w.slice" {
				t.Errorf("trace of %s, cut %v, beside %q, want w.slice's, whole, alone", trace.Slice, trace.Cut, trace.Beside)
			}
			if all := strings.Join(trace.Decisions, "\n"); !strings.Contains(all, " hold w-b.slice by throttle") || !strings.Contains(all, test.want) {
				t.Errorf("decisions of the trace:\n%s\nwant a hold of w-b.slice, and %q", all, test.want)
			}
			if diff := cmp.Diff(trace.Decisions, replay(t, trace)); diff != "" {
				t.Errorf("replayed, it decides otherwise (-was +is):\n%s", diff)
			}
		})
	}
}

// Ensure the end of the daemon leaves the trace of an episode that runs, and that no directory is no trace.
func TestShell_TraceEnd(t *testing.T) {
	s := newShell(t, "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"1m\"\ncalm = \"30s\"\n")
	dir := s.traced()
	s.hold()
	s.d.desk.Post(s.d.end)
	s.wait("the trace", func() bool { return len(readTraces(t, dir)) == 1 })
	trace := readTraces(t, dir)[0]
	if last := trace.Inputs[len(trace.Inputs)-1]; last.Kind != controller.InputClose {
		t.Errorf("the last input of the trace is a %s, want %s", last.Kind, controller.InputClose)
	}
}

// machine is a calm machine that is recorded, with a policy under which a rise of max is a breach.
func machine() (*controller.Machine, *recorder) {
	p := configs.Policy{
		Slice: "w.slice", Pressure: configs.Pressure{Events: []string{"max"}, Window: time.Second},
		Hold: configs.Hold{By: "none", On: "growers", Delay: 24 * time.Hour, Calm: time.Second},
	}
	m := controller.NewMachine(&controller.Host{}, "w.slice", controller.Rules{Policy: p, Detectors: plugins.Detectors(p.Pressure)},
		controller.NewLeaf("w.slice", "/w.slice", 1), newID)
	return m, newRecorder(m)
}

// play has a machine step once, with so many max events so far, and reports whether that ended an episode.
func play(m *controller.Machine, r *recorder, now time.Duration, events uint64) bool {
	in := controller.Reading{EventsOK: true, UsageOK: true, Events: memcg.Events{Max: events}}
	return r.decided(m.Step(now, &in, nil))
}

// Ensure a trace is bounded, and says that it was cut.
func TestRecorder_Cut(t *testing.T) {
	m, r := machine()
	play(m, r, 0, 0)
	for i := range traceInputs + 10 {
		play(m, r, time.Duration(i+1)*100*time.Millisecond, uint64(i+1))
	}
	if n := len(r.trace.Inputs); n != traceInputs || !r.trace.Cut {
		t.Errorf("the trace has %d inputs, cut %v, want %d, true", n, r.trace.Cut, traceInputs)
	}
}

// Ensure readings of calm are dropped, an episode that goes on after relief is one trace, and one long after it begins another.
func TestRecorder_Begins(t *testing.T) {
	m, r := machine()
	now := time.Duration(0)
	breach := func(events uint64) int {
		t.Helper()
		play(m, r, now, events)
		for now += 100 * time.Millisecond; !play(m, r, now, events); now += 100 * time.Millisecond {
			if m.Phase() == controller.PhaseCalm {
				t.Fatal("the rise was no breach")
			}
		}
		now += 100 * time.Millisecond
		if diff := cmp.Diff(r.trace.Decisions, replay(t, r.trace)); diff != "" {
			t.Errorf("replayed, it decides otherwise (-was +is):\n%s", diff)
		}
		return strings.Count(strings.Join(r.trace.Decisions, "\n"), "breach by max")
	}
	for range 100 {
		play(m, r, now, 0)
		now += time.Second
	}
	if n := breach(1); n != 1 {
		t.Errorf("the trace has %d breaches, want 1", n)
	}
	if n := len(r.trace.Inputs); n > 60 {
		t.Errorf("the trace has %d inputs, want none of calm but the last %d", n, traceBefore)
	}
	if n := breach(2); n != 2 {
		t.Errorf("the trace of an episode that goes on has %d breaches, want 2", n)
	}
	now += time.Hour
	if n := breach(3); n != 1 {
		t.Errorf("the trace of an episode an hour later has %d breaches, want 1", n)
	}
}

// Ensure the newest traces stay, and files of another kind.
func TestWriteTrace_Bounded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "traces")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range traceFiles + 3 {
		name := fmt.Sprint("episode-", i)
		if err := writeTrace(dir, name, &controller.Trace{Slice: name}); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(int64(i), 0)
		if err := os.Chtimes(filepath.Join(dir, name+traceSuffix), at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := dropOldTraces(dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != traceFiles+1 {
		t.Errorf("%d files in the directory, want %d traces and the notes", len(entries), traceFiles)
	}
	for _, gone := range []string{"episode-0", "episode-2"} {
		if _, err := os.Stat(filepath.Join(dir, gone+traceSuffix)); err == nil {
			t.Errorf("%s is there, want the oldest gone", gone)
		}
	}
}
