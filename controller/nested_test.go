package controller_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/memcg"
)

// nesting is a watched slice in a watched slice: the kernel's groups of the
// inner one are leaves of both.
type nesting struct {
	outer, inner *simSlice
	total        uint64 // of the inner, last seen
	load         float64
	twins        []twin
	both         []string // who was held by both at once
	slip         float64  // stall of the outer alone
}

// twin is one group of the kernel's: as the inner slice's leaf, and as the outer's.
type twin struct{ in, out *group }

// nest puts an inner slice of three leaves into an outer one, which has one
// more of its own. The outer is read first where outerFirst.
func (w *world) nest(outer, inner configs.Policy, outerFirst bool) *nesting {
	n := &nesting{}
	a, b, c := hogs()
	own := &group{usage: 25 * mib}
	o1, o2, o3 := hogs()
	o1.grow, o2.grow, o3.grow = 0, 0, 0
	makeOuter := func() { n.outer = w.slice("o.slice", rules(outer), own, o1, o2, o3) }
	if outerFirst {
		makeOuter()
	}
	n.inner = w.slice("i.slice", rules(inner), a, b, c)
	if !outerFirst {
		makeOuter()
	}
	n.inner.self.Path = "/o.slice/i.slice"
	for _, t := range []twin{{a, o1}, {b, o2}, {c, o3}} {
		t.in.leaf.Path = "/o.slice/i.slice/" + t.in.leaf.Unit
		t.out.leaf.Path, t.out.leaf.Unit, t.out.leaf.Inode = t.in.leaf.Path, t.in.leaf.Unit, t.in.leaf.Inode
		n.twins = append(n.twins, t)
	}
	return n
}

// play is called before each 10 ms: what happens to one of a pair happens to
// the other, and the stall of the inner slice, throttled or not, is the outer's as well.
func (n *nesting) play() {
	n.inner.stall = n.load
	n.outer.stall = max(float64(n.inner.total-n.total)/10_000, n.slip)
	n.total = n.inner.total
	for _, t := range n.twins {
		if t.in.leaf.Held() && t.out.leaf.Held() {
			n.both = append(n.both, t.in.leaf.Unit)
		}
		if !t.out.alive && t.in.alive {
			t.in.alive, t.in.usage = false, 0
		}
		t.out.alive, t.out.usage, t.out.total, t.out.hits = t.in.alive, t.in.usage, t.in.total, t.in.hits
		if t.out.leaf.Held() && t.in.high == memcg.Max {
			t.in.usage = min(t.in.usage, uint64(t.out.high))
		}
	}
}

// dead returns how many groups are gone.
func (n *nesting) dead() int {
	dead := 0
	for _, t := range n.twins {
		if !t.in.alive {
			dead++
		}
	}
	if !n.outer.groups[0].alive {
		dead++
	}
	return dead
}

// orders runs a test with either slice read first.
func orders(t *testing.T, test func(t *testing.T, outerFirst bool)) {
	t.Helper()
	for name, outerFirst := range map[string]bool{"inner read first": false, "outer read first": true} {
		t.Run(name, func(t *testing.T) { test(t, outerFirst) })
	}
}

// named returns a policy for a slice of that name.
func named(p configs.Policy, name string) configs.Policy {
	p.Slice = name
	return p
}

// Ensure two watched slices, one in the other, that are in breach together do
// not hold the same path, are relieved together when the held leaf fits, although it makes both
// look fully stalled, and stop nobody.
func TestNested_RelievedTogether(t *testing.T) {
	orders(t, func(t *testing.T, outerFirst bool) {
		w := newWorld(t)
		n := w.nest(named(policy(), "o.slice"), named(policy(), "i.slice"), outerFirst)
		b := n.twins[1].in
		n.load = 0.5
		w.run(2*sec, n.play)
		if n.outer.m.Phase() != controller.PhaseHeld || n.inner.m.Phase() != controller.PhaseHeld {
			t.Fatalf("phases %v and %v after two seconds, want both held; %q", n.outer.m.Phase(), n.inner.m.Phase(), w.log)
		}
		b.grow, b.usage, n.load = 0, b.usage-8*mib, 0
		n.slip = 1 // a sleeper of the hold's is seen by the outer slice all the time
		w.run(4*sec, n.play)
		n.slip = 0
		w.run(20*sec, n.play)
		reliefs := 0
		for _, line := range w.log {
			if strings.HasPrefix(line, "relief ") {
				reliefs++
			}
		}
		if reliefs != 2 || n.dead() != 0 || len(n.both) != 0 {
			t.Errorf("%d reliefs, %d dead, held by both: %q; want both slices relieved and no more; %q", reliefs, n.dead(), n.both, w.log)
		}
		if n.outer.m.Phase() != controller.PhaseCalm || n.inner.m.Phase() != controller.PhaseCalm {
			t.Errorf("phases %v and %v, want calm", n.outer.m.Phase(), n.inner.m.Phase())
		}
	})
}

// Ensure an outer slice in which only the hold of an inner one shows is not in
// breach, however long and however stalled.
func TestNested_HoldIsNoBreach(t *testing.T) {
	orders(t, func(t *testing.T, outerFirst bool) {
		w := newWorld(t)
		outer, inner := named(policy(), "o.slice"), named(policy(), "i.slice")
		inner.Pressure.Full, outer.Pressure.Full = 2000, 6000
		inner.Hold.Delay = 30 * sec
		n := w.nest(outer, inner, outerFirst)
		n.load = 0.4 // enough for the inner one alone
		w.run(20*sec, n.play)
		if n.inner.m.Phase() != controller.PhaseHeld || n.outer.m.Phase() != controller.PhaseCalm {
			t.Errorf("phases: inner %v, outer %v; want held and calm: all of the outer's 100%% is of the inner's hold", n.inner.m.Phase(), n.outer.m.Phase())
		}
		b := n.twins[1].in
		b.grow, b.usage, n.load = 0, b.usage-8*mib, 0
		w.run(40*sec, n.play)
		if n.dead() != 0 || slices.Contains(w.log, "breach o.slice by full") {
			t.Errorf("%d dead, want none, nor a breach of the outer one; %q", n.dead(), w.log)
		}
	})
}

// Ensure that two nested slices whose delays end together stop one group, and
// that the outer one measures anew after it, whatever the window.
func TestNested_OneStop(t *testing.T) {
	for _, window := range []time.Duration{500 * ms, sec, 10 * sec} {
		for _, hooks := range []time.Duration{0, sec} {
			orders(t, func(t *testing.T, outerFirst bool) {
				w := newWorld(t)
				p := policy()
				p.Pressure.Window, p.Stop.Hooks = window, hooks
				n := w.nest(named(p, "o.slice"), named(p, "i.slice"), outerFirst)
				n.outer.deafHooks, n.inner.deafHooks = true, true
				n.load = 0.9
				var died time.Duration
				w.run(60*sec, func() {
					n.play()
					if n.dead() > 0 && died == 0 {
						died, n.load = w.now, 0
					}
					if died > 0 && w.now < died+window {
						// The kernel's trigger tells once more of what it saw before.
						n.outer.reading.FiredFull, n.inner.reading.FiredFull = true, true
						n.outer.dirty, n.inner.dirty = true, true
					}
				})
				if n.dead() != 1 || died == 0 {
					t.Errorf("window %v, hooks %v: %d dead, want 1; %q", window, hooks, n.dead(), w.log)
				}
				if len(n.both) != 0 {
					t.Errorf("window %v, hooks %v: held by both: %q", window, hooks, n.both)
				}
				if n.outer.m.Phase() != controller.PhaseCalm || n.inner.m.Phase() != controller.PhaseCalm {
					t.Errorf("window %v, hooks %v: phases %v and %v, want calm", window, hooks, n.outer.m.Phase(), n.inner.m.Phase())
				}
			})
		}
	}
}

// Ensure an outer slice that expires first has the hold of the inner one lifted
// before it asks for the stop: a group over memory.high dies slowly.
func TestNested_LiftsInnerBeforeStop(t *testing.T) {
	orders(t, func(t *testing.T, outerFirst bool) {
		w := newWorld(t)
		outer, inner := named(policy(), "o.slice"), named(policy(), "i.slice")
		outer.Hold.Delay, inner.Hold.Delay = 4*sec, 30*sec
		n := w.nest(outer, inner, outerFirst)
		n.load = 0.5
		heldAtStop := false
		w.run(20*sec, func() {
			if len(n.outer.when("StopUnit", "")) == 1 && n.twins[1].in.alive && n.twins[1].in.high != memcg.Max {
				heldAtStop = true
			}
			n.play()
			if n.dead() > 0 {
				n.load = 0
			}
		})
		if n.dead() != 1 {
			t.Fatalf("%d dead, want the hog; %q", n.dead(), w.log)
		}
		if heldAtStop {
			t.Errorf("the hog is held by the inner slice while systemd stops it for the outer; %q", w.log)
		}
	})
}

// Ensure two slices beside each other that both hold do not count each other's
// hold as others who stall, and that a witness who stalls by itself still counts.
func TestNested_DisjointHolds(t *testing.T) {
	for _, tt := range []struct {
		name    string
		hold    string // of the other slice
		witness float64
		early   bool
	}{
		{"both throttle", "throttle", 0, false},
		{"the other waits and stalls", "none", 0.9, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			p := policy()
			p.Hold.Delay = 8 * sec
			px := p
			px.Hold.By = tt.hold
			_, b, _ := hogs()
			_, d, _ := hogs()
			s, x := w.slice("w.slice", rules(p), b), w.slice("x.slice", rules(px), d)
			atS, atX := &controller.Witness{Path: "/w.slice"}, &controller.Witness{Path: "/x.slice"}
			s.m.SetWitnesses([]*controller.Witness{atX})
			x.m.SetWitnesses([]*controller.Witness{atS})
			s.stall, x.stall = 0.5, 0.25
			var began, stopped time.Duration
			s.onStop = func(n controller.Note) {
				if stopped == 0 {
					stopped = w.now
				}
			}
			w.run(12*sec, func() {
				atS.Totals.FullMicros, atS.TotalsOK = s.total, true
				atX.Totals.FullMicros, atX.TotalsOK = x.total, true
				if began == 0 && s.m.Phase() == controller.PhaseHeld {
					began = w.now
				}
				if tt.witness > 0 && s.m.Phase() == controller.PhaseHeld {
					x.stall = tt.witness
				}
				if !b.alive {
					s.stall, b.grow = 0, 0
				}
				if !d.alive {
					x.stall, d.grow = 0, 0
				}
			})
			if early := stopped > 0 && stopped-began < 7*sec; stopped == 0 || early != tt.early {
				t.Errorf("stopped %v after the breach, cut short %v, want %v; %q", stopped-began, early, tt.early, w.log)
			}
		})
	}
}

// Ensure a kernel trigger that tells, up to a window late, of what was before a
// stop is no new breach: the kernel reports at most once a window, and keeps what is due.
func TestMachine_LateTriggerAfterStop(t *testing.T) {
	for _, by := range []string{"throttle", "freeze", "none", "no delay"} {
		w := newWorld(t)
		p := policy()
		p.Pressure.Window, p.Hold.By = 10*sec, by
		if by == "no delay" {
			p.Hold.By, p.Hold.Delay = "throttle", 0
		}
		a, b, c := hogs()
		s := w.slice("w.slice", rules(p), a, b, c)
		s.stall = 0.9
		var died time.Duration
		w.run(60*sec, func() {
			if !b.alive && died == 0 {
				died, s.stall, w.log = w.now, 0, nil
			}
			if died > 0 && w.now == died+9*sec {
				s.reading.FiredFull, s.dirty = true, true
			}
		})
		breaches := 0
		for _, line := range w.log {
			if line == "breach w.slice by full" {
				breaches++
			}
		}
		if died == 0 || !a.alive || !c.alive || breaches != 0 {
			t.Errorf("by %s: alive: a %v, b %v, c %v, %d breaches after it; want only b dead, and no breach; %q", by, a.alive, b.alive, c.alive, breaches, w.log)
		}
	}
}
