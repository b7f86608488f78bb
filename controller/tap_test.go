package controller_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/controller"
)

// record is a trace of all that happens to a simulated slice from now on.
func (s *simSlice) record() {
	s.trace = s.m.Trace()
	s.m.Tap = func(in *controller.Input) { s.trace.Inputs = append(s.trace.Inputs, *in) }
}

// decided notes in the trace what the last input led to.
func (s *simSlice) decided(all []controller.Decision) {
	if s.trace != nil {
		s.trace.Decisions = controller.Decided(s.trace.Decisions, len(s.trace.Inputs)-1, all)
	}
}

// replayed plays the trace of the only slice of a world again, as JSON has it, and compares what was decided. Of several slices
// each knows of the others, and other rules that came in the middle are not kept: no trace of one has that.
func (w *world) replayed() {
	w.t.Helper()
	if len(w.slices) != 1 || w.slices[0].trace == nil {
		return
	}
	s := w.slices[0]
	for _, in := range s.trace.Inputs {
		if in.Kind == controller.InputRules {
			return
		}
	}
	text, err := json.Marshal(s.trace)
	if err != nil {
		w.t.Fatal(err)
	}
	var read controller.Trace
	if err := json.Unmarshal(text, &read); err != nil {
		w.t.Fatal(err)
	}
	r := rules(read.Policy)
	r.Observe = read.Observe
	got, err := controller.Replay(&read, r)
	if err != nil {
		w.t.Error(err)
	}
	if diff := cmp.Diff(s.trace.Decisions, got); diff != "" {
		w.t.Errorf("replayed, it decides otherwise (-was +is):\n%s", diff)
	}
}

// Ensure nothing is built for a tap that nobody set, in calm.
func TestMachine_NoTap(t *testing.T) {
	w := newWorld(t)
	s := w.slice("w.slice", rules(policy()), &group{usage: 100 * mib}, &group{usage: 50 * mib})
	s.m.Tap = nil
	s.read()
	var out []controller.Decision
	if n := testing.AllocsPerRun(100, func() {
		w.now += controller.Tick
		out = s.m.Step(w.now, &s.reading, out[:0])
	}); n != 0 {
		t.Errorf("a calm step allocates %v times, want 0", n)
	}
	if s.m.Phase() != controller.PhaseCalm {
		t.Error("the steps were not calm")
	}
}

// Ensure a tap is told of a calm step, its reading included, and that the reading is its own to keep.
func TestMachine_Tap(t *testing.T) {
	w := newWorld(t)
	s := w.slice("w.slice", rules(policy()), &group{usage: 100 * mib})
	var kept []controller.Input
	s.m.Tap = func(in *controller.Input) { kept = append(kept, *in) }
	s.read()
	s.m.Step(sec, &s.reading, nil)
	s.reading.UsageBytes = 1
	if len(kept) != 1 || kept[0].Kind != controller.InputStep || kept[0].At != sec || kept[0].Reading.UsageBytes != 100*mib {
		t.Errorf("the tap was told of %+v, want one step at 1s with the reading as it was", kept)
	}
}
