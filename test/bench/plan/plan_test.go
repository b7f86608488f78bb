package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/test/bench/result"
)

// Ensure the order of controllers rotates by round, what has a result is left out, and what failed or is of another build is not.
func TestSessions(t *testing.T) {
	o := Order{Suite: "bookworm", Rounds: 2, Loads: []string{"steady", "scan"}, Controllers: []string{"kernel", "reprieve-0", "earlyoom"}, Build: "b2"}
	key := func(round int, load, controller string) result.Key {
		return result.Key{Suite: "bookworm", Round: round, Load: load, Controller: controller}
	}
	runs := []result.Run{
		{Key: key(1, "steady", "kernel")},
		{Key: key(1, "steady", "earlyoom"), Error: "lost"},
		{Key: key(1, "steady", "reprieve-0"), Build: "b1"},
		{Key: key(2, "steady", "reprieve-0"), Build: "b2"},
		{Key: key(2, "scan", "kernel")}, {Key: key(2, "scan", "earlyoom")}, {Key: key(2, "scan", "reprieve-0"), Build: "b2"},
		{Key: result.Key{Suite: "trixie", Round: 1, Load: "scan", Controller: "kernel"}},
	}
	want := []Session{
		{1, "steady", []string{"reprieve-0", "earlyoom"}},
		{1, "scan", []string{"kernel", "reprieve-0", "earlyoom"}},
		{2, "steady", []string{"earlyoom", "kernel"}},
	}
	if diff := cmp.Diff(want, Sessions(o, runs)); diff != "" {
		t.Errorf("Sessions(%v): -want +got:\n%s", o, diff)
	}
}

// Ensure an order without names is for all there are, and names that there are not are refused.
func TestOrderCheck(t *testing.T) {
	for _, tt := range []struct {
		name  string
		order Order
		ok    bool
	}{
		{"all", Order{Suite: "bookworm", Rounds: 1}, true},
		{"some", Order{Suite: "trixie", Rounds: 1, Loads: []string{"burst"}, Controllers: []string{"nohang-fast"}}, true},
		{"no round", Order{Suite: "bookworm"}, false},
		{"no such load", Order{Suite: "bookworm", Rounds: 1, Loads: []string{"flood"}}, false},
		{"not in this suite", Order{Suite: "trixie", Rounds: 1, Controllers: []string{"oomd"}}, false},
	} {
		o := tt.order
		err := o.Check()
		if (err == nil) != tt.ok {
			t.Errorf("%s: Check() = %v, want ok %t", tt.name, err, tt.ok)
		}
		if err == nil && (len(o.Loads) == 0 || len(o.Controllers) == 0) {
			t.Errorf("%s: Check() leaves loads %v and controllers %v, want some of each", tt.name, o.Loads, o.Controllers)
		}
	}
}
