package controller_test

import (
	"slices"
	"testing"

	"reprieve/configs"
	"reprieve/memcg"
)

// reclaim is some of it that gets on: b is not let go as one that cannot be the cause.
func reclaim(b *group) { b.scanned, b.stolen = b.scanned+10, b.stolen+10 }

// reclaimed takes what b lost since it used had from its page cache first, and
// then to swap.
func reclaimed(w *world, b *group, had uint64) {
	lost := had - min(b.usage, had)
	file := min(lost, b.file)
	swap := min(lost-file, w.swap, b.anon)
	b.file, b.anon, b.swap, w.swap = b.file-file, b.anon-swap, b.swap+swap, w.swap-swap
}

// squeezed plays eight seconds in which b is held and does not run into its
// mark, pressed by a share at most; it returns the mark it was first held at and the world.
func squeezed(t *testing.T, share configs.Share, change func(w *world, b *group)) (memcg.Limit, *simSlice, *group) {
	t.Helper()
	w := newWorld(t)
	p := slowly()
	p.Hold.Squeeze, p.Hold.Delay = share, 60*sec
	a, b, c := hogs()
	b.usage, b.anon = 400*mib, 1000*mib
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall, c.stall = 0.5, 0.25 // it goes on, so that there is no relief
	if change != nil {
		change(w, b)
	}
	w.run(sec, func() {
		reclaim(b)
		if b.leaf.Held() {
			b.grow = 0
		}
	})
	if !b.leaf.Held() {
		t.Fatalf("b is not held; %q", w.log)
	}
	first := s.acts[0].mark
	had := b.usage
	w.run(20*sec, func() {
		reclaimed(w, b, had)
		had, b.grow = b.usage, 0
		reclaim(b)
	})
	return first, s, b
}

// Ensure marks go down in small steps to the share of the first, and stay there.
func TestMachine_Squeezes(t *testing.T) {
	for _, share := range []configs.Share{100, 1000, 2500} {
		first, s, b := squeezed(t, share, nil)
		want := first - first/10000*memcg.Limit(share)
		step := max(first/128, memcg.Limit(mib))
		last := first
		for _, mark := range s.moves {
			if mark >= last || last-mark > step || mark < want {
				t.Fatalf("share %d: from %v to %v, want down by %v at most, and not below %v", share, last, mark, step, want)
			}
			last = mark
		}
		if last != want || b.high != want || b.usage > uint64(want) {
			t.Errorf("share %d: mark %v, memory.high %v, usage %d; want %v of the first %v", share, last, b.high, b.usage, want, first)
		}
	}
}

// Ensure a squeeze never goes below what cannot be reclaimed, nor what the leaf is promised.
func TestMachine_SqueezeFloor(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world, b *group)
		floor  memcg.Limit
	}{
		{"10 MiB of page cache, nothing else", func(_ *world, b *group) { b.anon, b.file = 0, 10*mib }, memcg.Limit(390 * mib)},
		{"nothing to reclaim", func(_ *world, b *group) { b.anon, b.file = 0, 0 }, memcg.Limit(400 * mib)},
		{"no swap for what is anonymous", func(w *world, b *group) { w.swap, b.file = 0, 5*mib }, memcg.Limit(395 * mib)},
		{"a guard", func(_ *world, b *group) { b.guard = 380 * mib }, memcg.Limit(380 * mib)},
		{"a guard above all", func(_ *world, b *group) { b.guard = 1 << 62 }, memcg.Limit(400 * mib)},
		{"a guard without end", func(_ *world, b *group) { b.guard = 1<<64 - 1 }, memcg.Limit(400 * mib)},
	} {
		_, s, _ := squeezed(t, 5000, func(w *world, b *group) {
			tt.change(w, b)
		})
		if low := slices.Min(append(s.moves, memcg.Limit(1)<<62)); low < tt.floor {
			t.Errorf("%s: mark at %v, want it never below %v", tt.name, low, tt.floor)
		}
	}
}

// Ensure who runs into the mark is left at it, and pressed again when it stops.
func TestMachine_SqueezeStopsWhereItHurts(t *testing.T) {
	w := newWorld(t)
	p := slowly()
	p.Hold.Squeeze, p.Hold.Delay = 2500, 60*sec
	a, b, c := hogs()
	b.usage, b.anon = 400*mib, 1000*mib
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall, c.stall = 0.5, 0.25
	hurt := true
	w.run(10*sec, func() {
		reclaim(b)
		b.grow = 4 * mib
		if b.leaf.Held() && !hurt {
			b.grow = 0
		}
		if n := len(s.moves); n > 0 && hurt {
			t.Fatalf("moved to %v at %v, while b runs into its mark", s.moves, w.now)
		}
	})
	hurt = false
	w.run(12*sec, func() { reclaim(b); b.grow, b.usage = 0, min(b.usage, uint64(b.high)) })
	n := len(s.moves)
	if n == 0 {
		t.Fatal("no move after b ran into its mark no more, want it pressed")
	}
	w.run(15*sec, func() { reclaim(b); b.grow = 4 * mib })
	if more := len(s.moves) - n; more > 1 {
		t.Errorf("%d moves while b runs into its mark again, want one on its way at most", more)
	}
}

// Ensure a share of zero moves nothing, nor a host whose swap is not known.
func TestMachine_SqueezeOff(t *testing.T) {
	if _, s, _ := squeezed(t, 0, nil); len(s.moves) != 0 {
		t.Errorf("moved to %v with a share of zero", s.moves)
	}
	if _, s, _ := squeezed(t, 2500, func(w *world, _ *group) { w.noHost = true }); len(s.moves) != 0 {
		t.Errorf("moved to %v without meminfo", s.moves)
	}
}
