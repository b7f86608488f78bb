package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reprieve/episodes"
	"reprieve/internal/control"
)

// status asks as the control socket does.
func (s *shell) status() control.Status {
	s.t.Helper()
	answers := make(chan control.Status, 1)
	s.d.askStatus(func(got control.Status) { answers <- got })
	select {
	case got := <-answers:
		return got
	case <-time.After(20 * time.Second):
		s.t.Fatal("no answer")
		return control.Status{}
	}
}

// Ensure who asks is told of the slice that is watched, of what is held while it is, and of what became of it.
func TestStatus(t *testing.T) {
	s := newShell(t, "priority = 7\n[pressure]\nfull = \"25%\"\nevents = [\"max\"]\n[hold]\ndelay = \"1m\"\ncalm = \"500ms\"\n")
	s.opened()
	got := s.status()
	if len(got.Slices) != 1 || got.PID != os.Getpid() || got.Observe || got.Bus == "connected" {
		t.Fatalf("status %+v, want one slice, this process, no systemd", got)
	}
	w := got.Slices[0]
	if w.Unit != "w.slice" || w.Phase != control.Calm || w.Priority != 7 || w.Leaves != 2 || w.Limits.FullPercent != 25 || w.Episode != nil || w.Last != nil || w.Ways != "throttle" {
		t.Errorf("w.slice in calm: %+v", w)
	}
	s.hold()
	s.wait("the hold to be told", func() bool {
		e := s.status().Slices[0].Episode
		return e != nil && len(e.Holds) == 1 && s.status().Slices[0].Counters.Holds == 1
	})
	w = s.status().Slices[0]
	if e := w.Episode; w.Phase != control.Held || e.Holds[0].Unit != "w-b.slice" || e.Holds[0].By != "throttle" || e.Holds[0].MarkBytes == 0 || e.Breach == "" || e.DeadlineUnixUsec <= e.BeganUnixUsec {
		t.Errorf("w.slice while w-b.slice is held: phase %s, %+v", w.Phase, e)
	}
	s.wait("the relief", func() bool { return strings.Contains(s.told.String(), "w.slice is calm again") })
	s.wait("the last episode", func() bool { return s.status().Slices[0].Last != nil })
	w = s.status().Slices[0]
	if w.Last.Outcome != episodes.Relieved || w.Counters.Relieved != 1 || w.Counters.Outcomes[episodes.Relieved] != 1 || w.Counters.Breaches != 1 || w.Counters.Stops != 0 {
		t.Errorf("afterwards: last %+v, counters %+v; want one breach that was relieved", w.Last, w.Counters)
	}
}

// Ensure a plan ranks the leaves as a stop would, and stops nobody.
func TestPlan(t *testing.T) {
	s := newShell(t, "[pressure]\nfull = \"25%\"\n[stop]\nmin = \"150M\"\n")
	s.opened()
	s.write("w.slice/w-b.slice", "memory.current", large)
	s.write("w.slice/w-b.slice", "memory.stat", "active_anon "+large)
	type answer struct {
		plan control.Plan
		err  error
	}
	asks := func(slice string) answer {
		answers := make(chan answer, 1)
		s.d.askPlan(slice, func(p control.Plan, err error) { answers <- answer{p, err} })
		return <-answers
	}
	for range 3 { // what it has open is given back
		got := asks("w.slice")
		if got.err != nil || got.plan.Slice != "w.slice" || len(got.plan.Verdict.Candidates) != 2 || got.plan.Verdict.Eligible != 1 {
			t.Fatalf("plan %+v, %v; want two candidates, one of them eligible", got.plan, got.err)
		}
		first, second := got.plan.Verdict.Candidates[0], got.plan.Verdict.Candidates[1]
		if first.Unit != "w-b.slice" || first.Rank != 1 || second.Unit != "w-a.slice" || second.Rank != 0 || !strings.Contains(second.Out, "below min") {
			t.Errorf("first %+v, second %+v; want w-b.slice, then w-a.slice below min", first, second)
		}
	}
	if got := asks("x.slice"); !errors.Is(got.err, errNoSuchSlice) {
		t.Errorf("a plan for a slice that is not watched: %v, want errNoSuchSlice", got.err)
	}
	for _, leaf := range []string{"w-a.slice", "w-b.slice"} {
		if got := s.read("w.slice", leaf, "cgroup.kill"); got != "" {
			t.Errorf("cgroup.kill of %s = %q, want nothing", leaf, got)
		}
	}
	var spare int
	s.onLoop(func() { spare = len(s.d.slices[0].roster.spare) })
	if spare != 2 {
		t.Errorf("%d weighings are free afterwards, want both", spare)
	}
}

// Ensure a pause lifts what is held, is told, remembered for the next process, and ended.
func TestPause(t *testing.T) {
	s := newShell(t, "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"1m\"\ncalm = \"30s\"\n")
	file := filepath.Join(t.TempDir(), "paused")
	s.onLoop(func() { s.d.pauseFile = file })
	s.hold()
	pause := func(length time.Duration) int {
		released := make(chan int, 1)
		s.d.askPause(length, func(n int) { released <- n })
		return <-released
	}
	if n := pause(time.Hour); n != 1 {
		t.Errorf("a pause lifts %d holds, want 1", n)
	}
	s.wait("the old limit", func() bool { return s.read("w.slice/w-b.slice/memory.high") == none })
	s.wait("the file", func() bool { _, err := os.Stat(file); return err == nil })
	if got := s.status(); got.PausedUntilUnixUsec <= time.Now().Add(50*time.Minute).UnixMicro() || got.Slices[0].Phase != control.Calm {
		t.Errorf("paused until %d, phase %s; want an hour from now, calm", got.PausedUntilUnixUsec, got.Slices[0].Phase)
	}
	next := &daemon{pauseFile: file, tell: newTeller(&log{}), start: time.Now()}
	next.tell.sender.Close()
	if next.recallPause(); next.pausedUntil < 50*time.Minute {
		t.Errorf("the next process is paused for %v, want an hour", next.pausedUntil)
	}
	pause(0)
	s.wait("the end of the pause", func() bool { return s.status().PausedUntilUnixUsec == 0 })
	s.wait("the file to be gone", func() bool { _, err := os.Stat(file); return os.IsNotExist(err) })
	for _, want := range []string{"paused by hand for 1h0m0s", "the pause is ended by hand", "is let be after"} {
		s.wait("it to be told: "+want, func() bool { return strings.Contains(s.told.String(), want) })
	}
}

// Ensure a record of each episode is written, with the policy that was in force and what was read.
func TestChronicle(t *testing.T) {
	s := newShell(t, "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"1m\"\ncalm = \"500ms\"\n")
	dir := filepath.Join(t.TempDir(), "episodes")
	s.onLoop(func() { s.d.tell.chronicle.dir = dir })
	s.hold()
	s.wait("the relief", func() bool { return strings.Contains(s.told.String(), "w.slice is calm again") })
	var names []string
	s.wait("the record", func() bool { names, _ = filepath.Glob(filepath.Join(dir, "*.json")); return len(names) == 1 })
	got, err := episodes.Read(names[0])
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcome != episodes.Relieved || !slices.Equal(got.Held, []string{"w-b.slice"}) || got.Slice != "w.slice" || got.Ended.Before(got.Began) {
		t.Errorf("summary %+v, want w-b.slice held and relieved", got.Summary)
	}
	if !slices.ContainsFunc(got.Policy, func(p episodes.Setting) bool { return p.Key == "hold.delay" && p.Value == "1m" }) {
		t.Errorf("hold.delay of 1m is not in the policy: %+v", got.Policy)
	}
	kinds := map[string]bool{}
	for _, e := range got.Events {
		kinds[e.Kind] = true
	}
	if !kinds["breach"] || !kinds["hold"] || !kinds["relief"] || len(got.Samples.AtUsec) < 3 || slices.Max(got.Samples.Held) != 1 {
		t.Errorf("events %v, %d readings; want breach, hold and relief, and some readings with one held", kinds, len(got.Samples.AtUsec))
	}
}
