package controller_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/controller"
)

// fixtures reads the traces that scenarios left; "make traces" takes them anew.
func fixtures(t *testing.T) map[string]*controller.Trace {
	t.Helper()
	paths, err := filepath.Glob("testdata/traces/*.json.gz")
	if err != nil || len(paths) == 0 {
		t.Fatalf("traces in testdata/traces: %q, %v, want some", paths, err)
	}
	all := map[string]*controller.Trace{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var one controller.Trace
		if err := json.NewDecoder(z).Decode(&one); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		f.Close()
		all[strings.TrimSuffix(filepath.Base(path), ".json.gz")] = &one
	}
	return all
}

// rulesOf are the rules that a trace was recorded under.
func rulesOf(trace *controller.Trace) controller.Rules {
	r := rules(trace.Policy)
	r.Observe = trace.Observe
	return r
}

// Ensure an episode of a real kernel, decided again, is the same episode.
func TestReplay_Fixtures(t *testing.T) {
	for name, trace := range fixtures(t) {
		got, err := controller.Replay(trace, rulesOf(trace))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(trace.Decisions, got); diff != "" || len(got) == 0 {
			t.Errorf("%s: %d decisions; replayed, it decides otherwise (-was +is):\n%s", name, len(got), diff)
		}
	}
}

// Ensure no hold in any of them goes on beyond the delay: from the first look after that on, it is lifted or being lifted.
func TestReplay_HoldsEnd(t *testing.T) {
	held := 0
	for name, trace := range fixtures(t) {
		since := map[uint64]time.Duration{} // by inode
		err := controller.ReplayEach(trace, rulesOf(trace), func(i int, _ *controller.Machine, decided []controller.Decision) {
			in := &trace.Inputs[i]
			for _, d := range decided {
				switch d.Action {
				case controller.Hold:
					since[d.Leaf.Inode] = in.At
					held++
				case controller.Lift:
					delete(since, d.Leaf.Inode)
				}
			}
			switch {
			case in.Kind == controller.InputHold && in.Err != nil, in.Kind == controller.InputGone:
				delete(since, in.Inode)
			case in.Kind == controller.InputStep:
				for inode, at := range since {
					if in.At-at > trace.Policy.Hold.Delay {
						t.Errorf("%s: at %v (input %d) the leaf with inode %d is held for %v, longer than the delay of %v", name, in.At, i, inode, in.At-at, trace.Policy.Hold.Delay)
					}
				}
			}
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if held == 0 {
		t.Error("nobody was held in any trace")
	}
}

// evidenceSeen is a detector that remembers what it and those before it saw in a step.
type evidenceSeen struct {
	of   controller.Detector
	most *controller.Evidence
}

func (d evidenceSeen) Detect(s *controller.Sight) (controller.Breach, controller.Evidence) {
	b, e := d.of.Detect(s)
	*d.most = max(*d.most, e)
	return b, e
}

// Ensure a stop in any of them follows a choice that was begun while some evidence pressed, the kernel's own kills apart.
func TestReplay_StopsUnderPressure(t *testing.T) {
	stops := 0
	for name, trace := range fixtures(t) {
		var most controller.Evidence
		r := rulesOf(trace)
		for i, d := range r.Detectors {
			r.Detectors[i] = evidenceSeen{d, &most}
		}
		pressed := false // when the last choice was begun
		err := controller.ReplayEach(trace, r, func(i int, m *controller.Machine, decided []controller.Decision) {
			in := &trace.Inputs[i]
			for _, d := range decided {
				switch {
				case d.Action == controller.Weigh && in.Kind == controller.InputStep:
					pressed = pressed || most == controller.Pressing || m.Presses(in.At)
				case d.Action == controller.Report && d.Note.Kind == controller.NoteStop:
					stops++
					if !pressed && d.Note.Why != controller.BecauseKernel {
						t.Errorf("%s: at %v (input %d) %s is stopped, and nothing pressed", name, in.At, i, d.Note.Unit)
					}
					pressed = false
				case d.Action == controller.Report && d.Note.Kind == controller.NoteRelief:
					pressed = false
				}
			}
			most = 0
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if stops == 0 {
		t.Error("nobody was stopped in any trace")
	}
}

// blind is a trace in which nothing can be read any more after its breach.
func blind(trace *controller.Trace) *controller.Trace {
	b := *trace
	b.Inputs = append([]controller.Input(nil), trace.Inputs...)
	for i := range b.Inputs {
		in := &b.Inputs[i]
		if in.Kind != controller.InputStep || len(in.Leaves) == 0 {
			continue // up to the breach no leaf is read
		}
		in.Reading = &controller.Reading{}
		leaves := append([]controller.LeafSeen(nil), in.Leaves...)
		for k := range leaves {
			leaves[k].Reading = controller.LeafReading{}
		}
		in.Leaves, in.Witnesses, in.Parts = leaves, nil, nil
	}
	return &b
}

// Ensure readings that are missing stop nobody in any of them.
func TestReplay_Blind(t *testing.T) {
	for name, trace := range fixtures(t) {
		got, err := controller.Replay(blind(trace), rulesOf(trace))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, line := range got {
			if strings.Contains(line, " tell stop ") {
				t.Errorf("%s: %s, want no stop where nothing is read", name, line)
			}
		}
	}
}

// Ensure one reading makes a difference: without what fired at the breach, the trace of a hog is another story.
func TestReplay_OneReadingChanged(t *testing.T) {
	trace := fixtures(t)["TestHogIsStopped-1"]
	if trace == nil {
		t.Fatal("there is no TestHogIsStopped-1")
	}
	last := -1 // the step that is the breach: the last that read no leaf before one that did
	for i, in := range trace.Inputs {
		if in.Kind == controller.InputStep && len(in.Leaves) > 0 {
			break
		}
		if in.Kind == controller.InputStep {
			last = i
		}
	}
	if last < 0 {
		t.Fatal("no step before the first with leaves")
	}
	trace.Inputs[last].Reading = &controller.Reading{}
	got, err := controller.Replay(trace, rulesOf(trace))
	if err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(trace.Decisions, got) {
		t.Error("without the reading of the breach it decides the same")
	}
}

// Ensure a trace that is not whole is an error.
func TestReplay_Wrong(t *testing.T) {
	for _, test := range []struct {
		name, want string
		version    int
		input      controller.Input
	}{
		{"another version", "version 2, want 1", 2, controller.Input{Kind: controller.InputRules}},
		{"a kind of another version", "unknown kind", 1, controller.Input{Kind: "other"}},
		{"a leaf that was not told of", "no leaf with inode 7", 1, controller.Input{Kind: controller.InputHold, Inode: 7}},
		{"a step without a reading", "input 0 (step): what it is about is missing", 1, controller.Input{Kind: controller.InputStep}},
		{"a candidate without its group", "level 1 of 0", 1, controller.Input{
			Kind: controller.InputWeighed, Candidates: []controller.CandidateSeen{{Way: []int{1}}},
		}},
	} {
		trace := &controller.Trace{Version: test.version, Slice: "w.slice", Policy: configs.Policy{}, Inputs: []controller.Input{test.input}}
		_, err := controller.Replay(trace, controller.Rules{})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Replay of %s: error %v, want one with %q", test.name, err, test.want)
		}
	}
}
