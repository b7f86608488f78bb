//go:build guest

package scenarios

import (
	"testing"

	"reprieve/test/watch"
)

// Ensure the daemon does not wait for memory where all others do: the disk that the hog is swapped to is slow, and whoever needs a page waits
// for it. The hold and the stop come all the same, and the daemon's own group stalls for a small part of what the watched slice does.
func TestSlowSwap(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay  = "4s"
calm   = "4s"
urgent = "0%"
`)
	g.unit("batch-b.slice", "[Slice]\nIOReadBandwidthMax="+swapDevice+" 16M\nIOWriteBandwidthMax="+swapDevice+" 16M\n")
	g.threeLeaves(leaves{maxMB: 8192, hog: load + " hog -rate 150M -max 1600M -touch"})
	g.startDaemon()
	g.witness()

	own, batch := g.stalled("reprieve.slice"), g.stalled("batch.slice")
	g.start(hog)
	stop := g.await(watch.Stop, "REPRIEVE_SLICE", "batch.slice", "UNIT", "batch-b.slice")
	episode := []string{"REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"]}
	breach, hold := g.await(watch.Breach, episode...), g.await(watch.Hold, append(episode, "UNIT", "batch-b.slice")...)
	g.inOrder(breach, hold, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	own.Some, batch.Some = g.stalled("reprieve.slice").Some-own.Some, g.stalled("batch.slice").Some-batch.Some
	t.Logf("batch.slice stalled for %v, reprieve.slice for %v", batch.Some, own.Some)
	const part = 100
	if own.Some*part > batch.Some {
		t.Errorf("reprieve.slice stalled for %v while batch.slice did for %v, want a %dth at most", own.Some, batch.Some, part)
	}
	g.checkGone(hog)
	g.checkNeighbours()
}
