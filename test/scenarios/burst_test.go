//go:build guest

package scenarios

import (
	"testing"

	"reprieve/test/watch"
)

// Ensure a burst that ends within the delay is let go: nobody dies, and the memory.high that was there before is there again.
func TestBurstIsRelieved(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdAtLimit)
	const high = "734003200" // 700M
	g.unit("batch-b.slice", "[Slice]\nMemoryHigh=700M\n")
	g.highs[watch.SlicePath("batch-b.slice")] = high
	g.threeLeaves(leaves{})
	g.startDaemon()

	hold := g.awaitHold()
	if got := g.high(); got == high || got == "max" {
		t.Errorf("memory.high of batch-b.slice = %s while it is held, want less", got)
	}
	g.witness()
	g.free()
	relief := g.await(watch.Relief)
	g.checkEpisode(hold, relief)
	// The message does not wait for the worker that lifts.
	g.awaitNoHolds()
	if got := g.high(); got != high {
		t.Errorf("memory.high of batch-b.slice = %s after the relief, want %s as before", got, high)
	}
	g.never(watch.Stop)
	g.neverFailed()
	g.checkNeighbours()
}
