package guard

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Ensure a verdict is either withdrawn or carried out, and never both: with real descriptors, whose
// numbers go to others the moment that the loop may close them.
func TestGuard_WithdrawAgainstFire(t *testing.T) {
	begin := time.Now()
	now := func() time.Duration { return time.Since(begin) }
	reports := 0
	g := start(t, Options{After: 1, Now: now, Report: func(Fired) { reports++ }}) // read when the thread is done with the slot
	withdrawn, carriedOut, reused := 0, 0, 0
	for round := 0; (round < 1500 || withdrawn < 100 || carriedOut < 100) && time.Since(begin) < bound; round++ {
		v := newVictim(t)
		slot, tag, number := round%Slots, uint64(round)+1, v.w
		// Some deadlines are past, some are about to be.
		if !g.Sign(slot, now()+time.Duration(round%3)*ms, v.w, tag) {
			t.Fatalf("round %d: Sign = false, want true", round)
		}
		for end := now() + time.Duration(round%50)*50*time.Microsecond; now() < end; { // the loop is about
		}
		free := g.Withdraw(slot)
		unix.Close(v.w)
		v.w = -1
		other := newVictim(t) // has the number now
		if other.r == number || other.w == number {
			reused++
		}
		if free {
			withdrawn++
			if _, ok := g.Taken(slot); ok {
				t.Fatalf("round %d: Taken = true after Withdraw = true", round)
			}
		} else {
			carriedOut++
			f := await(t, g, slot)
			if f.Tag != tag || f.Errno != 0 {
				t.Fatalf("round %d: told %+v, want tag %d, no errno", round, f, tag)
			}
			if reports != carriedOut {
				t.Fatalf("round %d: %d reports, want %d", round, reports, carriedOut)
			}
		}
		want := map[bool]string{true: "", false: "1"}[free]
		if got := v.got(); got != want {
			t.Fatalf("round %d: the victim got %q, want %q (withdrawn: %v)", round, got, want, free)
		}
		if got := other.got(); got != "" {
			t.Fatalf("round %d: who has the number now got %q, want nothing", round, got)
		}
		v.close()
		other.close()
	}
	t.Logf("%d withdrawn, %d carried out, %d numbers reused", withdrawn, carriedOut, reused)
	if withdrawn < 100 || carriedOut < 100 || reused < 100 {
		t.Errorf("%d withdrawn, %d carried out, %d numbers reused: want 100 of each at least", withdrawn, carriedOut, reused)
	}
}

// await waits until the guard is done with a slot.
func await(t *testing.T, g *Guard, slot int) Fired {
	t.Helper()
	for end := time.Now().Add(bound); time.Now().Before(end); time.Sleep(10 * time.Microsecond) {
		f, ok := g.Taken(slot)
		if !ok {
			t.Fatalf("Taken(%d) = false after Withdraw = false", slot)
		}
		if f.Done {
			return f
		}
	}
	t.Fatalf("slot %d is never done", slot)
	return Fired{}
}

// Ensure a loop that beats and signs again all the time, some slots with another victim
// each, is never judged, and that the slots are told apart when it stops.
func TestGuard_BusyLoop(t *testing.T) {
	const slots, after = 8, time.Second
	begin := time.Now()
	now := func() time.Duration { return time.Since(begin) }
	told := make(chan Fired, Slots)
	g := start(t, Options{After: after, Now: now, Report: func(f Fired) { told <- f }})
	var victims [slots]*victim
	for i := range victims {
		victims[i] = newVictim(t)
	}
	tag := uint64(0)
	for now() < after*3/2 {
		g.Beat(now())
		for i, v := range victims {
			if i%2 == 0 {
				tag++ // another one, says the tag
			}
			if !g.Sign(i, time.Millisecond, v.w, tag) {
				f, _ := g.Taken(i)
				t.Fatalf("Sign(%d) = false at %s, want the deadline to wait for the loop; told %+v", i, now(), f)
			}
		}
	}
	for i := range victims {
		if i > 0 && !g.Withdraw(i) {
			t.Errorf("Withdraw(%d) = false, want true", i)
		}
	}
	select {
	case f := <-told:
		if f.Slot != 0 || f.Silent < after {
			t.Errorf("told %+v, want slot 0, silent for %s", f, after)
		}
	case <-time.After(bound):
		t.Fatal("the guard does nothing")
	}
	for i, v := range victims {
		if got, want := v.got(), map[bool]string{true: "1"}[i == 0]; got != want {
			t.Errorf("victim %d got %q, want %q", i, got, want)
		}
	}
}
