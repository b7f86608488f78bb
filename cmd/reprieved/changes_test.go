package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reprieve/memcg"
)

// onLoop runs something on the daemon's loop.
func (s *shell) onLoop(do func()) {
	s.t.Helper()
	done := make(chan bool)
	s.d.desk.Post(func() { do(); close(done) })
	<-done
}

func sorted(all []string) []string { slices.Sort(all); return all }

// known returns who is a leaf and who a witness of a slice, as the daemon knows
// it, and as a walk of the tree tells; on the loop.
func known(s *slice) (leaves, witnesses, wantLeaves, wantWitnesses []string) {
	for n := range s.leaves {
		leaves = append(leaves, n.Path)
	}
	for n := range s.far {
		leaves = append(leaves, n.Path)
	}
	for n := range s.witnesses {
		witnesses = append(witnesses, n.Path)
	}
	for _, n := range leavesBelow(s.node, s.from == "units") {
		wantLeaves = append(wantLeaves, n.Path)
	}
	for _, n := range besides(s.node) {
		wantWitnesses = append(wantWitnesses, n.Path)
	}
	return sorted(leaves), sorted(witnesses), sorted(wantLeaves), sorted(wantWitnesses)
}

// Ensure that to look at what changed alone comes to the same as to look at the
// whole tree, whatever comes and goes, in which order.
func TestReview_SameAsSurvey(t *testing.T) {
	s := newShell(t, watchOnly)
	below := []string{
		"w.slice/w-%d.slice", "w.slice/w-1.slice/w-1-%d.slice", "w.slice/w-1.slice/w-1-2.slice/w-1-2-%d.slice", "w.slice/one-%d.service",
		"w.slice/w-1.slice/two-%d.service", "w.slice/w-1.slice/w-1-2.slice/three-%d.scope", "w.slice/w-3.slice/odd%d", "w.slice/w-4.slice/elsewhere-%d.slice",
		"w.slice/w-1.slice/user@%d.service/app.slice/a.service", "w.slice/w-1.slice/user@%d.service/b.service", "beside-%d.slice", "x%d.service", "user.slice/user-%d.slice",
		"user.slice/user-1.slice/user@1.service/app.slice/app-%d.slice",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		for range 1 + random.IntN(8) {
			dir := filepath.Join(s.root, fmt.Sprintf(below[random.IntN(len(below))], 1+random.IntN(4)))
			if random.IntN(3) == 0 {
				_ = os.RemoveAll(dir)
			} else if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if random.IntN(4) == 0 {
				s.onLoop(func() { s.d.treeReady(0) }) // sooner or later
			}
		}
		s.onLoop(func() {
			s.d.treeReady(0)
			leaves, witnesses, wantLeaves, wantWitnesses := known(s.d.slices[0])
			if !slices.Equal(leaves, wantLeaves) {
				t.Errorf("round %d: leaves\n got %v\nwant %v", round, leaves, wantLeaves)
			}
			if !slices.Equal(witnesses, wantWitnesses) {
				t.Errorf("round %d: witnesses\n got %v\nwant %v", round, witnesses, wantWitnesses)
			}
		})
		if t.Failed() {
			return
		}
	}
}

// Ensure a slice of thousands of siblings goes by the stall of some of them,
// and that one that goes makes room for another.
func TestReview_WitnessesBounded(t *testing.T) {
	s := newShell(t, watchOnly)
	for i := range mostWitnesses + 20 {
		if err := os.Mkdir(filepath.Join(s.root, fmt.Sprintf("beside%d.slice", i)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	count := func(when string) {
		s.onLoop(func() {
			s.d.treeReady(0)
			if got := len(s.d.slices[0].witnesses); got != mostWitnesses {
				t.Errorf("%d witnesses %s, want %d", got, when, mostWitnesses)
			}
		})
	}
	count("beside more")
	var gone []string
	s.onLoop(func() {
		for n := range s.d.slices[0].witnesses {
			if gone = append(gone, n.Name); len(gone) == 5 {
				return
			}
		}
	})
	for _, name := range gone {
		if err := os.Remove(filepath.Join(s.root, name)); err != nil {
			t.Fatal(err)
		}
	}
	count("when five went")
}

// Ensure a slice that goes is let go, and one that comes again under its name
// is watched anew.
func TestReview_WatchedComesAndGoes(t *testing.T) {
	s := newShell(t, watchOnly)
	var was *memcg.Node
	s.onLoop(func() { was = s.d.slices[0].node })
	if err := os.RemoveAll(filepath.Join(s.root, "w.slice")); err != nil {
		t.Fatal(err)
	}
	s.wait("w.slice to be let go", func() bool { return strings.Contains(s.told.String(), "w.slice is not watched any more") })
	for file, text := range groupFiles(10) {
		s.write("w.slice", file, text)
	}
	s.wait("w.slice to be watched again", func() bool { return strings.Count(s.told.String(), "w.slice is watched: ") == 2 })
	s.onLoop(func() {
		if got := len(s.d.slices); got != 1 || s.d.slices[0].node == was || s.d.watched(was) != nil || len(s.d.crowd.watched) != 1 {
			t.Errorf("%d slices watched, %d known, want the new w.slice alone", got, len(s.d.crowd.watched))
		}
	})
}
