package controller_test

import (
	"testing"
	"time"

	"reprieve/configs"
	"reprieve/controller"
)

// root is the root slice of a world, with two top-level slices as its parts.
type root struct {
	*simSlice
	parts []*controller.Witness
	share []float64 // that each of them stalls
}

// newRoot makes the root judge by its parts, while less than a tenth of the
// host's 1000 MiB is available.
func newRoot(t *testing.T, p configs.Policy) (*world, *root, *group) {
	t.Helper()
	w := newWorld(t)
	p.Slice, p.Pressure.Scarce = "-.slice", 1000
	a, b, c := hogs()
	s := w.slice("-.slice", rules(p), a, b, c)
	s.self.Path = "/"
	r := &root{simSlice: s, share: make([]float64, 2)}
	for _, path := range []string{"/system.slice", "/user.slice"} {
		r.parts = append(r.parts, &controller.Witness{Path: path, TotalsOK: true})
	}
	for _, g := range s.groups {
		g.leaf.Path = "/system.slice/" + g.leaf.Unit
	}
	s.m.SetParts(r.parts)
	return w, r, b
}

// play is called before each 10 ms. Something wakes the root twice a second.
func (r *root) play() {
	r.dirty = r.dirty || r.w.now%(500*ms) == 0
	for i, p := range r.parts {
		p.Totals.FullMicros += uint64(r.share[i] * 10_000)
		p.Totals.SomeMicros += uint64(r.share[i] * 10_000)
	}
}

// Ensure stall that was seen while the host had plenty is no breach when it has
// not any more and nothing else is known: an old reading is none.
func TestRoot_OldStall(t *testing.T) {
	for _, known := range []bool{false, true} {
		w, r, _ := newRoot(t, policy())
		w.available, r.share = 900*mib, []float64{0.9, 0}
		breach := false
		w.run(6*sec, func() {
			r.play()
			if w.now == 3*sec {
				w.available = 50 * mib
				r.parts[0].TotalsOK = known
			}
			breach = breach || r.m.Phase() != controller.PhaseCalm
		})
		if breach != known {
			t.Errorf("stall is read from 3 s on: %v; breach: %v, want %v", known, breach, known)
		}
	}
}

// Ensure stall at the root is a breach only while the host has little
// available, and that it is that of the parts and not the root's own.
func TestRoot_Scarce(t *testing.T) {
	for _, tt := range []struct {
		name      string
		available uint64
		share     []float64
		noHost    bool
		want      bool
	}{
		{"short, one part stalls", 50 * mib, []float64{0, 0.9}, false, true},
		{"short, just", 100*mib - 4096, []float64{0.9, 0}, false, true},
		{"not short, just", 100 * mib, []float64{0.9, 0.9}, false, false},
		{"plenty, all stall", 900 * mib, []float64{0.9, 0.9}, false, false},
		{"short, no part stalls", 50 * mib, []float64{0, 0.1}, false, false},
		{"meminfo is missing", 50 * mib, []float64{0.9, 0.9}, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, r, _ := newRoot(t, policy())
			w.available, w.noHost, r.share = tt.available, tt.noHost, tt.share
			breach := false
			w.run(6*sec, func() {
				r.play()
				breach = breach || r.m.Phase() != controller.PhaseCalm
			})
			if breach != tt.want {
				t.Errorf("breach %v, want %v; %q", breach, tt.want, w.log)
			}
		})
	}
}

// Ensure the end of the delay on a host that is not short any more is relief,
// although the held leaf would take more.
func TestRoot_Spared(t *testing.T) {
	w, r, b := newRoot(t, policy())
	w.available, r.share = 50*mib, []float64{0.9, 0}
	w.run(2*sec, r.play)
	if !b.leaf.Held() {
		t.Fatalf("b is not held; %q", w.log)
	}
	w.available = 500 * mib
	spared := 0
	r.onRelief = func(n controller.Note) {
		if n.Spared {
			spared++
		}
	}
	w.run(20*sec, r.play)
	if spared != 1 || !b.alive {
		t.Errorf("spared %d times, b alive %v; want one relief and nobody stopped; %q", spared, b.alive, w.log)
	}
	w.expect(`
		breach -.slice by full
		hold --b.slice
		held --b.slice
		lift --b.slice
		relief -.slice spared`)
}

// Ensure urgency does not stop anybody either on a host that is not short.
func TestRoot_SparedWhenUrgent(t *testing.T) {
	w, r, b := newRoot(t, policy())
	w.available, r.share = 50*mib, []float64{0.9, 0}
	w.run(2*sec, r.play)
	w.available = 500 * mib
	r.events.OOM++
	w.run(3*sec, r.play)
	if !b.alive || r.m.Phase() != controller.PhaseCalm {
		t.Errorf("b alive %v, phase %v; want it spared at once; %q", b.alive, r.m.Phase(), w.log)
	}
}

// Ensure a host that stays short has its hog stopped.
func TestRoot_Expires(t *testing.T) {
	w, r, b := newRoot(t, policy())
	w.available, r.share = 50*mib, []float64{0.9, 0}
	w.run(12*sec, func() {
		r.play()
		if !b.alive {
			r.share[0], w.available = 0, 500*mib
		}
	})
	w.expect(`
		breach -.slice by full
		hold --b.slice
		held --b.slice
		lift --b.slice
		stop --b.slice
		StopUnit --b.slice
		kill --b.slice
		stopped --b.slice
		settled --b.slice goesOn=false`)
}

// Ensure a missing meminfo leads nobody to a stop, whatever else presses.
func TestRoot_BlindStopsNobody(t *testing.T) {
	w, r, b := newRoot(t, policy())
	w.available, r.share = 50*mib, []float64{0.9, 0}
	w.run(2*sec, r.play)
	w.noHost = true
	w.run(30*sec, r.play)
	if !b.alive {
		t.Errorf("b was stopped while it is not known whether the host is short; %q", w.log)
	}
	if b.leaf.Held() {
		t.Error("b is held after its delay")
	}
}

// Ensure parts in which a hold shows are left out, and the others count.
func TestRoot_PartsThatHold(t *testing.T) {
	w, r, _ := newRoot(t, policy())
	p := named(policy(), "user.slice")
	p.Hold.Delay = time.Minute
	_, u, _ := hogs()
	user := w.slice("user.slice", rules(p), u)
	w.available = 50 * mib
	user.stall = 0.5
	w.run(2*sec, r.play)
	if !u.leaf.Held() {
		t.Fatalf("the user slice holds nothing; %q", w.log)
	}
	r.share[1] = 1 // made by the hold
	w.run(10*sec, r.play)
	if r.m.Phase() != controller.PhaseCalm {
		t.Errorf("the root is in breach by a hold of the user slice's; %q", w.log)
	}
	r.share[0] = 0.9
	w.run(12*sec, r.play)
	if r.m.Phase() == controller.PhaseCalm {
		t.Errorf("the root is calm while the system slice stalls, want a breach; %q", w.log)
	}
}

// Ensure the record of a second episode has its own stall, also where the one
// before stalled more.
func TestRoot_StallOfEachEpisode(t *testing.T) {
	w, r, b := newRoot(t, policy())
	var relieved []controller.Note
	r.onRelief = func(n controller.Note) { relieved = append(relieved, n) }
	w.available = 50 * mib
	for _, share := range []float64{0.9, 0.4} {
		r.share[0], b.grow = share, 4*mib
		w.run(w.now+1500*ms, r.play)
		r.share[0], b.grow, b.usage = 0, 0, b.usage-8*mib
		w.run(w.now+20*sec, r.play)
	}
	if len(relieved) != 2 {
		t.Fatalf("%d reliefs, want 2; %q", len(relieved), w.log)
	}
	first, second := relieved[0], relieved[1]
	if !first.StallOK || !second.StallOK || second.Stall.Full >= first.Stall.Full {
		t.Errorf("stall before the hold: %v (%v), then %v (%v); want each known, the second less than the first", first.Stall, first.StallOK, second.Stall, second.StallOK)
	}
}
