package main

import (
	"slices"

	"reprieve/controller"
)

// Bounds of what is kept of one episode in memory.
const (
	traceInputs   = 20_000
	traceReadings = 50_000 // of groups, in all inputs together: some 7 MB
	traceBefore   = 24     // readings of calm before a breach: as many as a stall window has
)

// recorder keeps what a machine is given from a breach to the end of the
// episode, and what it decides. It belongs to the loop.
type recorder struct {
	m        *controller.Machine
	calm     []controller.Input // the last ones, while there is no trace
	trace    *controller.Trace  // of an episode, and of those that follow before its effects are over; nil: none
	running  bool               // the episode has not ended
	renewed  bool               // rules came that the trace does not have
	waiting  bool               // for the end of an episode of which the beginning was not seen
	readings int                // in the trace
}

// newRecorder has a machine recorded from its next episode on.
func newRecorder(m *controller.Machine) *recorder {
	r := &recorder{m: m, waiting: m.Phase() != controller.PhaseCalm}
	m.Tap = r.tap
	return r
}

// tap takes an input. In calm the last few readings are kept: counters are
// compared with them.
func (r *recorder) tap(in *controller.Input) {
	if r.trace != nil && r.m.Phase() == controller.PhaseCalm && (r.renewed || r.m.Afresh(in.At)) {
		r.rest()
	}
	switch {
	case r.waiting:
	case r.trace != nil:
		r.renewed = r.renewed || in.Kind == controller.InputRules
		r.keep(*in)
	case in.Kind == controller.InputStep:
		if len(r.calm) == traceBefore {
			r.calm = slices.Delete(r.calm, 0, 1)
		}
		r.calm = append(r.calm, *in)
	}
}

// keep adds an input to the trace, within its bounds.
func (r *recorder) keep(in controller.Input) {
	t := r.trace
	r.readings += len(in.Leaves) + len(in.Witnesses) + len(in.Parts) + len(in.Candidates) + len(in.Levels)
	if len(t.Inputs) >= traceInputs || r.readings > traceReadings {
		t.Cut = true
	}
	if !t.Cut {
		t.Inputs = append(t.Inputs, in)
	}
}

// rest ends the trace: what comes owes nothing to it. The last reading is what
// the next breach may be measured from; what fired before it is over.
func (r *recorder) rest() {
	for _, in := range slices.Backward(r.trace.Inputs) {
		if in.Kind == controller.InputStep {
			r.calm = []controller.Input{{At: in.At, Kind: in.Kind, Reading: in.Reading, Parts: in.Parts}}
			break
		}
	}
	r.trace, r.renewed, r.readings = nil, false, 0
}

// decided takes what the last input led to. It returns true when that was the
// end of an episode.
func (r *recorder) decided(all []controller.Decision) bool {
	was, calm := r.running, r.m.Phase() == controller.PhaseCalm
	if r.waiting {
		r.waiting = !calm
		return false
	}
	if r.running = !calm; r.running && r.trace == nil {
		r.begin()
	}
	if r.trace != nil && !r.trace.Cut {
		r.trace.Decisions = controller.Decided(r.trace.Decisions, len(r.trace.Inputs)-1, all)
	}
	return was && calm
}

// begin begins a trace at a breach: with what is in the slice, and the
// readings up to the breach.
func (r *recorder) begin() {
	r.trace = r.m.Trace()
	if len(r.calm) > 1 {
		before := *r.calm[0].Reading
		before.FiredSome, before.FiredFull = false, false
		r.calm[0].Reading = &before
	}
	for _, in := range r.calm {
		r.keep(in)
	}
	r.calm = nil
}

// beside notes a slice that is in an episode at the same time.
func (r *recorder) beside(unit string) {
	if r.trace != nil && !slices.Contains(r.trace.Beside, unit) {
		r.trace.Beside = append(slices.Clone(r.trace.Beside), unit)
	}
}
