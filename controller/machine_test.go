package controller_test

import (
	"testing"
	"time"

	"reprieve/controller"
	"reprieve/memcg"
)

// hogs returns a small, a growing and a middling leaf.
func hogs() (*group, *group, *group) {
	return &group{usage: 20 * mib}, &group{usage: 100 * mib, grow: 4 * mib}, &group{usage: 30 * mib}
}

// heldThenStopped is the story of hogs under policy: b is held to the end of
// the delay and stopped.
const heldThenStopped = `
		breach w.slice by full
		hold w-b.slice
		held w-b.slice
		lift w-b.slice` + stopped

// stopped is how it goes on once b is chosen.
const stopped = `
		stop w-b.slice
		StopUnit w-b.slice
		kill w-b.slice
		stopped w-b.slice
		settled w-b.slice goesOn=false`

// heldThenRelieved is the story when the pressure passes.
const heldThenRelieved = `
		breach w.slice by full
		hold w-b.slice
		held w-b.slice
		lift w-b.slice
		relief w.slice`

// untilDead ends the slice's stall with b.
func untilDead(s *simSlice, b *group) func() {
	return func() {
		if !b.alive {
			s.stall = 0
		}
	}
}

// Ensure a grower is held, outlives its delay, and is stopped; nobody else.
func TestMachine_HoldsThenStops(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	w.run(sec, nil)
	s.stall = 0.5
	w.run(20*sec, untilDead(s, b))
	w.expect(heldThenStopped)
	if !a.alive || b.alive || !c.alive {
		t.Errorf("alive: a %v, b %v, c %v; want only b dead", a.alive, b.alive, c.alive)
	}
}

// Ensure a load that passes within the delay is let go and nothing dies, with
// the old limit back.
func TestMachine_Relieves(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.kept = true
	s.stall = 0.5
	w.run(2*sec, nil)
	b.grow, b.usage, s.stall = 0, 40*mib, 0
	w.run(15*sec, nil)
	w.expect(heldThenRelieved)
	if b.high != memcg.Limit(700*mib) {
		t.Errorf("memory.high of b is %v after relief, want the old 700M", b.high)
	}
}

// Ensure a breach within calm of relief is the same episode, with what is left
// of the delay and not a new one.
func TestMachine_ResumesWithWhatIsLeft(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.Calm = 4 * sec // longer than what a lifted hold's afterglow hides
	p.Hold.Delay = 8 * sec
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	var first controller.ID
	w.run(6*sec, nil)
	first = s.m.Episode()
	b.grow, b.usage, s.stall = 0, 40*mib, 0
	w.run(15*sec, nil)
	if s.m.Phase() != controller.PhaseCalm {
		t.Fatalf("phase %v at %v, want calm", s.m.Phase(), w.now)
	}
	b.grow, s.stall = 4*mib, 0.5
	again := w.now
	var stopped time.Duration
	w.run(30*sec, func() {
		if !b.alive && stopped == 0 {
			stopped, s.stall = w.now, 0
		}
	})
	if got := s.m.Episode(); got != first {
		t.Errorf("episode %v after a breach soon after relief, want %v again", got, first)
	}
	if took := stopped - again; took <= 0 || took > 7*sec {
		t.Errorf("stopped %v after the breach came again, want within what was left of 8s", took)
	}
}

// Ensure nothing is stopped on readings that are missing, and the hold ends.
func TestMachine_BlindStopsNobody(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	w.run(2*sec, nil)
	s.blind, a.blind, b.blind, c.blind = true, true, true, true
	s.stall = 0 // the kernel's triggers are silent too
	w.run(30*sec, nil)
	w.expect(`
		breach w.slice by full
		hold w-b.slice
		held w-b.slice
		lift w-b.slice
		failed: judge whether the pressure goes on after the delay`)
	if s.m.Phase() != controller.PhaseCalm {
		t.Errorf("phase %v, want calm: an episode without readings ends", s.m.Phase())
	}
}

// Ensure an oom in the slice cuts the wait short, and so does a scarce host.
func TestMachine_Urgent(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cause func(*world, *simSlice)
	}{
		{"oom", func(_ *world, s *simSlice) { s.events.OOM++ }},
		{"scarce", func(w *world, _ *simSlice) { w.scarce = true }},
		{"others", func(_ *world, s *simSlice) { s.groups[0].stall = 0.9 }},
	} {
		w := newWorld(t)
		p := policy()
		p.Hold.Delay = 60 * sec
		a, b, c := hogs()
		s := w.slice("w.slice", rules(p), a, b, c)
		s.stall = 0.5
		w.run(2*sec, nil)
		tt.cause(w, s)
		w.run(6*sec, func() {
			if !b.alive {
				s.stall, a.stall, w.scarce = 0, 0, false
			}
		})
		if b.alive {
			t.Errorf("%s: the hog lives on after 4 s, want the wait cut short; got %q", tt.name, w.log)
		}
		if !a.alive || !c.alive {
			t.Errorf("%s: alive: a %v, c %v; want both", tt.name, a.alive, c.alive)
		}
	}
}

// Ensure an episode ends under the rules it began with.
func TestMachine_ReloadWhileHeld(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	w.run(2*sec, nil)
	p := policy()
	p.Hold.Delay = 60 * sec
	s.m.SetRules(rules(p))
	w.run(15*sec, untilDead(s, b))
	if b.alive {
		t.Error("the hog lives on, want it stopped at the old delay")
	}
	if got := s.m.Rules().Policy.Hold.Delay; got != 60*sec {
		t.Errorf("delay after the episode is %v, want the new 60s", got)
	}
}
