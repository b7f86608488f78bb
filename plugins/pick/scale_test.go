package pick_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/plugins/pick"
)

var largest = controller.Order{pick.Largest{}}

// leaves returns n leaves of a name and a usage.
func leaves(n int, name string, usage uint64) []group {
	all := make([]group, n)
	for i := range all {
		all[i] = group{name: fmt.Sprintf("%s%d", name, i), priority: 100, usage: usage}
	}
	return all
}

// Ensure a subtree of 40 leaves that is larger than one big leaf loses its
// largest leaf first, and that it goes by its own priority, not its leaves'.
func TestScale_Levels(t *testing.T) {
	parts := leaves(40, "part", 10*mib)
	parts[17].usage, parts[17].priority = 11*mib, 7
	big := group{name: "big", priority: 100, usage: 300 * mib}
	for _, tt := range []struct {
		name  string
		order controller.Order
		split group
		want  string
	}{
		{"larger together", largest, group{name: "split", priority: 100, below: parts}, "part17"},
		{"smaller together", largest, group{name: "split", priority: 100, below: parts[:20]}, "big"},
		{"lower priority", controller.Order{pick.Priority{}}, group{name: "split", priority: 90, below: parts}, "part17"},
		{"higher priority", controller.Order{pick.Priority{}}, group{name: "split", priority: 110, below: parts}, "big"},
		{"made later", controller.Order{pick.Newest{}}, group{name: "split", priority: 100, below: parts}, "part39"},
	} {
		w := newWorld(&controller.Scale{Order: tt.order}, []group{big, tt.split})
		if got := w.choose().Unit; got != tt.want {
			t.Errorf("%s: %s is stopped, want %s", tt.name, got, tt.want)
		}
	}
}

// Ensure preferences come before pickers: prefer first, avoid last, omit not
// at all; and that a group counts only with those of the same preference.
func TestScale_Preference(t *testing.T) {
	all := []group{
		{name: "avoid", usage: 900 * mib, preference: memcg.Avoid},
		{name: "omit", usage: 800 * mib, preference: memcg.Omit},
		{name: "large", usage: 500 * mib},
		{name: "split", below: []group{
			{name: "half", usage: 400 * mib},
			{name: "spared", usage: 300 * mib, preference: memcg.Avoid},
		}},
		{name: "prefer", usage: 20 * mib, preference: memcg.Prefer},
		{name: "prefer-more", usage: 30 * mib, preference: memcg.Prefer},
	}
	want := []string{"prefer-more", "prefer", "large", "half", "avoid", "spared", "(omit)"}
	w := newWorld(&controller.Scale{Order: largest}, all)
	if got := w.rank(); !slices.Equal(got, want) {
		t.Errorf("rank %v, want %v", got, want)
	}
}

// Ensure what memory.low protects does not count: not of a leaf, and not of a
// subtree, which shares it out.
func TestScale_Protection(t *testing.T) {
	for _, tt := range []struct {
		name      string
		recursive bool
		all       []group
		want      []string
	}{
		{"a leaf within its protection", false, []group{
			{name: "guarded", usage: 500 * mib, guard: 600 * mib},
			{name: "small", usage: 20 * mib},
		}, []string{"small", "guarded"}},
		{"a leaf above its protection", false, []group{
			{name: "guarded", usage: 500 * mib, guard: 400 * mib},
			{name: "small", usage: 20 * mib},
			{name: "other", usage: 200 * mib},
		}, []string{"other", "guarded", "small"}},
		{"a promise that the group above does not keep", false, []group{
			{name: "above", below: []group{{name: "guarded", usage: 500 * mib, guard: 600 * mib}}},
			{name: "small", usage: 20 * mib},
		}, []string{"guarded", "small"}},
		{"a promise shared out by the groups' claims", false, []group{
			{name: "above", guard: 300 * mib, below: []group{
				{name: "claims", usage: 400 * mib, guard: 400 * mib}, // gets 200
				{name: "claims-half", usage: 250 * mib, guard: 200 * mib},
				{name: "claims-none", usage: 190 * mib},
			}},
		}, []string{"claims", "claims-none", "claims-half"}},
		{"a promise that goes to all by their usage", true, []group{
			{name: "above", guard: 550 * mib, below: []group{
				{name: "guarded", usage: 300 * mib, guard: 300 * mib},
				{name: "large", usage: 400 * mib},
				{name: "small", usage: 100 * mib},
			}},
		}, []string{"large", "small", "guarded"}},
		{"a promise to somebody who may not be stopped", true, []group{
			{name: "above", guard: 300 * mib, below: []group{
				{name: "omit", usage: 300 * mib, guard: 300 * mib, preference: memcg.Omit},
				{name: "large", usage: 300 * mib},
			}},
			{name: "small", usage: 20 * mib},
		}, []string{"large", "small", "(omit)"}},
		{"swap is not protected", false, []group{
			{name: "guarded", usage: 50 * mib, guard: 50 * mib, swap: 30 * mib},
			{name: "small", usage: 20 * mib},
		}, []string{"guarded", "small"}},
	} {
		w := newWorld(&controller.Scale{Order: largest, Recursive: tt.recursive}, tt.all)
		if got := w.rank(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: rank %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Ensure what is excluded does not come first and adds nothing to its group,
// also where only memory.stat tells that it is too small.
func TestScale_Excluded(t *testing.T) {
	all := []group{
		{name: "cached", usage: 900 * mib, cache: 890 * mib},
		{name: "idle", usage: 800 * mib, empty: true},
		{name: "split", below: []group{
			{name: "emptied", usage: 500 * mib, empty: true},
			{name: "half", usage: 90 * mib},
		}},
		{name: "victim", usage: 100 * mib},
	}
	w := newWorld(&controller.Scale{Order: largest, MinBytes: 16 * mib}, all)
	if got := w.choose().Unit; got != "victim" {
		t.Errorf("%s is stopped, want victim", got)
	}
	want := []string{"victim", "half", "(emptied)", "(cached)", "(idle)"}
	if got := w.rank(); !slices.Equal(got, want) {
		t.Errorf("rank %v, want %v", got, want)
	}
	w = newWorld(&controller.Scale{Order: largest, MinBytes: 200 * mib}, all)
	if got := w.choose().Excluded(); got == "" {
		t.Error("nobody is large enough, but somebody is chosen")
	}
}

// Ensure memory.stat is read only of those that can still win.
func TestScale_Reads(t *testing.T) {
	for _, tt := range shapes() {
		w := newWorld(&controller.Scale{Order: largest, MinBytes: 16 * mib}, tt.groups)
		got := w.choose().Unit
		if w.reads > tt.most {
			t.Errorf("%s: memory.stat read %d times, want at most %d", tt.name, w.reads, tt.most)
		}
		if all := newWorld(&controller.Scale{Order: largest, MinBytes: 16 * mib}, tt.groups); got != all.chooseOfAll().Unit {
			t.Errorf("%s: %s is stopped, want %s", tt.name, got, all.all[0].Unit)
		}
	}
}

// Ensure that the choice is the same as if memory.stat of all had been read,
// in trees as they come and for every order of up to three pickers.
func TestScale_NextIsCertain(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	for n := range 5000 {
		groups := someGroups(r, 3)
		var order controller.Order
		for range 1 + r.IntN(3) {
			order = append(order, builtin[r.IntN(len(builtin))].p)
		}
		scale := controller.Scale{Order: order, MinBytes: uint64(r.IntN(4)) * mib, Recursive: r.IntN(2) == 0}
		one, other := scale, scale
		w, all := newWorld(&one, groups), newWorld(&other, groups)
		if len(w.all) == 0 {
			continue
		}
		got, want := w.choose(), all.chooseOfAll()
		if (got.Excluded() == "") != (want.Excluded() == "") || got.Excluded() == "" && got.Inode != want.Inode {
			t.Fatalf("tree %d, %q, min %d: %s is stopped, want %s\n%+v", n, order.Name(), scale.MinBytes, got.Path, want.Path, groups)
		}
	}
}

// someGroups returns groups with few different figures, so that ties are common.
func someGroups(r *rand.Rand, depth int) []group {
	all := make([]group, 1+r.IntN(5))
	for i := range all {
		g := group{name: fmt.Sprintf("g%d", r.Uint32()), priority: r.IntN(3), guard: uint64(max(0, r.IntN(6)-3)) * mib}
		if depth > 1 && r.IntN(2) == 0 {
			g.below = someGroups(r, depth-1)
		} else {
			g.usage = uint64(r.IntN(8)) * mib
			g.cache = uint64(r.IntN(int(g.usage/mib)+1)) * mib
			g.swap = uint64(max(0, r.IntN(5)-3)) * mib
			g.growth, g.stall = uint64(r.IntN(4)), uint64(r.IntN(8))
			g.preference, g.empty = memcg.Preference(max(0, r.IntN(9)-5)), r.IntN(9) == 0
		}
		all[i] = g
	}
	return all
}
