package main

import (
	"fmt"

	"reprieve/controller"
	"reprieve/internal/control"
	"reprieve/plugins/report"
)

// askPlan has whom a stop in a slice would take worked out as a stop would, and
// nothing done.
func (d *daemon) askPlan(slice string, answer func(control.Plan, error)) {
	d.desk.Post(func() {
		for _, s := range d.slices {
			if s.unit == slice {
				d.planFor(s, answer)
				return
			}
		}
		answer(control.Plan{}, fmt.Errorf("%s: %w", slice, errNoSuchSlice))
	})
}

// planFor has the candidates of a slice weighed for who asks.
func (d *daemon) planFor(s *slice, answer func(control.Plan, error)) {
	scale := s.m.Scale()
	scale.Kernel = false // that counts the kernel's kills, once
	if usage, err := s.group.Usage(&d.buf); err == nil {
		scale.MinBytes = s.m.Rules().Policy.Stop.MinBytes(usage)
	}
	w := d.weighing(s, scale)
	w.ahead = false
	if s.m.Phase() == controller.PhaseCalm {
		for i := range w.figures {
			w.figures[i].gained, w.figures[i].stalled = 0, 0 // of an episode that is over
		}
	}
	w.plan = answer
	if !d.weigher.Give(w) {
		w.plan = nil
		d.dismiss(w)
		answer(control.Plan{}, errBusy)
	}
}

// verdict is what was weighed, for who asks. It is made by the worker.
func (w *weighing) verdict() control.Plan {
	note := controller.Planned(w.s.unit, w.scale.Order, w.all)
	return control.Plan{Slice: w.s.unit, Verdict: *report.VerdictOf(&note)}
}

// planned answers who asked, and gives all back.
func (w *weighing) planned() {
	answer, planned := w.plan, w.made
	w.plan, w.made = nil, control.Plan{}
	w.d.dismiss(w)
	answer(planned, nil)
}
