package controller_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"reprieve/configs"
	"reprieve/controller"
)

// Ensure a delay of zero stops at once and holds nothing.
func TestMachine_NoDelay(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.Delay = 0
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	w.run(9*sec, untilDead(s, b))
	w.expect("breach w.slice by full" + stopped)
}

// Ensure the next candidate follows only after settle and only while the
// breach goes on.
func TestMachine_NextAfterSettle(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	w.run(30*sec, func() {
		if !c.alive {
			s.stall = 0
		}
	})
	w.expect(`
		breach w.slice by full
		hold w-b.slice
		held w-b.slice
		lift w-b.slice
		stop w-b.slice
		StopUnit w-b.slice
		kill w-b.slice
		stopped w-b.slice
		settled w-b.slice goesOn=true
		stop w-c.slice
		StopUnit w-c.slice
		kill w-c.slice
		stopped w-c.slice
		settled w-c.slice goesOn=false`)
	if !a.alive {
		t.Error("a is dead, want it alive")
	}
}

// Ensure two slices in breach at once have one victim at a time.
func TestMachine_OneStopAtATime(t *testing.T) {
	w := newWorld(t)
	p := policy()
	a, b := &group{usage: 50 * mib, grow: 4 * mib}, &group{usage: 60 * mib, grow: 4 * mib}
	s1 := w.slice("w.slice", rules(p), a)
	s2 := w.slice("x.slice", rules(p), b)
	s1.stall, s2.stall = 0.5, 0.5
	both := 0
	w.run(40*sec, func() {
		if s1.m.Victim() != nil && s2.m.Victim() != nil {
			both++
		}
		if !a.alive {
			s1.stall = 0
		}
		if !b.alive {
			s2.stall = 0
		}
	})
	if both != 0 {
		t.Errorf("two victims at once in %d turns, want none", both)
	}
	if a.alive || b.alive {
		t.Errorf("alive: %v, %v; want both stopped, one after the other", a.alive, b.alive)
	}
}

// Ensure observe tells once whom it would have stopped and does nothing, also where nobody would be waited for any longer: each reading is
// as bad as the last then.
func TestMachine_Observe(t *testing.T) {
	for _, scarce := range []bool{false, true} {
		w := newWorld(t)
		r := rules(policy())
		r.Observe = true
		a, b, c := hogs()
		s := w.slice("w.slice", r, a, b, c)
		s.stall, w.scarce = 0.5, scarce
		w.run(15*sec, nil)
		s.stall, w.scarce = 0, false
		w.run(20*sec, nil)
		w.expect(`
			breach w.slice by full
			held w-b.slice
			stop w-b.slice
			relief w.slice`)
		if !a.alive || !b.alive || !c.alive {
			t.Errorf("somebody died under observe, on a scarce host: %v", scarce)
		}
	}
}

// Ensure the stop goes on without systemd, and systemd is asked again.
func TestMachine_BusFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*simSlice)
	}{
		{"refuses", func(s *simSlice) { s.stopErr = errors.New("no") }},
		{"is silent", func(s *simSlice) { s.deaf = true }},
	} {
		w := newWorld(t)
		a, b, c := hogs()
		s := w.slice("w.slice", rules(policy()), a, b, c)
		tt.set(s)
		s.stall = 0.5
		w.run(15*sec, untilDead(s, b))
		if b.alive || !a.alive || !c.alive {
			t.Errorf("systemd %s: alive: a %v, b %v, c %v; want only b dead; %q", tt.name, a.alive, b.alive, c.alive, w.log)
		}
	}
}

// Ensure a systemd that does not answer is waited for longer after a hold that
// nobody suffered from than where each moment counts.
func TestMachine_BusBound(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*simSlice, *configs.Policy)
		want time.Duration
	}{
		{"after the delay", func(*simSlice, *configs.Policy) {}, controller.BusBound},
		{"without a delay", func(_ *simSlice, p *configs.Policy) { p.Hold.Delay = 0 }, controller.HasteBound},
		{"on a host below its floors", func(s *simSlice, _ *configs.Policy) { s.w.scarce = true }, controller.HasteBound},
	} {
		w := newWorld(t)
		a, b, c := hogs()
		p := policy()
		s := w.slice("w.slice", rules(p), a, b, c)
		tt.set(s, &p)
		s.m.SetRules(rules(p))
		s.deaf, s.stall = true, 0.5
		var asked, killed time.Duration
		w.run(15*sec, func() {
			if asked == 0 && slices.Contains(w.log, "StopUnit w-b.slice") {
				asked = w.now
			}
			if killed == 0 && slices.Contains(w.log, "kill w-b.slice") {
				killed = w.now
			}
			if !b.alive {
				s.stall = 0
			}
		})
		if got := killed - asked; asked == 0 || got < tt.want || got > tt.want+2*controller.Tick {
			t.Errorf("%s the kill came %v after systemd was asked, want %v and two ticks at most; %q", tt.name, got, tt.want, w.log)
		}
	}
}

// Ensure a group that does not die is swept, told loudly, and does not lead to
// a second victim while the breach is over.
func TestMachine_NotEmpty(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.immortal = true
	s.stall = 0.5
	sweeps, loud := 0, 0
	w.run(25*sec, func() {
		if s.killed {
			s.stall = 0
		}
	})
	for _, l := range w.log {
		switch l {
		case "sweep w-b.slice":
			sweeps++
		case "failed: empty the group":
			loud++
		case "stop w-a.slice", "stop w-c.slice":
			t.Errorf("%q, want no second victim", l)
		}
	}
	if sweeps == 0 || loud != 1 {
		t.Errorf("%d sweeps and %d loud failures, want some and 1; %q", sweeps, loud, w.log)
	}
}

// Ensure nobody who is protected, immune or empty is stopped, and that this is
// told once.
func TestMachine_NobodyEligible(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	a.protect, b.immune = true, true
	s := w.slice("w.slice", rules(policy()), a, b, c)
	c.alive = false
	s.stall = 0.5
	w.run(20*sec, nil)
	told := 0
	for _, l := range w.log {
		if l == "failed: find a candidate" {
			told++
		}
	}
	if told != 1 || !a.alive || !b.alive {
		t.Errorf("told %d times, alive: a %v, b %v; want once and both", told, a.alive, b.alive)
	}
}

// Ensure candidates that never come do not hang the host's one stop.
func TestMachine_WeighingHangs(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.silentWeigh, s.silentForesee = true, true
	s.stall = 0.5
	w.run(11*sec, nil)
	s.silentWeigh = false
	w.run(25*sec, untilDead(s, b))
	if b.alive {
		t.Errorf("the hog lives on after the candidates came at last; %q", w.log)
	}
}
