//go:build guest

package scenarios

import (
	"maps"
	"testing"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

const (
	// holdLong holds for longer than any scenario takes. A neighbour that stalls, as on an emulated CPU it may, does not cut that short,
	// and neither does a hog that pauses for some seconds.
	holdLong = `
[pressure]
full = "10%"
` + waitLong

	// holdAtLimit is holdLong for a hog that fills its slice. Where swap is quick it hardly stalls, and would be through with its growth
	// before anybody sees it; that it ran into memory.max is seen at any speed.
	holdAtLimit = `
[pressure]
full   = "10%"
events = ["max"]
` + waitLong

	freezeAtLimit = `
[pressure]
full   = "10%"
events = ["max"]

[hold]
by     = "freeze"
delay  = "9m"
calm   = "5m"
urgent = "0%"
`

	waitLong = `
[hold]
delay  = "9m"
calm   = "5s"
urgent = "0%"
`
)

// Ensure a daemon that is killed while it holds leaves no hold: it is undone by the restart, and nothing else has changed.
func TestKilledDaemonLeavesNoHold(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdAtLimit)
	g.threeLeaves(leaves{})
	g.startDaemon()
	before := g.limits()

	hold := g.awaitHold()
	g.witness()
	g.lets("reprieved.service")
	if g.high() == "max" {
		t.Error("memory.high of batch-b.slice = max, want less while it is held")
	}
	// A stopped hog makes no pressure: what is undone stays undone, whenever we look.
	g.signal(hog, unix.SIGSTOP)
	pid := g.mainPID("reprieved.service")
	g.signal("reprieved.service", unix.SIGKILL)
	g.wait("memory.high to be max again", func() bool { return g.high() == "max" })
	released := g.await(watch.Released, "UNIT", "batch-b.slice")
	g.inOrder(hold, released, g.awaitAfter(hold.At(), watch.Started))

	if now := g.mainPID("reprieved.service"); now == pid || now == 0 {
		t.Errorf("main PID of reprieved.service = %d, want another than %d", now, pid)
	}
	if after := g.limits(); !maps.Equal(after, before) {
		t.Errorf("limits below batch.slice = %v, want %v as before", after, before)
	}
	g.awaitGroup("1", "batch-a.slice", "batch-b.slice", "batch-c.slice") // the new one arms them, too
	g.never(watch.Stop)
	g.checkNeighbours()
}

// Ensure a daemon that is stopped while it holds undoes the hold and leaves everybody alive.
func TestStoppedDaemonLeavesNoHold(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdAtLimit)
	g.threeLeaves(leaves{})
	g.startDaemon()
	before := g.limits()

	hold := g.awaitHold()
	g.witness()
	g.lets("reprieved.service")
	g.run("systemctl", "stop", "reprieved.service")
	if got := g.high(); got != "max" {
		t.Errorf("memory.high of batch-b.slice = %s, want max", got)
	}
	g.inOrder(hold, g.await(watch.Released, "UNIT", "batch-b.slice"))
	if got := g.property("reprieved.service", "Result"); got != "success" {
		t.Errorf("Result of reprieved.service = %s, want success", got)
	}
	if after := g.limits(); !maps.Equal(after, before) {
		t.Errorf("limits below batch.slice = %v, want %v as before", after, before)
	}
	g.checkDisarmed()
	g.never(watch.Stop)
	g.checkNeighbours()
}
