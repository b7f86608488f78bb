package pick_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"

	"reprieve/controller"
	"reprieve/episodes"
	"reprieve/plugins/pick"
	"reprieve/plugins/report"
)

// recorded is the verdict of a choice as a record has it after it was written and read.
func recorded(t *testing.T, w *world) *episodes.Verdict {
	t.Helper()
	w.scale.Tell(w.all)
	note := controller.Planned("w.slice", w.scale.Order, w.all)
	text, err := json.Marshal(report.VerdictOf(&note))
	if err != nil {
		t.Fatal(err)
	}
	v := new(episodes.Verdict)
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func someOrder(r *rand.Rand) (order controller.Order) {
	used := map[int]bool{}
	for range 1 + r.IntN(3) {
		if n := r.IntN(len(builtin)); !used[n] {
			used[n] = true
			order = append(order, builtin[n].p)
		}
	}
	return order
}

// Ensure a record is enough to choose again: by the same order all come as they came, those that were not measured and those that
// are not listed included, and by another order as that one would have had them.
func TestAgain(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 71))
	unlisted, grouped, rival := 0, 0, 0
	for n := range 3000 {
		groups := someGroups(r, 3+n%5/4) // each fifth deeper, with more than a record lists
		order, other := someOrder(r), someOrder(r)
		scale := controller.Scale{Order: order, MinBytes: uint64(r.IntN(4)) * mib, Recursive: r.IntN(2) == 0}
		one, two, three := scale, scale, scale
		three.Order = other

		w := newWorld(&one, groups)
		w.choose()
		v := recorded(t, w)
		same, err := report.Again(v, order, order)
		if err != nil {
			t.Fatalf("tree %d: %v", n, err)
		}
		for i := range v.Candidates {
			if got, want := same.Candidates[i].Path, v.Candidates[i].Path; got != want || same.Candidates[i].Rank != v.Candidates[i].Rank {
				t.Fatalf("tree %d, %q: again %s is number %d, want %s\n%+v", n, order.Name(), got, i, want, groups)
			}
		}
		unlisted, grouped = unlisted+min(v.Others, 1), grouped+min(len(v.Groups), 1)

		all := newWorld(&two, groups)
		all.chooseOfAll()
		if v = recorded(t, all); v.Others > 0 || other.Samples() && !order.Samples() {
			continue
		}
		otherwise, err := report.Again(v, order, other)
		if err != nil {
			t.Fatalf("tree %d: %v", n, err)
		}
		want := newWorld(&three, groups)
		want.chooseOfAll()
		for i, c := range otherwise.Candidates[:v.Eligible] {
			if c.Path != want.all[i].Path {
				t.Fatalf("tree %d, %q in place of %q: %s is number %d, want %s\n%+v", n, other.Name(), order.Name(), c.Path, i, want.all[i].Path, groups)
			}
		}
		if v.Eligible > 0 && otherwise.Candidates[0].Path != v.Candidates[0].Path {
			rival++
		}
	}
	if unlisted < 50 || grouped < 500 || rival < 200 {
		t.Errorf("%d choices with candidates that are not listed, %d with groups, %d that another order changed: too few to say anything", unlisted, grouped, rival)
	}
}

// Ensure nothing is chosen from a record that has not what it takes.
func TestAgain_NotEnough(t *testing.T) {
	w := newWorld(&controller.Scale{Order: largest}, []group{{name: "a", usage: 9 * mib}, {name: "b", usage: 8 * mib}})
	w.choose()
	v := recorded(t, w)
	if _, err := report.Again(v, largest, controller.Order{pick.Reclaim{}}); !errors.Is(err, report.ErrNotSampled) {
		t.Errorf("Again by reclaim where nothing was sampled: %v, want ErrNotSampled", err)
	}
	v.Candidates[1].Born = 0
	if _, err := report.Again(v, largest, largest); !errors.Is(err, report.ErrOldVerdict) {
		t.Errorf("Again of a record without births: %v, want ErrOldVerdict", err)
	}
}
