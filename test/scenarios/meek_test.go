//go:build guest

package scenarios

import (
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure a held leaf that cannot be the cause is let go, and the record says why: it has freed what it grew by, and another leaf stalls
// on by itself. Nobody is stopped for it before the delay is over.
func TestMeekIsLetGo(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdLong)
	g.threeLeaves(leaves{maxMB: 512, hog: load + " hog -rate 20M -max 200M"})
	// It thrashes within a limit of its own: it stalls, and does not grow.
	g.unit("batch-d.slice", "[Slice]\nMemoryMax=40M\n")
	g.service("thrasher.service", "batch-d.slice", load+" hog -rate 40M -max 90M -touch")
	g.daemonReload()
	g.start("thrasher.service")
	g.wait("the thrasher to have all that it grows to", func() bool {
		return g.bytes("batch-d.slice", "memory.current")+g.bytes("batch-d.slice", "memory.swap.current") >= 90<<20
	})
	time.Sleep(3 * time.Second) // some of that may have counted twice
	g.startDaemon()
	g.witness()
	g.await(watch.Breach, "REPRIEVE_SLICE", "batch.slice")

	hold := g.awaitHold()
	g.free()
	acquitted := g.await(watch.Acquitted, "UNIT", "batch-b.slice")
	g.checkEpisode(hold, acquitted)
	g.complete(acquitted, "REPRIEVE_REASON", "REPRIEVE_EVIDENCE")
	g.wait("memory.high to be max again", func() bool { return g.high() == "max" })
	g.never(watch.Stop)
	g.never(watch.Failed)
	g.checkTicking()
}
