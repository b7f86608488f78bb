//go:build guest

package scenarios

import (
	"testing"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// bulkHog is the hog in bulk-b.slice.
const bulkHog = "bulk.service"

// twoHogs starts a hog in each of two watched slices that are alike, with a neighbour each. Both ignore SIGTERM for a grace time. The delay is
// longer than one of them may be behind the other: both are in breach before there is a stop.
func (g *guest) twoHogs(grace string) {
	g.t.Helper()
	policy := `
[pressure]
full = "10%"
[hold]
delay = "10s"
calm  = "10s"
[stop]
grace = "` + grace + `"
`
	// Both together fit into the guest's swap.
	const thrashing = load + " hog -rate 20M -max 240M -touch -ignore-term"
	g.swapOn()
	g.config("slices/batch.slice.toml", policy)
	g.config("slices/bulk.slice.toml", policy)
	g.unit("bulk.slice", "[Slice]\nMemoryMax=128M\n")
	g.service("bulk-keeper.service", "bulk-a.slice", load+" sleeper -keep 20M")
	g.service(bulkHog, "bulk-b.slice", thrashing)
	g.threeLeaves(leaves{maxMB: 128, keepMB: 20, hog: thrashing})
	g.start("bulk-keeper.service")
	g.startDaemon()
	g.start(hog, bulkHog)
	g.witness()
}

// other returns the hog and the slice that a stop is not of.
func other(stop watch.Message) (service, slice string) {
	if stop["UNIT"] == "batch-b.slice" {
		return bulkHog, "bulk.slice"
	}
	return hog, "batch.slice"
}

// Ensure of two slices in breach at once only one loses its hog, when the pressure in the other passes meanwhile.
func TestTwoSlicesOneStop(t *testing.T) {
	g := begin(t)
	g.twoHogs("20s")
	for _, slice := range []string{"batch.slice", "bulk.slice"} {
		g.await(watch.Breach, "REPRIEVE_SLICE", slice)
	}
	stop := g.await(watch.Stop)
	lives, slice := other(stop)
	g.signal(lives, unix.SIGUSR1) // frees all it has, within the grace time of the first
	if lives == hog {
		g.lets(bulkHog)
	} else {
		g.lets(hog)
	}
	g.inOrder(stop, g.await(watch.Stopped, "UNIT", stop["UNIT"]), g.await(watch.Settled))
	g.await(watch.Relief, "REPRIEVE_SLICE", slice)
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.neverFailed()
	g.checkTicking()
}

// Ensure the second of two slices in breach at once waits until the memory of the first one's hog is back.
func TestSecondStopWaitsForTheFirst(t *testing.T) {
	g := begin(t)
	g.twoHogs("0s")
	g.lets(hog, bulkHog)
	first := g.await(watch.Stop)
	settled := g.await(watch.Settled)
	second := g.awaitAfter(first.At(), watch.Stop)
	g.inOrder(first, settled, second, g.awaitAfter(settled.At(), watch.Settled))
	if _, want := other(first); second["REPRIEVE_SLICE"] != want {
		t.Errorf("REPRIEVE_SLICE of the second stop = %q, want %q: %s", second["REPRIEVE_SLICE"], want, second["MESSAGE"])
	}
	if stops := g.messages(watch.Stop); len(stops) != 2 {
		t.Errorf("%d stops, want two: %v", len(stops), stops)
	}
	g.neverFailed()
	g.checkTicking()
}
