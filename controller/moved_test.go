package controller_test

import (
	"errors"
	"slices"
	"testing"

	"reprieve/memcg"
)

// Ensure a mark that was moved, though the worker could not make sure of it, is not taken for somebody else's: that would be restored in
// the end in the place of the old limit.
func TestMachine_MovedWithAnError(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall, s.moveErr = 0.5, errors.New("read back: no")
	w.run(2*sec, nil)
	b.grow, b.usage, s.stall = 0, b.usage-5*mib, 0
	w.run(10*sec, nil)
	if len(s.moves) == 0 {
		t.Fatalf("no mark was moved: %q", w.log)
	}
	holds := len(w.log) - len(slices.DeleteFunc(slices.Clone(w.log), func(l string) bool { return l == "hold w-b.slice" }))
	if holds != 1 || b.high != memcg.Max {
		t.Errorf("%d holds, memory.high %v at the end, want one and max: %q", holds, b.high, w.log)
	}
}
