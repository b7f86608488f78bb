//go:build guest

package scenarios

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"reprieve/test/watch"
)

// Ensure a held leaf that cannot be the cause is let go, and the record says why: it has freed what it grew by, and another leaf stalls
// on by itself. Nobody is stopped for it before the delay is over.
func TestMeekIsLetGo(t *testing.T) {
	g := begin(t)
	g.swapOn()
	// Longer than holdLong's calm: a thrasher that has no CPU for a moment ends no episode.
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay  = "9m"
calm   = "1m"
urgent = "0%"
`)
	g.threeLeaves(leaves{maxMB: 512, hog: load + " hog -rate 20M -max 200M"})
	// It thrashes within a limit of its own: it stalls, and does not grow.
	g.unit("batch-d.slice", "[Slice]\nMemoryMax=40M\n")
	g.service("thrasher.service", "batch-d.slice", load+" hog -rate 40M -max 90M -touch")
	g.longWatchdog()
	g.daemonReload()
	g.start("thrasher.service")
	g.wait("the thrasher to have all that it grows to", func() bool { return g.meekHas("thrasher.service", 90<<10) })
	g.startDaemon()
	g.witness()
	g.await(watch.Breach, "REPRIEVE_SLICE", "batch.slice")

	// Held in its first moments it could not give back what it had then: it grows while the daemon does not look.
	g.whileStopped(func() {
		g.start(hog)
		g.wait("the hog to have grown", func() bool { return g.bytes("batch-b.slice", "memory.current") >= 100<<20 })
	})
	hold := g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", "batch-b.slice")
	g.free()
	acquitted := g.await(watch.Acquitted, "UNIT", "batch-b.slice")
	g.checkEpisode(hold, acquitted)
	g.complete(acquitted, "REPRIEVE_REASON", "REPRIEVE_EVIDENCE")
	g.wait("memory.high to be max again", func() bool { return g.high() == "max" })
	g.never(watch.Stop)
	g.neverFailed()
	g.checkTicking()
}

// meekHas tells whether the main process of a service has touched all of a map of so many KiB, as its smaps has it: the pages in memory and
// those in swap. The charge of its group counts some twice, and others' too.
func (g *guest) meekHas(service string, kib int) bool {
	g.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", g.mainPID(service)))
	if err != nil {
		g.t.Fatal(err)
	}
	size, has := 0, 0
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		value, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB")) // 0 for a line of something else
		switch name {
		case "Size":
			size, has = value, 0
		case "Rss", "Swap":
			has += value
		}
		if size == kib && has >= kib {
			return true
		}
	}
	return false
}
