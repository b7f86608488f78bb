package controller_test

import (
	"errors"
	"testing"
	"time"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/memcg"
)

// fuzzed is a policy that a number names: a way to hold or a ladder of them,
// with or without a squeeze, hooks, a grace time and a long window.
func fuzzed(kind uint16) configs.Policy {
	p := policy()
	p.Hold.By = []string{"throttle", "freeze", "raise", "none"}[kind&3]
	if kind&4 != 0 {
		p.Hold.Steps = []configs.Step{
			{By: "signal", Delay: 500 * ms, Unit: "cache.service"}, {By: p.Hold.By, Delay: sec}, {By: "start", Delay: 300 * ms, Unit: "flush.service"},
			{By: "throttle", Delay: sec}, {By: "freeze", Delay: sec}, {By: "raise", Delay: sec},
		}
	}
	p.Hold.LendBytes = 32 * mib
	set := func(bit int) bool { return kind&(1<<bit) != 0 }
	if set(3) {
		p.Hold.Squeeze = 2000
	}
	if set(4) {
		p.Stop.Hooks = 700 * ms
	}
	if set(5) {
		p.Stop.Grace = sec
	}
	if set(6) {
		p.Pressure.Window = 5 * sec
	}
	if set(7) {
		p.Hold.Calm = 3 * sec
	}
	if set(8) {
		p.Pressure.Left = 3 * sec
	}
	return p
}

// perStop is the longest that a stop may take, from the decision to the end of
// its settle time: the bounds of its parts, and a second for the ticks between.
func perStop(s configs.Stop) time.Duration {
	return s.Hooks + max(s.Grace, 0) + 500*ms + sec + 10*sec + s.Settle + sec
}

// FuzzMachine plays half a second of the world's life for each two bytes.
// Whatever happens, no hold outlives its delay, nor do those of an episode together, and one
// group at a time is stopped on the host (the world checks these at each turn); each stop ends in its
// time; and when all is calm nothing is left.
func FuzzMachine(f *testing.F) {
	f.Add(uint16(0), []byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1})
	f.Add(uint16(0), []byte{1, 3, 5, 9, 17, 33, 65, 129, 0, 0, 255, 1})
	f.Add(uint16(1|4), []byte{1, 0, 1, 0, 8, 8, 1, 1, 8, 8, 1, 1, 64, 64, 1, 0, 1, 0, 1, 0})
	f.Add(uint16(2|16), []byte{1, 4, 1, 4, 1, 4, 1, 4, 0, 0, 0, 0, 1, 4, 1, 4})
	f.Add(uint16(8|64|128), []byte{1, 16, 1, 16, 1, 32, 1, 64, 1, 128, 1, 0, 1, 0})
	f.Fuzz(func(t *testing.T, kind uint16, life []byte) {
		life = life[:min(len(life), 160)] // three quarters of a minute are enough
		w := newWorld(t)
		w.swapless = kind&(1<<8) != 0
		a, b, c := hogs()
		s := w.slice("w.slice", rules(named(fuzzed(kind), "w.slice")), a, b, c)
		s.max, s.dirty, b.anon = memcg.Limit(400*mib), true, 1000*mib
		n := w.nest(named(fuzzed(kind>>9), "o.slice"), named(fuzzed(kind>>11), "i.slice"), kind&(1<<15) != 0)
		for _, one := range w.slices {
			one.watchStops()
		}
		for i := 0; i+1 < len(life); i += 2 {
			w.befall(s, n, life[i], life[i+1])
			w.run(w.now+sec/2, n.play)
		}
		w.heal(s, n)
		w.run(w.now+150*sec, n.play)
		for _, one := range w.slices {
			if one.m.Phase() != controller.PhaseCalm {
				t.Errorf("%s is in phase %v after two minutes of calm", one.m.Slice, one.m.Phase())
			}
			for _, g := range one.groups {
				if g.alive && (g.high != memcg.Max || g.frozen || g.leaf.Held()) {
					t.Errorf("%s: memory.high %v, frozen %v, held %v after two minutes of calm", g.leaf.Unit, g.high, g.frozen, g.leaf.Held())
				}
			}
			if one.self.Held() {
				t.Errorf("%s has a loan after two minutes of calm", one.m.Slice)
			}
		}
		if s.max != memcg.Limit(400*mib) {
			t.Errorf("memory.max %v after two minutes of calm, want the old 400 MiB", s.max)
		}
		if len(n.both) > 0 {
			t.Errorf("held by two slices at once: %q", n.both)
		}
	})
}

// watchStops checks that each stop of a slice ends in its time.
func (s *simSlice) watchStops() {
	decided := time.Duration(0)
	s.onStop = func(controller.Note) { decided = s.w.now }
	s.onSettled = func(n controller.Note) {
		if took, most := s.w.now-decided, perStop(s.m.Rules().Policy.Stop); took > most {
			s.w.t.Errorf("%v: the stop of %s took %v, want %v at most", s.w.now, n.Unit, took, most)
		}
	}
}

// befall has happen to the world what two bytes say.
func (w *world) befall(s *simSlice, n *nesting, x, y byte) {
	set := func(bits byte, bit int) bool { return bits&(1<<bit) != 0 }
	pick := func(yes bool, value float64) float64 {
		if yes {
			return value
		}
		return 0
	}
	a, b := s.groups[0], s.groups[1]
	s.stall, n.load = pick(set(x, 0), 0.5), pick(set(x, 1), 0.6)
	s.blind, b.blind = set(x, 2), set(x, 3)
	b.grow = 4 * mib
	if set(x, 4) {
		b.grow = 0
	}
	s.deaf, s.deafHooks, n.inner.deafHooks = set(x, 5), set(x, 5), set(x, 5)
	s.stopErr, s.holdErr, s.stepErr = nil, nil, nil
	if set(x, 6) {
		s.stopErr, s.holdErr, s.stepErr = errors.New("no"), errors.New("no"), errors.New("no")
	}
	if set(x, 7) && b.leaf.Held() {
		b.high, b.frozen = memcg.Max, false // somebody takes the hold away
	}
	if set(x, 6) && set(x, 1) {
		s.kernelKills(a, 1)
	}
	s.slow, s.slowMove = 0, 0
	if set(y, 0) {
		s.slow, s.slowMove = 400*ms, 300*ms
	}
	s.stuckMove, w.noHost = set(y, 1), set(y, 7)
	if set(y, 2) && b.alive {
		b.usage = max(b.usage, uint64(s.max)-60*mib) // at memory.max
	}
	switch {
	case set(y, 3) && set(y, 7):
		s.pauseFor(2 * sec)
	case set(y, 3):
		s.release()
	}
	if set(y, 4) {
		n.inner.release()
	}
	w.available = 500 * mib
	if set(y, 5) {
		w.available = 40 * mib
	}
	w.scarce, w.floor = set(y, 5) && set(y, 6), 50*mib
	if set(y, 6) {
		b.usage -= min(b.usage, 8*mib)
	}
}

// heal ends all that befell the world.
func (w *world) heal(s *simSlice, n *nesting) {
	w.befall(s, n, 1<<4, 0)
	s.stall, n.load = 0, 0
	for _, one := range w.slices {
		for _, g := range one.groups {
			g.grow = 0
			g.usage = min(g.usage, 40*mib)
		}
	}
}
