package controller_test

import (
	"errors"
	"testing"

	"reprieve/controller"
)

// Ensure the next victim is signed in the second half of a wait and no sooner, stays so until it is killed, and nobody is afterwards.
func TestMachine_SignsBeforehand(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	first := 0 * sec
	w.run(20*sec, func() {
		untilDead(s, b)()
		if s.signed == nil {
			return
		}
		if first == 0 {
			first = w.now
		}
		if s.signed.Unit != "w-b.slice" {
			t.Errorf("signed at %v: %s, want w-b.slice", w.now, s.signed.Unit)
		}
	})
	// The breach is at 0.5 s, the delay 4 s.
	if !about(first, 2600*ms) {
		t.Errorf("first signed at %v, want 2.6s, half of the delay after the breach", first)
	}
	if b.alive || s.signed != nil {
		t.Errorf("b alive %v, signed %v at the end; want it dead and nobody signed", b.alive, s.signed)
	}
}

// Ensure what is signed is withdrawn when the pressure passes, and in observe mode nobody ever is.
func TestMachine_WithdrawsInCalm(t *testing.T) {
	for _, observe := range []bool{false, true} {
		w := newWorld(t)
		p := policy()
		p.Hold.Delay = 6 * sec
		a, b, c := hogs()
		r := rules(p)
		r.Observe = observe
		s := w.slice("w.slice", r, a, b, c)
		s.stall = 0.5
		seen := false
		w.run(5*sec, func() { seen = seen || s.signed != nil })
		if seen == observe {
			t.Errorf("observe %v: somebody signed %v", observe, seen)
		}
		pause(s, b)
		w.run(6*sec, func() {
			if s.m.Phase() == controller.PhaseCalm && s.signed != nil {
				t.Errorf("%s is signed in calm", s.signed.Unit)
			}
		})
		if s.signed != nil || !b.alive {
			t.Errorf("observe %v: signed %v, b alive %v after the load had passed; want nobody, and it alive", observe, s.signed, b.alive)
		}
	}
}

// Ensure a stop does not wait for candidates that do not come where it is known whom it would hit.
func TestMachine_StopsWhoWasForeseen(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.silentWeigh, s.stall = true, 0.5
	w.run(20*sec, untilDead(s, b))
	if stop := s.first("StopUnit", "w-b.slice"); !about(stop, 5100*ms) {
		t.Errorf("StopUnit at %v, want 5.1s: half a second after the delay; %q", stop, w.log)
	}
	if b.alive || !a.alive || !c.alive {
		t.Errorf("alive: a %v, b %v, c %v; want b dead alone", a.alive, b.alive, c.alive)
	}
}

// Ensure a kill by the guard is the rest of a stop: told once, systemd asked, no second victim; and that one which failed changes nothing.
func TestMachine_Guarded(t *testing.T) {
	for _, failed := range []error{nil, errors.New("EPERM")} {
		w := newWorld(t)
		a, b, c := hogs()
		s := w.slice("w.slice", rules(policy()), a, b, c)
		s.stall = 0.5
		w.run(4*sec, nil)
		if s.signed == nil {
			t.Fatalf("nobody is signed at %v", w.now)
		}
		s.carry(s.m.Guarded(w.now, s.signed.Inode, failed, nil))
		if failed == nil {
			s.killed, s.victim = true, b
		}
		if want := failed == nil; (s.m.Phase() == controller.PhaseStopping) != want {
			t.Errorf("with %v: phase %v, want a stop %v", failed, s.m.Phase(), want)
		}
		w.run(20*sec, untilDead(s, b))
		if len(s.when("StopUnit", "w-b.slice")) != 1 || len(s.when("kill", "")) != map[bool]int{true: 0, false: 1}[failed == nil] {
			t.Errorf("with %v: %d times StopUnit, %d kills of our own; %q", failed, len(s.when("StopUnit", "w-b.slice")), len(s.when("kill", "")), w.log)
		}
		if b.alive || !a.alive || !c.alive || s.m.Phase() != controller.PhaseCalm {
			t.Errorf("with %v: alive: a %v, b %v, c %v, phase %v; want b dead alone, and calm", failed, a.alive, b.alive, c.alive, s.m.Phase())
		}
	}
}
