package controller_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/memcg"
)

// slowly is a policy whose relief can be watched: calm 2 s, steps of half a second.
func slowly() configs.Policy {
	p := policy()
	p.Hold.Delay, p.Hold.Calm = 20*sec, 2*sec
	return p
}

// heldWorld is a world two seconds on, in which b has been held.
func heldWorld(t *testing.T, p configs.Policy, old memcg.Limit) (*world, *simSlice, *group) {
	t.Helper()
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.old, s.stall = old, 0.5
	w.run(2*sec, nil)
	if !b.leaf.Held() {
		t.Fatalf("b is not held after two seconds; %q", w.log)
	}
	return w, s, b
}

// pause ends what hogs do; b is below its mark.
func pause(s *simSlice, b *group) {
	b.grow, b.usage, s.stall = 0, b.usage-8*mib, 0
}

// resume has b fill what it was given, and more.
func resume(s *simSlice, b *group) {
	b.grow, b.usage, s.stall = 4*mib, uint64(b.high), 0.5
}

// about reports whether something was in time, the machine's ticks allowed for.
func about(got, want time.Duration) bool {
	return got > want-controller.Tick && got <= want+2*controller.Tick
}

// Ensure a throttled leaf that fits gets its mark back by an eighth, a quarter
// and a half of the first, a quarter of calm apart and never above the old value, and
// that the lift and the relief come after them.
func TestMachine_RelievesInSteps(t *testing.T) {
	_, s, _ := heldWorld(t, slowly(), memcg.Max)
	first := s.acts[0].mark
	for _, tt := range []struct {
		name string
		old  memcg.Limit
		want []memcg.Limit
	}{
		{"no limit before", memcg.Max, []memcg.Limit{first + first/8, first + first/8*2, first + first/8*4}},
		{"a quarter above", first + first/8*2, []memcg.Limit{first + first/8, first + first/8*2}},
		{"a page above", first + 4096, []memcg.Limit{first + 4096}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, s, b := heldWorld(t, slowly(), tt.old)
			pause(s, b)
			paused := w.now
			w.run(15*sec, nil)
			w.expect(heldThenRelieved)
			if diff := cmp.Diff(tt.want, s.moves); diff != "" {
				t.Errorf("marks moved to (-want +got):\n%s", diff)
			}
			// A step is over when a quarter of calm was seen: a look or two after each move show nothing yet.
			last := paused + 1500*ms
			for i, at := range append(s.when("move", "w-b.slice"), s.first("lift", "w-b.slice")) {
				steps := time.Duration(1)
				if i == len(tt.want) {
					steps = time.Duration(4 - i) // those that had nothing left to move
				}
				if apart := at - last; apart < 500*ms-controller.Tick || apart > steps*500*ms+4*controller.Tick {
					t.Errorf("step %d at %v, %v after the one before, want a quarter of calm", i, at, apart)
				}
				last = at
			}
			if b.high != tt.old {
				t.Errorf("memory.high of b is %v after relief, want the old %v", b.high, tt.old)
			}
		})
	}
}

// Ensure pressure in the middle of relief takes the mark back to usage, and
// that it is the same episode, without a new breach, to the end of its delay.
func TestMachine_TightensInRelief(t *testing.T) {
	for _, tt := range []struct {
		name string
		slow time.Duration // that a move takes
	}{{"moves at once", 0}, {"moves take their time", 250 * ms}} {
		t.Run(tt.name, func(t *testing.T) {
			w, s, b := heldWorld(t, slowly(), memcg.Max)
			s.slowMove = tt.slow
			episode, held := s.m.Episode(), s.first("held", "w-b.slice")
			pause(s, b)
			w.run(w.now+10*sec, func() {
				if len(s.moves) == 2 && b.grow == 0 {
					resume(s, b)
				}
			})
			if len(s.moves) < 3 || s.moves[2] > s.moves[1]+memcg.Limit(2*mib) {
				t.Fatalf("moves %v, want the third to be at usage, about where the second was", s.moves)
			}
			w.run(25*sec, untilDead(s, b))
			if got := s.m.Episode(); got != episode {
				t.Errorf("episode %v after pressure in relief, want %v still", got, episode)
			}
			w.expect(heldThenStopped)
			if took := s.first("lift", "w-b.slice") - held; took > 20*sec || took < 20*sec-2*controller.Tick {
				t.Errorf("lifted %v after the hold began, want what is left of 20s then", took)
			}
		})
	}
}

// Ensure pressure that comes while a mark is being moved up is not forgotten
// when that move is done: the mark goes back to usage.
func TestMachine_TightensAfterMove(t *testing.T) {
	w, s, b := heldWorld(t, slowly(), memcg.Max)
	first := b.leaf.Limits().Mark
	pause(s, b)
	s.slowMove = 400 * ms
	w.run(w.now+5*sec, func() {
		if len(s.jobs) > 0 && b.grow == 0 {
			resume(s, b) // the first step of relief is under way
		}
	})
	if len(s.moves) != 2 || s.moves[0] != first+first/8 || s.moves[1] >= s.moves[0] {
		t.Errorf("marks moved to %v, want %v and back to usage: the pressure came during the move", s.moves, first+first/8)
	}
}

// Ensure that what was calm at the first look, a moment after the breach, is
// not taken to be calm as long as nothing else is known: the hold is slow, and all the while it stalls.
func TestMachine_SlowHoldIsNoCalm(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.Delay = 10 * sec
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.onRelief = func(controller.Note) {
		if b.alive {
			t.Errorf("relief at %v under stall; %q", w.now, w.log)
		}
	}
	s.slow, s.stall = 1500*ms, 0.5
	w.run(20*sec, untilDead(s, b))
	if len(s.moves) > 0 {
		t.Errorf("marks moved to %v, want no step of relief", s.moves)
	}
	if b.alive {
		t.Error("b lives, want it stopped at the end of its delay")
	}
}

// Ensure the end of the delay in the middle of relief lifts all at once, and
// stops nobody who is calm.
func TestMachine_DeadlineInRelief(t *testing.T) {
	p := slowly()
	p.Hold.Delay = 4500 * ms
	for _, slow := range []time.Duration{0, 300 * ms} {
		w, s, b := heldWorld(t, p, memcg.Max)
		s.slowMove = slow
		held := s.first("held", "w-b.slice")
		pause(s, b)
		w.run(12*sec, nil)
		lifts := s.when("lift", "")
		if len(lifts) != 1 || lifts[0]-held > 4500*ms+controller.Tick || len(s.moves) == 0 || len(s.moves) == 3 {
			t.Errorf("moves that take %v: lifts at %v after %d moves, the hold began at %v; want one lift at 4.5s, in the middle of relief", slow, lifts, len(s.moves), held)
		}
		if !b.alive || b.high != memcg.Max || s.m.Phase() != controller.PhaseCalm {
			t.Errorf("alive %v, memory.high %v, phase %v; want b alive, no limit, calm", b.alive, b.high, s.m.Phase())
		}
	}
}

// Ensure a load that begins again as soon as it is let go stays in its episode
// and gets what is left of the delay, with the settings as they are shipped: the sleep of the
// kernel's that hides the stall for two seconds is not the end of the episode.
func TestMachine_ResumesBehindAfterglow(t *testing.T) {
	p := slowly()
	p.Hold.Delay = 10 * sec
	w, s, b := heldWorld(t, p, memcg.Max)
	episode := s.m.Episode()
	pause(s, b)
	w.run(20*sec, func() {
		if s.m.Phase() == controller.PhaseCalm && s.stall == 0 {
			b.grow, s.stall = 4*mib, 0.5
		}
		if s.m.Phase() == controller.PhaseHeld && s.stall > 0 && len(s.when("lift", "")) > 0 {
			if got := s.m.Episode(); got != episode {
				t.Fatalf("a new episode at %v with the whole delay: the lift was at %v, and it stalls since; want the old one again", w.now, s.first("lift", ""))
			}
		}
	})
}

// Ensure a load that comes and goes for five minutes is not flapped at.
//
// A write follows from a change of the load: when it comes back within an
// episode its mark is tightened (1), or a leaf is held anew (1); when it goes it is
// eased (3) and lifted (1). Both together are at most 6 a period. And nobody is stopped before the
// delay of the episode was used.
func TestMachine_Oscillates(t *testing.T) {
	const minutes = 5 * 60 * sec
	for _, period := range []time.Duration{sec, 2 * sec, 3 * sec, 5 * sec, 7 * sec, 11 * sec, 23 * sec} {
		for _, calm := range []time.Duration{sec, 2 * sec, 5 * sec} {
			p := slowly()
			p.Hold.Delay, p.Hold.Calm = 30*sec, calm
			w := newWorld(t)
			a, b, c := hogs()
			s := w.slice("w.slice", rules(p), a, b, c)
			s.onStop = func(n controller.Note) {
				if n.Why != controller.BecauseExpiry || n.Waited < p.Hold.Delay {
					t.Errorf("period %v, calm %v: stop after %v because of %v, want the delay of %v used", period, calm, n.Waited, n.Why, p.Hold.Delay)
				}
			}
			base := b.usage
			w.run(minutes, func() {
				switch {
				case !b.alive:
					s.stall, b.grow = 0, 0
				case w.now%period < period/2:
					b.grow, s.stall = 4*mib, 0.5
				default:
					b.grow, b.usage, s.stall = 0, min(b.usage, base), 0
				}
			})
			writes := len(s.when("held", "")) + len(s.when("lift", "")) + len(s.moves)
			if most := 6 * (int(minutes/period) + 1); writes > most {
				t.Errorf("period %v, calm %v: %d writes, want %d at most", period, calm, writes, most)
			}
			// Nor does a faster load make more of them: a round of relief takes calm at least, and has 5 writes and a hold.
			if most := 6 * (int(minutes/calm) + 1); writes > most {
				t.Errorf("period %v, calm %v: %d writes, want %d at most, whatever the period", period, calm, writes, most)
			}
			if !slices.ContainsFunc(s.acts, func(one act) bool { return one.what == "held" }) {
				t.Errorf("period %v, calm %v: nobody was ever held", period, calm)
			}
		}
	}
}
