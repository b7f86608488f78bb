package controller_test

import (
	"errors"
	"testing"
	"time"

	"reprieve/controller"
	"reprieve/memcg"
)

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
	w.expect(heldThenRelieved)
}

// Ensure by = "none" waits, touches nothing, and judges by the slice itself.
func TestMachine_NoneWaits(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.By = "none"
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	w.run(12*sec, untilDead(s, b))
	w.expect("breach w.slice by full" + stopped)
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
	w.expect(heldThenRelieved)
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

// Ensure a hold that cannot be written is told and the wait goes on without.
func TestMachine_HoldFails(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.holdErr = errors.New("no space left on device")
	s.stall = 0.5
	w.run(12*sec, untilDead(s, b))
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
	w.run(12*sec, untilDead(s, b))
	w.expect(heldThenStopped)
}

// Ensure a leaf that is swapped out, its pages for a while in both places, is
// not held as a grower.
func TestMachine_SwappedOutIsNoGrower(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall = 0.5
	w.run(9*sec, func() {
		if c.swap < 20*mib {
			c.swap, c.cached = c.swap+mib/4, c.cached+mib/4
		}
		untilDead(s, b)()
	})
	w.expect(heldThenStopped)
}

// Ensure what others stalled before the first hold does not cut the wait short, and what they stall under it does.
func TestMachine_OthersStall(t *testing.T) {
	for _, tt := range []struct {
		name   string
		during float64
		want   bool
	}{{"before the hold alone", 0, false}, {"under the hold, too", 0.6, true}} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			a, b, c := hogs()
			s := w.slice("w.slice", rules(policy()), a, b, c)
			s.stall, c.stall, s.slow = 0.5, 1, 700*ms
			var began, stopped time.Duration
			w.run(8*sec, func() {
				if began == 0 && s.m.Phase() == controller.PhaseHeld {
					began = w.now
				}
				if b.high != memcg.Max {
					c.stall = tt.during
				}
				if !b.alive && stopped == 0 {
					stopped, s.stall, c.stall = w.now, 0, 0
				}
			})
			if early := stopped-began < 3*sec; stopped == 0 || early != tt.want {
				t.Errorf("stopped %v after the breach, cut short %v, want %v", stopped-began, early, tt.want)
			}
		})
	}
}
