package controller_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/memcg"
)

// raising is a policy that lends 64 MiB.
func raising() configs.Policy {
	p := slowly()
	p.Hold.By, p.Hold.LendBytes = "raise", 64*mib
	return p
}

// full fills the slice to a limit, as a load does that wants more than it has;
// it stalls while it is there.
func full(s *simSlice, b *group, want uint64) func() {
	return func() {
		room := uint64(0)
		for _, g := range s.groups {
			room += g.usage
		}
		room = uint64(s.max) - min(room-b.usage, uint64(s.max))
		b.usage = min(want, room)
		s.stall = 0
		if want > room && b.alive {
			s.stall = 0.6
		}
	}
}

// capped returns a world whose slice has a limit of 200 MiB, of which b wants some.
func capped(t *testing.T, p configs.Policy) (*world, *simSlice, *group) {
	t.Helper()
	w := newWorld(t)
	w.floor = 100 * mib
	a, b, c := hogs()
	b.grow = 0
	s := w.slice("w.slice", rules(p), a, b, c)
	s.max = memcg.Limit(200 * mib)
	return w, s, b
}

// Ensure a slice at its own memory.max is lent what the policy says, that this
// is enough, and that it is taken back by quarters when it is not needed any more.
func TestMachine_RaiseLends(t *testing.T) {
	w, s, b := capped(t, raising())
	w.run(3*sec, full(s, b, 180*mib))
	if want := memcg.Limit(264 * mib); s.max != want {
		t.Fatalf("memory.max %v after three seconds, want %v; %q", s.max, want, w.log)
	}
	w.run(15*sec, full(s, b, 60*mib))
	w.expect(`
		breach w.slice by full
		hold w.slice
		held w.slice
		lift w.slice
		relief w.slice`)
	old := memcg.Limit(200 * mib)
	if diff := cmp.Diff([]memcg.Limit{old + memcg.Limit(48*mib), old + memcg.Limit(32*mib), old + memcg.Limit(16*mib)}, s.moves); diff != "" {
		t.Errorf("memory.max moved to (-want +got):\n%s", diff)
	}
	for i, at := range s.when("move", "") {
		if i > 0 && !about(at-s.when("move", "")[i-1], 500*ms) {
			t.Errorf("moves at %v, want them a quarter of calm apart", s.when("move", ""))
		}
	}
	if s.max != old {
		t.Errorf("memory.max is %v in the end, want %v", s.max, old)
	}
}

// Ensure nothing is lent where memory.max is not the cause, cannot be read, or
// the host has no room above its floor; the last is told, once.
func TestMachine_RaiseRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world, s *simSlice)
		told   int
		lent   bool
	}{
		{"room enough", nil, 0, true},
		{"just room enough", func(w *world, _ *simSlice) { w.available = 164 * mib }, 0, true},
		{"a page too little", func(w *world, _ *simSlice) { w.available = 164*mib - 4096 }, 1, false},
		{"below its floor", func(w *world, _ *simSlice) { w.available = 50 * mib }, 1, false},
		{"no memory.max", func(_ *world, s *simSlice) { s.max = memcg.Max }, 0, false},
		{"memory.max far above", func(_ *world, s *simSlice) { s.max = memcg.Limit(220 * mib) }, 0, false},
		{"just not at it", func(_ *world, s *simSlice) { s.max = memcg.Limit(208 * mib) }, 0, false},
		{"not read", func(_ *world, s *simSlice) { s.noRoom = true }, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, s, b := capped(t, raising())
			b.usage = 150 * mib // with the others, 200 MiB
			if tt.change != nil {
				tt.change(w, s)
			}
			told := 0
			s.onStep = func(n controller.Note) {
				if told++; !errors.Is(n.Err, controller.ErrNoRoom) || n.Rung.By != "raise" || n.LentBytes != 64*mib {
					t.Errorf("note %v of %v bytes by %q, want ErrNoRoom, 64 MiB and raise", n.Err, n.LentBytes, n.Rung.By)
				}
			}
			before := s.max
			s.stall = 0.6
			w.run(5*sec, nil)
			if lent := s.max != before; lent != tt.lent || told != tt.told {
				t.Errorf("lent %v and told %d times, want %v and %d; %q", lent, told, tt.lent, tt.told, w.log)
			}
		})
	}
}

// Ensure a loan is lifted at once when the host gets below its floor, whether
// the slice needs it or relief is taking it back, and is not given again in the episode.
func TestMachine_RaiseFloor(t *testing.T) {
	for _, tt := range []struct {
		name string
		want uint64
	}{{"while it is needed", 240 * mib}, {"while relief takes it back", 60 * mib}} {
		t.Run(tt.name, func(t *testing.T) {
			w, s, b := capped(t, raising())
			w.run(3*sec, full(s, b, 240*mib))
			if s.max != memcg.Limit(264*mib) {
				t.Fatalf("memory.max %v, want 64 MiB lent; %q", s.max, w.log)
			}
			play := full(s, b, tt.want)
			w.run(10*sec, func() {
				play()
				if w.available > 100*mib && (tt.want > 200*mib || len(s.moves) > 0) {
					w.available = 90 * mib
					w.fell = w.now
				}
			})
			lift := s.first("lift", "w.slice")
			if took := lift - w.fell; took > 2*controller.Tick {
				t.Errorf("lifted %v after the host fell below its floor, want it at once", took)
			}
			if s.max != memcg.Limit(200*mib) || len(s.when("held", "")) != 1 {
				t.Errorf("memory.max %v after %d loans, want 200 MiB and no second one", s.max, len(s.when("held", "")))
			}
		})
	}
}

// Ensure a loan ends with the delay, and the stop comes after it.
func TestMachine_RaiseExpires(t *testing.T) {
	p := raising()
	p.Hold.Delay = 4 * sec
	w, s, b := capped(t, p)
	w.run(15*sec, full(s, b, 400*mib))
	w.expect(`
		breach w.slice by full
		hold w.slice
		held w.slice
		lift w.slice` + stopped)
	if took := s.first("lift", "") - s.first("held", ""); took > 4*sec {
		t.Errorf("lent for %v, want the delay of 4s at most", took)
	}
	if s.max != memcg.Limit(200*mib) {
		t.Errorf("memory.max is %v in the end, want 200 MiB", s.max)
	}
}

// Ensure a loan that systemd writes over is put back while the hold lasts, and that
// what systemd wants there comes back in the end; a higher value is left alone.
func TestMachine_RaisePutsBack(t *testing.T) {
	for _, tt := range []struct {
		name     string
		wrote    memcg.Limit
		mid, end memcg.Limit
	}{
		{"the old value", memcg.Limit(200 * mib), memcg.Limit(264 * mib), memcg.Limit(200 * mib)},
		{"another", memcg.Limit(210 * mib), memcg.Limit(274 * mib), memcg.Limit(210 * mib)},
		{"a lower one", memcg.Limit(150 * mib), memcg.Limit(214 * mib), memcg.Limit(150 * mib)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, s, b := capped(t, raising())
			w.run(3*sec, full(s, b, 240*mib))
			s.max = tt.wrote
			w.run(w.now+500*ms, full(s, b, 240*mib))
			if s.max != tt.mid {
				t.Errorf("memory.max is %v half a second after %v was written, want %v", s.max, tt.wrote, tt.mid)
			}
			held := w.now
			w.run(held+15*sec, full(s, b, 40*mib))
			if s.max != tt.end || s.m.Phase() != controller.PhaseCalm {
				t.Errorf("memory.max is %v and phase %v in the end, want %v and calm; %q", s.max, s.m.Phase(), tt.end, w.log)
			}
		})
	}
	w, s, b := capped(t, raising())
	w.run(3*sec, full(s, b, 240*mib))
	s.max = memcg.Limit(500 * mib)
	w.run(w.now+time.Second, full(s, b, 240*mib))
	if s.max != memcg.Limit(500*mib) || len(s.when("held", "")) != 1 {
		t.Errorf("memory.max is %v after somebody wrote 500 MiB, want it left; %q", s.max, w.log)
	}
}
