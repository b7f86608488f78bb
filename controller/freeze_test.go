package controller_test

import (
	"strings"
	"testing"
	"time"

	"reprieve/configs"
	"reprieve/controller"
)

// freezing is a policy that freezes growers, its relief slow enough to be watched.
func freezing() configs.Policy {
	p := slowly()
	p.Hold.By = "freeze"
	return p
}

// honest makes the slice stall by those of its groups that run and grow.
func honest(s *simSlice) func() {
	return func() {
		s.stall = 0
		for _, g := range s.groups {
			if g.alive && !g.frozen && g.grow > 0 {
				s.stall = 0.5
			}
		}
	}
}

// Ensure a grower is frozen at the breach and grows no more, and that one whose
// load passed is thawed a step before the relief, and nobody dies.
func TestMachine_FreezeRelieves(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(freezing()), a, b, c)
	s.stall = 0.5
	play := honest(s)
	w.run(1500*ms, play)
	if !b.frozen || a.frozen || c.frozen {
		t.Fatalf("frozen: a %v, b %v, c %v; want b alone", a.frozen, b.frozen, c.frozen)
	}
	had := b.usage
	w.run(2400*ms, play)
	if b.usage != had {
		t.Errorf("b went from %d to %d bytes while it is frozen", had, b.usage)
	}
	var relieved time.Duration
	s.onRelief = func(controller.Note) { relieved = w.now }
	b.grow = 0
	w.run(15*sec, play)
	w.expect(heldThenRelieved)
	if thawed := s.first("lift", "w-b.slice"); relieved-thawed < sec {
		t.Errorf("thawed at %v and relieved at %v, want it watched for steps of relief", thawed, relieved)
	}
	if b.frozen || !b.alive {
		t.Errorf("b: frozen %v, alive %v; want it running", b.frozen, b.alive)
	}
}

// Ensure the slice's own stall counts while a leaf is frozen, since a frozen
// group makes none: where it goes on the wait runs to its end, and the leaf is thawed before
// systemd is asked for the stop.
func TestMachine_FreezeExpires(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.By = "freeze"
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	w.run(15*sec, func() {
		if len(s.when("StopUnit", "")) > 0 && b.alive && b.frozen {
			t.Fatalf("b is frozen when systemd stops it at %v", w.now)
		}
		untilDead(s, b)()
	})
	w.expect(heldThenStopped)
	if lift, stop := s.first("lift", ""), s.first("StopUnit", ""); lift > stop {
		t.Errorf("thawed at %v, after StopUnit at %v", lift, stop)
	}
}

// Ensure stall that never pauses is not taken for calm behind a freeze or a
// mere wait, also where the window is long: what was not seen since the breach is not known.
func TestMachine_NoReliefUnderStall(t *testing.T) {
	for _, by := range []string{"freeze", "none"} {
		for _, window := range []time.Duration{sec, 4 * sec, 10 * sec} {
			w := newWorld(t)
			p := policy()
			p.Hold.By, p.Hold.Delay, p.Pressure.Window = by, 20*sec, window
			a, b, c := hogs()
			s := w.slice("w.slice", rules(p), a, b, c)
			s.stall = 0.9
			reliefs := 0
			s.onRelief = func(controller.Note) {
				if b.alive {
					reliefs++
				}
			}
			w.run(40*sec, untilDead(s, b))
			breaches := strings.Count(strings.Join(w.log, "\n"), "breach ")
			if b.alive || breaches != 1 || reliefs != 0 {
				t.Errorf("by %s, window %v: b alive %v after %d breaches and %d reliefs under 90%% of stall, want it stopped in the first", by, window, b.alive, breaches, reliefs)
			}
		}
	}
}

// Ensure frozen groups come back in steps, a quarter of calm apart, and not all at once.
func TestMachine_ThawsGroupByGroup(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 8, 16} {
		w := newWorld(t)
		p := freezing()
		p.Hold.Calm = 4 * sec
		var all []*group
		for range n {
			all = append(all, &group{usage: 50 * mib, grow: 4 * mib})
		}
		s := w.slice("w.slice", rules(p), all...)
		s.stall = 0.5
		play := honest(s)
		w.run(2*sec, play)
		frozen := func() int {
			sum := 0
			for _, g := range all {
				if g.frozen {
					sum++
				}
			}
			return sum
		}
		if frozen() != n {
			t.Fatalf("%d of %d frozen after two seconds; %q", frozen(), n, w.log)
		}
		for _, g := range all {
			g.grow = 0
		}
		w.run(20*sec, play)
		thaws := s.when("lift", "")
		if len(thaws) != n || frozen() != 0 || s.m.Phase() != controller.PhaseCalm {
			t.Fatalf("%d groups: %d thaws, %d frozen, phase %v; want all thawed and calm", n, len(thaws), frozen(), s.m.Phase())
		}
		steps := 1
		for i := 1; i < len(thaws); i++ {
			if apart := thaws[i] - thaws[i-1]; apart > controller.Tick {
				steps++
				if !about(apart, sec) && apart < sec {
					t.Errorf("%d groups: thaws %v apart, want a quarter of calm", n, apart)
				}
			}
		}
		if want := min(n, 3); steps < want {
			t.Errorf("%d groups: thawed in %d step(s) at %v, want %d, a second apart", n, steps, thaws, want)
		}
	}
}

// Ensure a group that begins again when it is thawed is frozen again, in the
// same episode, without a new breach, and for no longer than the delay in sum.
func TestMachine_FreezesAgain(t *testing.T) {
	w := newWorld(t)
	p := freezing()
	p.Hold.Delay = 10 * sec
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	w.run(30*sec, honest(s))
	held := s.when("held", "w-b.slice")
	if len(held) < 2 {
		t.Errorf("b was frozen %d time(s), want it frozen again after each thaw; %q", len(held), w.log)
	}
	if n := strings.Count(strings.Join(w.log, "\n"), "breach "); n != 1 {
		t.Errorf("%d breaches, want one episode; %q", n, w.log)
	}
	if b.frozen {
		t.Errorf("b is frozen after the delay")
	}
	if lifts := s.when("lift", "w-b.slice"); len(lifts) != len(held) || lifts[len(lifts)-1] > held[0]+10*sec {
		t.Errorf("frozen at %v, thawed at %v; want as many, and none after the delay of 10s", held, lifts)
	}
}

// Ensure a group that somebody thaws by hand is left alone.
func TestMachine_ThawedByHand(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.By = "freeze"
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	w.run(2*sec, nil)
	b.frozen = false
	w.run(3500*ms, func() {
		if b.frozen {
			t.Fatalf("b is frozen again at %v, after it was thawed by hand", w.now)
		}
	})
	w.run(15*sec, untilDead(s, b))
	w.expect(heldThenStopped)
	if lift := s.first("lift", "w-b.slice"); lift > 2200*ms {
		t.Errorf("the hold is over at %v, want it at 2s, when somebody thawed the group", lift)
	}
}
