//go:build guest

package scenarios

import (
	"testing"

	"reprieve/test/watch"
)

// Ensure the lowest priority is stopped although another leaf is larger.
func TestLowestPriorityIsStopped(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "2s"
[stop]
pick = "priority"
`)
	g.config("slices/batch-b.slice.toml", "priority = 10\n")
	// The hog ends below the keeper, but both do not fit.
	g.threeLeaves(leaves{keepMB: 200, hog: load + " hog -rate 20M -max 180M"})
	g.startDaemon()
	g.witness()

	g.start(hog)
	breach := g.await(watch.Breach)
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-b.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	g.checkEpisode(breach, stop, g.await(watch.Stopped), g.await(watch.Settled))
	g.never(watch.Failed)
	g.checkNeighbours()
}
