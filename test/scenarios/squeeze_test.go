//go:build guest

package scenarios

import (
	"testing"

	"reprieve/test/watch"
)

// Ensure a held leaf is pressed below what it used, in steps and no further than the policy says, that it gives that up, and lives.
func TestSqueeze(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "5%"
[hold]
squeeze = "10%"
delay   = "9m"
calm    = "5m"
urgent  = "100%"
`)
	// What it has it does not touch again: there is something to take.
	g.threeLeaves(leaves{hog: load + " hog -rate 30M -max 250M"})
	g.startDaemon()
	hold := g.awaitHold()
	g.witness()
	g.lets("reprieved.service")

	trail := followHigh("batch-b.slice")
	first := g.bytes("batch-b.slice", "memory.high")
	g.wait("the mark to be a tenth lower", func() bool { return g.bytes("batch-b.slice", "memory.high")*100 <= first*91 })
	high := g.bytes("batch-b.slice", "memory.high")
	g.wait("the leaf to be under it", func() bool { return g.bytes("batch-b.slice", "memory.current") <= high })
	if steps := len(trail.end()); steps < 5 {
		t.Errorf("memory.high had %d values on the way down, want five steps at least", steps)
	}
	if least := first * 89 / 100; high < least {
		t.Errorf("memory.high = %d, want no less than %d: squeeze is 10%%", high, least)
	}
	g.never(watch.Stop)
	g.never(watch.Failed)
	g.run("systemctl", "stop", "reprieved.service")
	if got := g.high(); got != "max" {
		t.Errorf("memory.high of batch-b.slice = %s at the end, want max", got)
	}
	g.inOrder(hold, g.await(watch.Released, "UNIT", "batch-b.slice"))
	g.checkNeighbours()
}
