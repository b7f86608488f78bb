//go:build guest

package scenarios

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"reprieve/test/watch"
)

const (
	raiseOld  = 128 << 20 // memory.max of the slice in these scenarios
	raiseLent = 128 << 20
)

// raiseLeaves makes the leaves under a policy that lends. Their hog has room in the loan and passes the limit.
func (g *guest) raiseLeaves(policy string) {
	g.t.Helper()
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
by     = "raise"
lend   = "128M"
urgent = "0%"
`+policy)
	g.threeLeaves(leaves{maxMB: raiseOld >> 20, keepMB: 20, hog: load + " hog -rate 20M -max 180M -touch"})
	g.startDaemon()
	g.witness()
}

// raiseAwait returns the message of the loan to a hog that runs.
func (g *guest) raiseAwait() watch.Message {
	g.t.Helper()
	hold := g.await(watch.Hold, "UNIT", "batch.slice", "REPRIEVE_HOLD", "raise")
	if got := hold["REPRIEVE_LENT"]; got != strconv.Itoa(raiseLent) {
		g.t.Errorf("REPRIEVE_LENT = %q, want %d: %s", got, raiseLent, hold["MESSAGE"])
	}
	if got := g.bytes("batch.slice", "memory.max"); got != raiseOld+raiseLent {
		g.t.Errorf("memory.max of batch.slice = %d while it is lent memory, want %d", got, raiseOld+raiseLent)
	}
	// Above the old limit is what it would not have had.
	g.wait("the loan to be used", func() bool { return g.bytes("batch.slice", "memory.current") > raiseOld+raiseOld/4 })
	return hold
}

// raiseValues returns the values that memory.max of batch.slice had from before act until done, each once, in order.
func (g *guest) raiseValues(act func(), what string, done func() bool) []int64 {
	g.t.Helper()
	var values []int64
	look := func() {
		if now := g.bytes("batch.slice", "memory.max"); len(values) == 0 || values[len(values)-1] != now {
			values = append(values, now)
		}
	}
	look()
	act()
	last := time.Now()
	g.wait(what, func() bool {
		for range 4 { // done reads the journal; the file is looked at more often than that
			look()
			time.Sleep(25 * time.Millisecond)
		}
		if time.Since(last) < time.Second {
			return false
		}
		last = time.Now()
		return done()
	})
	look()
	return values
}

// Ensure a slice at its own limit is lent memory while the host has some, and that the loan comes back in steps when the load is
// over.
func TestRaiseAndTakeBack(t *testing.T) {
	g := begin(t)
	g.raiseLeaves("delay = \"9m\"\ncalm = \"16s\"\n") // four seconds a step: no pause of an emulated CPU hides two of them
	g.start(hog)
	hold := g.raiseAwait()
	if got := g.high(); got != "max" {
		t.Errorf("memory.high of batch-b.slice = %s while its slice is lent memory, want max", got)
	}
	episode := hold["REPRIEVE_EPISODE"]
	values := g.raiseValues(g.free, "the relief, and the last of the loan to come back", func() bool {
		relieved := slices.ContainsFunc(g.messages(watch.Relief), func(m watch.Message) bool { return m.At() > hold.At() })
		return relieved && g.bytes("batch.slice", "memory.max") == raiseOld
	})
	g.awaitNoHolds()
	g.checkEpisode(g.await(watch.Breach, "REPRIEVE_EPISODE", episode), hold, g.awaitAfter(hold.At(), watch.Relief))

	sinking := slices.IsSortedFunc(values, func(a, b int64) int { return int(b - a) })
	if first, last := values[0], values[len(values)-1]; first != raiseOld+raiseLent || last != raiseOld || !sinking || len(values) < 4 {
		t.Errorf("values of memory.max = %d, want them to sink from %d to %d by two steps between at least", values, raiseOld+raiseLent, raiseOld)
	}
	if pid := g.mainPID(hog); pid == 0 {
		t.Error("the hog is gone, want it to live")
	}
	g.never(watch.Stop)
	g.neverFailed()
	g.checkTicking()
}

// Ensure a load that outlives the loan is stopped, and that the limit is the old one then: no kill by the kernel, no other victim.
func TestRaiseIsOutlived(t *testing.T) {
	g := begin(t)
	const delay = 30 * time.Second // time for the loan to be used, also on a slow CPU
	g.raiseLeaves("delay = \"30s\"\ncalm = \"10s\"\n")
	calm := g.startHog(watch.Hold)
	hold := g.raiseAwait()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice", "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"])
	breach := g.await(watch.Breach, "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"])
	g.checkEpisode(breach, hold, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	g.complete(stop, "REPRIEVE_WAITED_USEC")
	g.checkWaited(stop, calm, delay)
	g.awaitNoHolds() // nobody is held any more, but the worker that takes the loan back may be a moment late
	if got := g.bytes("batch.slice", "memory.max"); got != raiseOld {
		t.Errorf("memory.max of batch.slice = %d when the stop is settled, want %d as before", got, raiseOld)
	}
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.neverFailed()
	g.checkTicking()
}

// Ensure nothing is lent by a host that would be below its floor: that is said once, the limit stays, and the delay is waited for.
func TestNothingToLend(t *testing.T) {
	g := begin(t)
	// The host is short only when it has no swap either, so this floor alone cuts no wait short.
	g.config("reprieve.toml", "[host]\navailable = \"99%\"\nswap = \"0%\"\n")
	g.raiseLeaves("delay = \"10s\"\ncalm = \"10s\"\n")
	values := g.raiseValues(func() { g.start(hog) }, "the stop", func() bool { return len(g.messages(watch.Stop)) > 0 })
	if !slices.Equal(values, []int64{raiseOld}) {
		t.Errorf("values of memory.max = %d, want %d all the time", values, raiseOld)
	}
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	step := g.await(watch.Step, "REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"])
	if got, want := step["REPRIEVE_STEP"], "raise batch.slice"; got != want {
		t.Errorf("REPRIEVE_STEP = %q, want %q: %s", got, want, step["MESSAGE"])
	}
	g.checkEpisode(g.await(watch.Breach, "REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"]), step, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	said := 0
	for _, m := range g.messages(watch.Step) {
		if m["REPRIEVE_EPISODE"] == stop["REPRIEVE_EPISODE"] {
			said++
		}
	}
	if said != 1 {
		t.Errorf("%d messages that nothing is lent in one episode, want one", said)
	}
	g.never(watch.Hold)
	g.neverFailed()
	g.checkTicking()
}
