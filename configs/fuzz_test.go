package configs

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzLoad: whatever bytes a slice file has, the loader does not panic, and gives either errors of one line each that
// name the file, or a policy within its bounds.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "# Nothing.\n", "priority = 5\n", "[pressure]\nfull = \"20%\"\nevents = [\"max\", \"oom\"]\n",
		"hold.delay = \"1d\"\n[stop]\npick = 1\n", "pressure = {some = \"0.1%\", window = '10s'}\nhold.calm = '200ms'\n",
		"[[pressure]]\n", "a.b.c = 1\n\"\" = 2\n", "\"a\\nb\" = 1\n", "\xff\x00", "[hold]\ndelay = \"0\"\nurgent = \"100%\"\n", "x = {a = [{b = 1}]}\n",
		"stop.pick = [\"stall\", \"swap\"]\nstop.min = \"64M\"\n", "[stop]\nrevive_max = \"3/1h\"\nrevive_after = \"0\"\nrevive = \"calm\"\narm = false\n",
		"pressure = {left = \"3s\", scarce = \"0%\"}\nhold = {squeeze = \"50%\", lend = 1048576}\nstop.hooks = \"0\"\n",
		"[[hold.step]]\nby = \"signal\"\nunit = \"a.service\"\ndelay = \"1s\"\n[[hold.step]]\nby = \"freeze\"\ndelay = \"2s\"\nsignal = 1\n",
		"[[hold.step]]\r\nby = \"none\"\r\ndelay = \"1s\"\r\n[[hold.step]]\r\n[hold.step.x]\r\ny = \"\"\"\r\n[[hold.step]]\r\n\"\"\"\r\n",
		"hold.step = [{by = \"start\", unit = \"a@b.timer\", delay = \"10m\"}, {}]\n", "hold.step = [[], 1]\n", "[[hold]]\n[[hold.step]]\n", "hold.step = []\n",
		"stop = {pick = [], revive_max = \"0/1d\"}\n", "stop.pick = \"larges\"\nstop.min = \"0%\"\n",
	} {
		f.Add([]byte(seed))
	}
	example, err := os.ReadFile("shipped/examples/batch.slice.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		must(t, os.Mkdir(filepath.Join(dir, "slices"), 0o755))
		path := filepath.Join(dir, "slices", "a.slice.toml")
		must(t, os.WriteFile(path, text, 0o644))
		set, err := Load(Options{Dirs: []string{dir}})
		if err == nil {
			checkBounds(t, set.Policy("a.slice"), path)
			return
		}
		var errs Errors
		if set != nil || !errors.As(err, &errs) || len(errs) == 0 {
			t.Fatalf("Load = %v, %v; want no set and Errors", set, err)
		}
		if lines := strings.Split(err.Error(), "\n"); len(lines) != len(errs) {
			t.Errorf("%d errors in %d lines:\n%v", len(errs), len(lines), err)
		}
		for _, e := range errs {
			if e.File != path || e.Line < 0 || e.Line > 1+strings.Count(string(text), "\n") {
				t.Errorf("error at %s:%d, want a line of %s: %v", e.File, e.Line, path, e)
			}
		}
	})
}

// checkBounds checks all that a valid policy promises.
func checkBounds(t *testing.T, p Policy, path string) {
	t.Helper()
	share := func(s Share, least Share) bool { return s >= least && s <= 10000 }
	within := func(d, least, most time.Duration) bool { return d >= least && d <= most }
	limits := 0
	if p.Pressure.Left > 0 && p.Origins["pressure.left"].File != "" {
		limits++
	}
	for _, s := range []Share{p.Pressure.Full, p.Pressure.Some} {
		if s != 0 {
			limits++
			if !share(s, 10) {
				t.Errorf("pressure share %s", s)
			}
		}
	}
	for i, event := range p.Pressure.Events {
		limits++
		if !slices.Contains([]string{"max", "oom", "high", "low", "oom_kill"}, event) || slices.Contains(p.Pressure.Events[:i], event) {
			t.Errorf("events %q", p.Pressure.Events)
		}
	}
	for i, name := range p.Stop.Pick {
		known := []string{"growth", "largest", "newest", "offender", "priority", "reclaim", "stall", "swap"}
		if !slices.Contains(known, name) || slices.Contains(p.Stop.Pick[:i], name) {
			t.Errorf("pick %q", p.Stop.Pick)
		}
	}
	ways := []string{"throttle", "freeze", "raise", "none", "signal", "start"}
	var sum time.Duration
	for _, s := range p.Hold.Steps {
		sum += s.Delay
		signal, unit := s.By == "signal", s.By == "signal" || s.By == "start"
		if !slices.Contains(ways, s.By) || !within(s.Delay, 100*time.Millisecond, 10*time.Minute) || unit != (s.Unit != "") ||
			signal != (s.Signal != "") || signal != (s.To != "") || signal != (s.SignalNumber() > 0) {
			t.Errorf("step %+v", s)
		}
	}
	if len(p.Hold.Steps) == 0 {
		sum = p.Hold.Delay
	}
	for _, check := range []struct {
		what string
		ok   bool
	}{
		{"watched means a limit", p.Watched == (limits > 0)},
		{"masked means no text", p.Masked == "" || p.Masked == path && !p.Watched},
		{"priority", p.Priority >= -1000 && p.Priority <= 1000},
		{"window", within(p.Pressure.Window, 500*time.Millisecond, 10*time.Second)},
		{"by, on, from, revive", slices.Contains(ways[:4], p.Hold.By) && slices.Contains([]string{"growers", "slice"}, p.Hold.On) &&
			slices.Contains([]string{"slices", "units"}, p.Stop.From) && slices.Contains([]string{"never", "calm", "restart"}, p.Stop.Revive)},
		{"pick", len(p.Stop.Pick) > 0},
		{"min", p.Stop.Min.Share <= 10000 && (p.Stop.Min.Share == 0 || p.Stop.Min.Bytes == 0)},
		{"revive_after", within(p.Stop.ReviveAfter, 0, time.Hour)},
		{"revive_max", p.Stop.ReviveMax.Count >= 1 && p.Stop.ReviveMax.Count <= 1000 && within(p.Stop.ReviveMax.Per, time.Second, 24*time.Hour)},
		{"delay", within(p.Hold.Delay, 0, 10*time.Minute)},
		{"calm", within(p.Hold.Calm, 0, 5*time.Minute) && (sum == 0 || p.Hold.Calm <= sum && p.Hold.Calm >= min(sum/2, 200*time.Millisecond))},
		{"steps", len(p.Hold.Steps) <= 16 && sum <= p.Hold.Delay},
		{"scarce, left", share(p.Pressure.Scarce, 0) && within(p.Pressure.Left, 0, time.Minute)},
		{"squeeze, lend", p.Hold.Squeeze <= 5000 && p.Hold.LendBytes >= 1<<20 && p.Hold.LendBytes <= 1<<40},
		{"hooks", within(p.Stop.Hooks, 0, 10*time.Second)},
		{"urgent", share(p.Hold.Urgent, 0)},
		{"futile", within(p.Hold.Futile, 100*time.Millisecond, time.Minute)},
		{"grace", within(p.Stop.Grace, 0, time.Minute)},
		{"settle", within(p.Stop.Settle, 0, 5*time.Minute)},
	} {
		if !check.ok {
			t.Errorf("%s is out of bounds in %+v", check.what, p)
		}
	}
	for key, origin := range p.Origins {
		if origin.File != "" && (origin.File != path || origin.Line == 0) {
			t.Errorf("%s is from %+v, want a line of %s", key, origin, path)
		}
	}
}
