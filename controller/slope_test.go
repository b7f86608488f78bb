package controller_test

import (
	"testing"
	"time"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/memcg"
)

// sloped returns rules by which a slice of a host without swap is in breach
// when its memory would be gone in three seconds.
func sloped(p configs.Policy) controller.Rules {
	p.Pressure.Left = 3 * sec
	return rules(p)
}

// swapless returns a host without swap, with a slice of 1000 MiB in which b
// takes 100 MiB a second.
func swapless(t *testing.T, p configs.Policy) (*world, *simSlice, *group) {
	t.Helper()
	w := newWorld(t)
	w.swapless, w.swap, w.available = true, 0, 8000*mib
	a, b, c := hogs()
	b.grow = 10 * mib
	s := w.slice("w.slice", sloped(p), a, b, c)
	s.max, s.dirty = memcg.Limit(1000*mib), true
	return w, s, b
}

// usage is what the slice uses.
func (s *simSlice) usage() uint64 {
	sum := uint64(0)
	for _, g := range s.groups {
		sum += g.usage
	}
	return sum
}

// breached runs until there is a breach, and returns what was used then; 0 without one.
func (s *simSlice) breached(until time.Duration, each func()) uint64 {
	used := uint64(0)
	s.w.run(until, func() {
		if each != nil {
			each()
		}
		if used == 0 && s.m.Phase() != controller.PhaseCalm {
			used = s.usage()
		}
	})
	return used
}

// Ensure that without swap a slice is in breach three seconds before it is at
// its memory.max, without any stall, and not much sooner.
func TestMachine_SlopeBreaches(t *testing.T) {
	w, s, _ := swapless(t, policy())
	var got controller.Breach
	s.onBreach = func(n controller.Note) { got = n.Breach }
	used := s.breached(10*sec, nil)
	if used < 650*mib || used > 780*mib {
		t.Fatalf("breach at %d MiB of 1000, want it about 3 s of 100 MiB before; %q", used/mib, w.log)
	}
	if got.By != "left" || got.Left > 3*sec || got.RateBytes < 90*mib || got.RateBytes > 110*mib {
		t.Errorf("breach %+v, want it by left, at about 100 MiB a second", got)
	}
}

// Ensure a slice that is read more often, since its memory.events change all the
// time, is judged by the slope all the same.
func TestMachine_SlopeOfManyLooks(t *testing.T) {
	for _, every := range []time.Duration{20 * ms, 50 * ms, 100 * ms} {
		w, s, _ := swapless(t, policy())
		used := s.breached(10*sec, func() { s.dirty = w.now%every == 0 })
		if used < 650*mib || used > 780*mib {
			t.Errorf("read every %v: breach at %d MiB of 1000, want it about 3 s of 100 MiB before", every, used/mib)
		}
	}
}

// Ensure who has swap, or an end to its memory that is not in sight, is not
// judged by the slope.
func TestMachine_SlopeIsOff(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world, s *simSlice)
		slope  bool
	}{
		{"with swap", func(w *world, _ *simSlice) { w.swapless, w.swap = false, 512*mib }, false},
		{"with swap that is full", func(w *world, _ *simSlice) { w.swapless, w.swap = false, 0 }, false},
		{"no memory.max", func(_ *world, s *simSlice) { s.max = memcg.Max }, false},
		{"no limit in the policy", func(_ *world, s *simSlice) { s.m.SetRules(rules(policy())) }, false},
		{"nothing grows", func(_ *world, s *simSlice) { s.groups[1].grow = 0 }, true},
		{"it grows slowly", func(_ *world, s *simSlice) { s.groups[1].grow = mib / 2 }, true},
		{"the limit cannot be read", func(_ *world, s *simSlice) { s.noRoom = true }, false},
		{"meminfo cannot be read", func(w *world, _ *simSlice) { w.noHost = true }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, s, _ := swapless(t, policy())
			tt.change(w, s)
			if used := s.breached(7*sec, nil); used != 0 {
				t.Errorf("breach at %d MiB, want none; %q", used/mib, w.log)
			}
			if got := s.m.Slope(); got != tt.slope {
				t.Errorf("Slope() = %v, want %v", got, tt.slope)
			}
		})
	}
}

// Ensure page cache is no growth: it comes back without killing anybody.
func TestMachine_SlopeLeavesCacheOut(t *testing.T) {
	w, s, b := swapless(t, policy())
	b.usage = 0
	if used := s.breached(8*sec, func() { s.file = b.usage }); used != 0 {
		t.Errorf("breach at %d MiB, nearly all of it page cache, want none; %q", used/mib, w.log)
	}
}

// Ensure the root goes by what the host has available, whatever its usage and
// limits say, and a slice by the less of the two.
func TestMachine_SlopeOfHost(t *testing.T) {
	for _, path := range []string{"/", "/w.slice"} {
		w, s, _ := swapless(t, policy())
		s.self.Path = path
		s.max = memcg.Limit(100_000 * mib)
		if path == "/" {
			s.max = memcg.Max
		}
		w.available = 1000 * mib
		at := uint64(0)
		w.run(12*sec, func() {
			if w.available > 0 {
				w.available -= mib // 100 MiB a second
			}
			if at == 0 && s.m.Phase() != controller.PhaseCalm {
				at = w.available
			}
		})
		if at < 220*mib || at > 350*mib {
			t.Errorf("%s: breach with %d MiB available, want it at about 300", path, at/mib)
		}
	}
}

// Ensure that at expiry only how fast memory goes without the hold decides.
func TestMachine_SlopeExpires(t *testing.T) {
	for _, tt := range []struct {
		name string
		grow uint64 // a tick, after the lift
		dies bool
	}{{"it runs on", 10 * mib, true}, {"it stops growing", 0, false}, {"it grows slowly", mib / 4, false}} {
		t.Run(tt.name, func(t *testing.T) {
			w, s, b := swapless(t, policy())
			w.run(25*sec, func() {
				if len(s.when("lift", "")) > 0 && b.alive {
					b.grow = tt.grow
				}
			})
			if b.alive == tt.dies {
				t.Errorf("alive %v, want %v; %q", b.alive, !tt.dies, w.log)
			}
			if !s.groups[0].alive || !s.groups[2].alive {
				t.Errorf("somebody else died; %q", w.log)
			}
			if tt.dies {
				if lift, stop := s.first("lift", ""), s.first("StopUnit", ""); stop <= lift {
					t.Errorf("stopped at %v, lifted at %v; want how fast it goes unheld looked at in between", stop, lift)
				}
				if b := s.max; s.peak > uint64(b) {
					t.Errorf("the slice was at %d MiB, want it stopped before its 1000", s.peak/mib)
				}
			}
		})
	}
}

// Ensure calm is looked at often enough that half of what is left cannot go
// unseen, and never more often than four times, nor less than once in ten seconds.
func TestMachine_SlopeLooks(t *testing.T) {
	for _, tt := range []struct {
		room uint64
		want time.Duration
	}{
		{mib, 250 * ms}, {512 * mib, 250 * ms}, {1024 * mib, 500 * ms}, {4096 * mib, 2 * sec}, {20 * 1024 * mib, 10 * sec}, {900 * 1024 * mib, 10 * sec},
	} {
		w, s, b := swapless(t, policy())
		b.grow = 0
		w.available = 1 << 50
		s.max = memcg.Limit(s.usage() + tt.room)
		w.run(100*ms, nil)
		at, on := s.m.Until(w.now)
		if got := at - w.now; !on || got != tt.want {
			t.Errorf("with %d MiB left the next look is in %v (%v), want %v", tt.room/mib, got, on, tt.want)
		}
	}
}

// Ensure swap that fills is a breach before memory and swap are gone, once little of it is left and the kernel makes room; and that
// nothing of the sort is looked at before.
func TestMachine_SlopeOfSwap(t *testing.T) {
	for _, tt := range []struct {
		name     string
		swap     uint64 // free of 512 MiB, at first
		stirring bool
		most     uint64 // that may be left of both at the breach; 0: none comes
		least    uint64
	}{
		{"it fills", 512 * mib, true, 188 * mib, 120 * mib},
		{"it is full", 0, true, 310 * mib, 250 * mib},
		{"nobody makes room", 512 * mib, false, 0, 0},
	} {
		w, s, b := swapless(t, policy())
		w.swapless, w.swap, w.stirring = false, tt.swap, tt.stirring
		s.self.Path, s.max = "/", 0
		w.available = 400 * mib
		b.grow = 0 // what it takes is told by what the host has left: 100 MiB a second
		left, breached := uint64(0), false
		w.run(8*sec, func() {
			if breached = breached || s.m.Phase() != controller.PhaseCalm; !breached {
				left = w.available + w.swap
			}
			if w.available > 60*mib || w.swap == 0 {
				w.available -= min(w.available, mib)
			} else {
				w.swap -= min(w.swap, mib)
			}
		})
		switch {
		case breached != (tt.most > 0):
			t.Errorf("%s: breach %v, with %d MiB left; want %v; %q", tt.name, breached, left/mib, tt.most > 0, w.log)
		case breached && (left > tt.most || left < tt.least):
			t.Errorf("%s: breach with %d MiB left, want %d to %d", tt.name, left/mib, tt.least/mib, tt.most/mib)
		}
		if at, on := s.m.Until(w.now); !tt.stirring && (on || at < w.now) {
			t.Errorf("%s: the next look is at %v (%v), want none", tt.name, at, on)
		}
	}
}

// Ensure looks in calm come together when they are near each other, and no look
// comes much too early for that.
func TestMachine_SharesLooks(t *testing.T) {
	w, s, b := swapless(t, policy())
	b.grow = 0
	w.available = 1 << 50
	s.max = memcg.Limit(s.usage() + 4096*mib) // a look in two seconds
	w.run(100*ms, nil)
	for after, want := range map[time.Duration]bool{0: false, sec: false, 1500 * ms: true, 3 * sec: true} {
		if got := s.m.Shares(s.last+after, s.last); got != want {
			t.Errorf("Shares(%v after the last look) = %v, want %v", after, got, want)
		}
	}
	s.stall = 0.5
	w.run(2*sec, nil)
	if s.m.Phase() == controller.PhaseCalm || s.m.Shares(w.now+sec, s.last) {
		t.Errorf("phase %v shares its looks, want an episode that does not", s.m.Phase())
	}
}
