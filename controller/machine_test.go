package controller_test

import (
	"errors"
	"testing"
	"time"

	"reprieve/controller"
	"reprieve/memcg"
)

// hogs returns a small, a growing and a middling leaf.
func hogs() (*group, *group, *group) {
	return &group{usage: 20 * mib}, &group{usage: 100 * mib, grow: 4 * mib}, &group{usage: 30 * mib}
}

// Ensure a grower is held, outlives its delay, and is stopped; nobody else.
func TestMachine_HoldsThenStops(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	w.run(sec, nil)
	s.stall = 0.5
	w.run(20*sec, func() {
		if !b.alive {
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
		settled w-b.slice goesOn=false`)
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
	w.expect(`
		breach w.slice by full
		hold w-b.slice
		held w-b.slice
		lift w-b.slice
		relief w.slice`)
	if b.high != memcg.Limit(700*mib) {
		t.Errorf("memory.high of b is %v after relief, want the old 700M", b.high)
	}
}

// Ensure the stall that a hold makes is no evidence: the leaf fits, its slice
// looks fully stalled by the hold alone, and it is relieved.
func TestMachine_OwnHoldIsNoPressure(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	w.run(2*sec, nil)
	b.grow = 0
	b.usage -= 5 * mib
	s.stall = 1 // what others see of a throttled sleeper
	w.run(4*sec, nil)
	s.stall = 0
	w.run(12*sec, nil)
	w.expect(`
		breach w.slice by full
		hold w-b.slice
		held w-b.slice
		lift w-b.slice
		relief w.slice`)
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
	w.run(11*sec, nil)
	if s.m.Phase() != controller.PhaseCalm {
		t.Fatalf("phase %v at %v, want calm", s.m.Phase(), w.now)
	}
	b.grow, s.stall = 4*mib, 0.5
	again := w.now
	var stopped time.Duration
	w.run(25*sec, func() {
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

// Ensure a delay of zero stops at once and holds nothing.
func TestMachine_NoDelay(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.Delay = 0
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	w.run(9*sec, func() {
		if !b.alive {
			s.stall = 0
		}
	})
	w.expect(`
		breach w.slice by full
		stop w-b.slice
		StopUnit w-b.slice
		kill w-b.slice
		stopped w-b.slice
		settled w-b.slice goesOn=false`)
}

// Ensure by = "none" waits, touches nothing, and judges by the slice itself.
func TestMachine_NoneWaits(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.By = "none"
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	w.run(12*sec, func() {
		if !b.alive {
			s.stall = 0
		}
	})
	w.expect(`
		breach w.slice by full
		stop w-b.slice
		StopUnit w-b.slice
		kill w-b.slice
		stopped w-b.slice
		settled w-b.slice goesOn=false`)
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

// Ensure a leaf that goes while it is held takes its hold with it.
func TestMachine_LeafGoneWhileHeld(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	w.run(2*sec, nil)
	s.carry(s.m.DropLeaf(b.leaf, nil))
	b.alive, b.usage, s.stall = false, 0, 0
	w.run(10*sec, nil)
	w.expect(`
		breach w.slice by full
		hold w-b.slice
		held w-b.slice
		lift w-b.slice
		relief w.slice`)
}

// Ensure closing a machine, as at the daemon's end, lifts what it holds.
func TestMachine_CloseLifts(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	w.run(2*sec, nil)
	s.carry(s.m.Close(nil))
	w.expect(`
		breach w.slice by full
		hold w-b.slice
		held w-b.slice
		lift w-b.slice`)
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
	w.run(15*sec, func() {
		if !b.alive {
			s.stall = 0
		}
	})
	if b.alive {
		t.Error("the hog lives on, want it stopped at the old delay")
	}
	if got := s.m.Rules().Policy.Hold.Delay; got != 60*sec {
		t.Errorf("delay after the episode is %v, want the new 60s", got)
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

// Ensure observe tells and does nothing.
func TestMachine_Observe(t *testing.T) {
	w := newWorld(t)
	r := rules(policy())
	r.Observe = true
	a, b, c := hogs()
	s := w.slice("w.slice", r, a, b, c)
	s.stall = 0.5
	w.run(15*sec, nil)
	s.stall = 0
	w.run(20*sec, nil)
	w.expect(`
		breach w.slice by full
		held w-b.slice
		stop w-b.slice
		relief w.slice`)
	if !a.alive || !b.alive || !c.alive {
		t.Error("somebody died under observe")
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
		w.run(15*sec, func() {
			if !b.alive {
				s.stall = 0
			}
		})
		if b.alive || !a.alive || !c.alive {
			t.Errorf("systemd %s: alive: a %v, b %v, c %v; want only b dead; %q", tt.name, a.alive, b.alive, c.alive, w.log)
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
	s.silentWeigh = true
	s.stall = 0.5
	w.run(11*sec, nil)
	s.silentWeigh = false
	w.run(25*sec, func() {
		if !b.alive {
			s.stall = 0
		}
	})
	if b.alive {
		t.Errorf("the hog lives on after the candidates came at last; %q", w.log)
	}
}

// Ensure a hold that cannot be written is told and the wait goes on without.
func TestMachine_HoldFails(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.holdErr = errors.New("no space left on device")
	s.stall = 0.5
	w.run(12*sec, func() {
		if !b.alive {
			s.stall = 0
		}
	})
	w.expect(`
		breach w.slice by full
		hold w-b.slice
		failed: hold
		stop w-b.slice
		StopUnit w-b.slice
		kill w-b.slice
		stopped w-b.slice
		settled w-b.slice goesOn=false`)
}

// Ensure a limit that somebody takes away is put back while the hold lasts,
// and what was found comes back in the end.
func TestMachine_PutsBack(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	w.run(2*sec, nil)
	b.high = memcg.Limit(900 * mib)
	w.run(2500*ms, nil)
	if b.high >= memcg.Limit(900*mib) {
		t.Fatalf("memory.high is %v half a second after it was taken away, want it put back", b.high)
	}
	b.grow, b.usage, s.stall = 0, 10*mib, 0
	w.run(8*sec, nil)
	if b.high != memcg.Limit(900*mib) {
		t.Errorf("memory.high is %v after relief, want the 900M that was found", b.high)
	}
}

// Ensure a leaf that grows into swap under its mark, on a host that is short as
// a whole, does not count as one that fits.
func TestMachine_GrowsIntoSwap(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	b.squeeze = true
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	w.run(12*sec, func() {
		if !b.alive {
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
		settled w-b.slice goesOn=false`)
}
