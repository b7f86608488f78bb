package controller_test

import (
	"testing"
	"time"

	"reprieve/controller"
)

// Ensure a hold under which reclaim finds nothing is cut short, and that none of what reclaim can still live on is taken for that.
func TestMachine_Futile(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world, b *group)
		tick   func(b *group)
		want   bool
	}{
		{"scanned and not reclaimed", nil, nil, true},
		{"swap is left", func(w *world, _ *group) { w.swap = 100 * mib }, nil, false},
		{"page cache is left", func(_ *world, b *group) { b.file = 60 * mib }, nil, false},
		{"reclaim gets on", nil, func(b *group) { b.stolen += 30 }, false},
		{"nothing is scanned", nil, func(b *group) { b.scanned -= 60 }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.swap = 0
			a, b, c := hogs()
			s := w.slice("w.slice", rules(policy()), a, b, c)
			if tt.change != nil {
				tt.change(w, b)
			}
			s.stall = 0.5
			var began, stopped time.Duration
			var why controller.Why
			var grounds controller.Grounds
			s.onStop = func(n controller.Note) { why, grounds = n.Why, n.Grounds }
			w.run(8*sec, func() {
				if began == 0 && s.m.Phase() == controller.PhaseHeld {
					began = w.now
				}
				b.scanned += 60 // 600 pages a tick
				if tt.tick != nil {
					tt.tick(b)
				}
				if !b.alive && stopped == 0 {
					stopped, s.stall = w.now, 0
				}
			})
			if stopped == 0 {
				t.Fatal("b lives, want it stopped at the end of its delay at the latest")
			}
			if futile := why == controller.BecauseFutile; futile != tt.want {
				t.Errorf("stopped after %v because of %v, futile %v, want %v", stopped-began, why, futile, tt.want)
			}
			if tt.want && (grounds.FutileUnit != "w-b.slice" || grounds.FutileFor < sec || grounds.ScanPages == 0) {
				t.Errorf("grounds %+v, want w-b.slice, a second and its pages", grounds)
			}
		})
	}
}

// Ensure the record of a stop has what the judgment went by.
func TestMachine_GroundsOfStop(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall, w.swap = 0.5, 300*mib
	var got controller.Grounds
	s.onStop = func(n controller.Note) { got = n.Grounds }
	w.run(10*sec, untilDead(s, b))
	if got.Fits != controller.Pressing || got.FitsUnit != "w-b.slice" || got.HighRuns == 0 || got.Others != controller.Calm || got.Host.SwapFreeBytes != 300*mib {
		t.Errorf("grounds of the stop %+v, want w-b.slice that does not fit, others calm, the host's swap", got)
	}
}

// Ensure the record of a relief has them, too.
func TestMachine_GroundsOfRelief(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	var got controller.Grounds
	s.onRelief = func(n controller.Note) { got = n.Grounds }
	w.run(2*sec, nil)
	s.stall, b.grow = 0, 0
	b.usage -= 5 * mib
	w.run(10*sec, nil)
	if got.Fits != controller.Calm || got.FitsUnit != "w-b.slice" || got.Usage == 0 || got.Scarcity != controller.Calm {
		t.Errorf("grounds of the relief %+v, want w-b.slice that fits, on a host that is not scarce", got)
	}
}
