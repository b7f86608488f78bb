package controller_test

import (
	"errors"
	"testing"

	"reprieve/controller"
	"reprieve/memcg"
)

// FuzzMachine plays half a second of the world's life for each byte. Whatever
// happens, no hold outlives its delay (the world checks that at each turn),
// one group at a time is stopped, and when all is calm nothing is left.
func FuzzMachine(f *testing.F) {
	f.Add([]byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1})
	f.Add([]byte{1, 3, 5, 9, 17, 33, 65, 129, 0, 0, 255, 1})
	f.Add([]byte{1, 1, 8, 8, 1, 1, 8, 8, 1, 1, 64, 64})
	f.Fuzz(func(t *testing.T, life []byte) {
		if len(life) > 120 {
			life = life[:120] // a minute is enough
		}
		w := newWorld(t)
		a, b, c := hogs()
		s := w.slice("w.slice", rules(policy()), a, b, c)
		other := &group{usage: 50 * mib, grow: mib}
		s2 := w.slice("x.slice", rules(policy()), other)
		for i, bits := range life {
			set := func(bit int) bool { return bits&(1<<bit) != 0 }
			s.stall, s2.stall = 0, 0
			if set(0) {
				s.stall = 0.5
			}
			if set(1) {
				s2.stall = 0.6
			}
			s.blind, b.blind = set(2), set(3)
			b.grow = 4 * mib
			if set(4) {
				b.grow = 0
			}
			s.stopErr, s.holdErr, s.deaf = nil, nil, set(5)
			if set(6) {
				s.holdErr, s.stopErr = errors.New("no"), errors.New("no")
			}
			if set(7) && b.leaf.Held() {
				b.high = memcg.Max // somebody takes the limit away
			}
			if set(6) && set(1) {
				s.kernelKills(a, 1)
			}
			w.run(w.now+sec/2, nil)
			if s.m.Victim() != nil && s2.m.Victim() != nil {
				t.Fatalf("byte %d: two victims at once", i)
			}
		}
		s.stall, s2.stall, s.blind, b.blind, s.holdErr, s.stopErr, s.deaf = 0, 0, false, false, nil, nil, false
		a.grow, b.grow, c.grow, other.grow = 0, 0, 0, 0
		w.run(w.now+120*sec, nil)
		for _, one := range w.slices {
			if one.m.Phase() != controller.PhaseCalm {
				t.Errorf("%s is in phase %v after two minutes of calm", one.m.Slice, one.m.Phase())
			}
			for _, g := range one.groups {
				if g.alive && g.high != memcg.Max {
					t.Errorf("memory.high of %s is %v after two minutes of calm", g.leaf.Unit, g.high)
				}
			}
		}
	})
}
