package controller_test

import (
	"strings"
	"testing"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/memcg"
)

// release lifts what is held by hand.
func (s *simSlice) release() int {
	n, all := s.m.Release(s.w.now, nil)
	s.carry(all)
	return n
}

// Ensure a release by hand lifts the hold, that nothing is held again in the
// episode, and that the wait goes on to its end.
func TestMachine_Release(t *testing.T) {
	for _, by := range []string{"throttle", "freeze"} {
		w := newWorld(t)
		p := policy()
		p.Hold.By = by
		a, b, c := hogs()
		s := w.slice("w.slice", rules(p), a, b, c)
		c.grow, s.stall = 3*mib, 0.5
		w.run(2*sec, nil)
		if n := s.release(); n != 2 {
			t.Fatalf("by %s: Release() = %d, want 2; %q", by, n, w.log)
		}
		if n := s.release(); n != 0 {
			t.Errorf("by %s: Release() = %d the second time, want 0", by, n)
		}
		again := 0
		a.grow = 4 * mib // one that begins to grow now is not held either
		w.run(12*sec, func() {
			for _, g := range []*group{a, b, c} {
				if b.alive && (g.frozen || g.high != memcg.Max) {
					again++
				}
			}
			untilDead(s, b)()
		})
		if again > 0 {
			t.Errorf("by %s: held again for %d0 ms after it was released by hand; %q", by, again, w.log)
		}
		if stop := s.first("StopUnit", "w-b.slice"); !about(stop, 4500*ms) {
			t.Errorf("by %s: stopped at %v, want it at the end of the delay, 4.5s", by, stop)
		}
	}
}

// Ensure a hold that the worker was asked for and has not brought yet is
// lifted as soon as it comes.
func TestMachine_ReleaseOfAsked(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.Delay = 20 * sec
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.slow, s.stall = 700*ms, 0.5
	w.run(800*ms, nil)
	if n := s.release(); n != 1 || b.leaf.Held() {
		t.Fatalf("Release() = %d with b held %v, want 1 of one that is asked for", n, b.leaf.Held())
	}
	w.run(3*sec, nil)
	if b.leaf.Held() || b.high != memcg.Max {
		t.Errorf("b is held at %v, memory.high %v, after a release by hand; %q", w.now, b.high, w.log)
	}
}

// Ensure a loan is given back by hand as well, and an episode that goes on
// after relief knows of the release.
func TestMachine_ReleaseOfLoan(t *testing.T) {
	w, s, b := capped(t, raising())
	w.run(3*sec, full(s, b, 240*mib))
	if n := s.release(); n != 1 {
		t.Fatalf("Release() = %d, want the loan; %q", n, w.log)
	}
	w.run(8*sec, full(s, b, 240*mib))
	if s.max != memcg.Limit(200*mib) || len(s.when("held", "")) != 1 {
		t.Errorf("memory.max %v after %d loans, want 200 MiB and one; %q", s.max, len(s.when("held", "")), w.log)
	}
}

// Ensure a release in the middle of relief, and one in calm, leave nothing behind.
func TestMachine_ReleaseInRelief(t *testing.T) {
	w, s, b := heldWorld(t, slowly(), memcg.Max)
	pause(s, b)
	w.run(15*sec, func() {
		if len(s.moves) == 2 && len(s.when("lift", "")) == 0 {
			s.release()
		}
	})
	if b.high != memcg.Max || s.m.Phase() != controller.PhaseCalm || len(s.moves) != 2 {
		t.Errorf("memory.high %v, phase %v, %d moves; want no limit, calm and no more moves; %q", b.high, s.m.Phase(), len(s.moves), w.log)
	}
	if n := s.release(); n != 0 {
		t.Errorf("Release() = %d in calm, want 0", n)
	}
	b.grow, s.stall = 4*mib, 0.5
	w.run(25*sec, nil)
	if !b.leaf.Held() {
		t.Errorf("b is not held in a later episode; %q", w.log)
	}
}

// hung counts how often a write that hangs was told.
func hung(w *world) int { return strings.Count(strings.Join(w.log, "\n"), "failed: write the limit") }

// Ensure a squeeze that hangs is told once and interrupted, and that neither another
// leaf, nor the lift, nor the stop wait for it.
func TestMachine_MoveHangs(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.Squeeze, p.Hold.Delay = configs.Share(1000), 8*sec
	a, b, c := hogs()
	b.usage, b.anon = 400*mib, 1000*mib
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stuckMove, s.stall, c.stall = true, 0.5, 0.25
	w.run(6*sec, func() {
		reclaim(b)
		if b.leaf.Held() {
			b.grow = 0
		}
		if w.now == 4*sec {
			c.grow = 8 * mib // another that grows now
		}
	})
	if n := hung(w); n != 1 {
		t.Errorf("told %d times before the end of the delay, want once; %q", n, w.log)
	}
	if cut := s.when("interrupt", "w-b.slice"); len(cut) == 0 {
		t.Errorf("the write was not interrupted; %q", w.log)
	}
	if !c.leaf.Held() {
		t.Errorf("c is not held, while a write for b hangs; %q", w.log)
	}
	w.run(20*sec, func() {
		reclaim(b)
		if !b.alive || !c.alive {
			s.stall, c.stall = 0, 0
		}
	})
	if lift := s.first("lift", "w-b.slice"); lift > 8600*ms+controller.Tick {
		t.Errorf("lifted at %v, want it at the end of the delay", lift)
	}
	if stop := s.first("StopUnit", ""); stop > 9*sec {
		t.Errorf("StopUnit at %v, want it soon after the delay of 8s; %q", stop, w.log)
	}
}

// Ensure a lift that hangs is told once and interrupted, and that the stop comes all the same
// within its bound.
func TestMachine_LiftHangs(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stuckLift, s.stall = true, 0.5
	s.immortal = true
	w.run(8*sec, nil)
	if n := hung(w); n != 1 {
		t.Errorf("told %d times, want once; %q", n, w.log)
	}
	if len(s.when("interrupt", "w-b.slice")) == 0 {
		t.Errorf("the write was not interrupted; %q", w.log)
	}
	if stop, lift := s.first("StopUnit", ""), s.first("lift", ""); stop-lift > 1200*ms {
		t.Errorf("StopUnit %v after the lift was asked for, want it not to wait for that; %q", stop-lift, w.log)
	}
}

// Ensure a lift that hangs after relief is told as well: there is no episode
// any more, and the slice is deaf until the hold is known to be gone.
func TestMachine_LiftHangsAfterRelief(t *testing.T) {
	w, s, b := heldWorld(t, slowly(), memcg.Max)
	s.stuckLift = true
	pause(s, b)
	w.run(15*sec, nil)
	if s.m.Phase() != controller.PhaseCalm {
		t.Fatalf("phase %v, want calm; %q", s.m.Phase(), w.log)
	}
	if n := hung(w); n != 1 {
		t.Errorf("told %d times, want once; %q", n, w.log)
	}
}

// Ensure a hold whose write hangs is told once, that it does not make the wait longer, and
// that it is lifted when it comes after all.
func TestMachine_HoldHangs(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	c.stall = 0.25
	s.slow, s.stall = 9*sec, 0.5
	w.run(25*sec, func() {
		untilDead(s, b)()
		if !b.alive {
			c.stall = 0
		}
	})
	if n := hung(w); n != 1 {
		t.Errorf("told %d times, want once; %q", n, w.log)
	}
	if stop := s.first("StopUnit", ""); stop > 6*sec {
		t.Errorf("StopUnit at %v, want it soon after the delay; %q", stop, w.log)
	}
	if b.leaf.Held() || b.high != memcg.Max {
		t.Errorf("b is held in the end, memory.high %v", b.high)
	}
}
