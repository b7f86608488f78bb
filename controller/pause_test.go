package controller_test

import (
	"slices"
	"testing"
	"time"

	"reprieve/controller"
	"reprieve/memcg"
)

// pauseFor has the machine paused by hand.
func (s *simSlice) pauseFor(length time.Duration) int {
	n, all := s.m.Pause(s.w.now, s.w.now+length, nil)
	s.carry(all)
	return n
}

// Ensure a pause lifts what is held and keeps everybody alive for as long as it
// lasts, and that the pressure is judged anew, with all of the delay, when it is over.
func TestMachine_Pause(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	w.run(2*sec, nil)
	if !b.leaf.Held() {
		t.Fatalf("b is not held after 2 s; %q", w.log)
	}
	if n := s.pauseFor(10 * sec); n != 1 {
		t.Errorf("Pause() = %d, want the hold of b", n)
	}
	w.run(12*sec, func() {
		if b.leaf.Held() || b.high != memcg.Max || s.m.Phase() != controller.PhaseCalm {
			t.Fatalf("at %v in a pause: b is held %v, memory.high %v, phase %v", w.now, b.leaf.Held(), b.high, s.m.Phase())
		}
	})
	w.run(30*sec, untilDead(s, b))
	stop := s.first("StopUnit", "w-b.slice")
	if delay := s.m.Rules().Policy.Hold.Delay; stop < 12*sec+delay || stop > 13*sec+delay {
		t.Errorf("stopped at %v, want it a whole delay of %v after the pause, which ended at 12 s", stop, delay)
	}
	if !slices.Contains(w.log, "relief w.slice") {
		t.Errorf("the end of the first episode was not told; %q", w.log)
	}
}

// Ensure a pause in calm lets no episode begin, and that it can be ended before its time.
func TestMachine_PauseInCalm(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	if n := s.pauseFor(time.Hour); n != 0 {
		t.Errorf("Pause() = %d in calm, want 0", n)
	}
	s.stall = 0.5
	w.run(5*sec, nil)
	if len(w.log) != 0 || !s.m.Paused(w.now) {
		t.Fatalf("told %q in a pause, Paused() = %v; want nothing, true", w.log, s.m.Paused(w.now))
	}
	s.pauseFor(0)
	w.run(7*sec, nil)
	if s.m.Phase() != controller.PhaseHeld || s.m.Paused(w.now) {
		t.Errorf("phase %v, Paused() = %v after the pause; want held, false; %q", s.m.Phase(), s.m.Paused(w.now), w.log)
	}
}

// Ensure a stop that is under way comes to its end in a pause, and is the last.
func TestMachine_PauseInStop(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.Delay = 0
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall, s.immortal = 0.5, true
	for s.m.Phase() != controller.PhaseStopping {
		w.run(w.now+10*ms, nil)
	}
	if n := s.pauseFor(time.Minute); n != 0 {
		t.Errorf("Pause() = %d, want no hold", n)
	}
	s.immortal = false
	w.run(30*sec, nil)
	if alive := []bool{a.alive, b.alive, c.alive}; !slices.Equal(alive, []bool{true, false, true}) {
		t.Errorf("alive: %v, want all but b; %q", alive, w.log)
	}
	if s.m.Phase() != controller.PhaseCalm {
		t.Errorf("phase %v, want calm", s.m.Phase())
	}
}

// Ensure what the kernel's OOM killer does in a pause is told, and what it left is not touched.
func TestMachine_PauseAndKernel(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	b.grow = 0
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.dirty = true
	w.run(sec, nil)
	s.pauseFor(time.Minute)
	s.kernelKills(b, 2)
	w.run(12*sec, nil)
	w.expect(`
		breach w.slice by oom_kill
		kernel killed 2 in : paused by hand, what is left of it lives`)
	if !b.alive || s.m.Phase() != controller.PhaseCalm {
		t.Errorf("b alive %v, phase %v; want alive and calm", b.alive, s.m.Phase())
	}
}
