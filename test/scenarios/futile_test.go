//go:build guest

package scenarios

import (
	"strings"
	"testing"

	"reprieve/test/watch"
)

// Ensure a livelock without swap is ended early: the held leaf is scanned again and again, and the little page cache it has
// cannot be taken, so that nothing comes of it. Its memory would be used up soon, which is seen before there is a stall.
func TestLivelockIsFutile(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", `
[pressure]
left = "10s"
[hold]
delay  = "9m"
calm   = "1m"
urgent = "0%"
futile = "1s"
`)
	// At its rate it has ten seconds from the breach to its limit: the hold comes before the kernel. A long calm, so that a pause of the
	// emulator is no relief. Many threads: each sleeps for up to two seconds at a time over memory.high, and one of them is always awake and scans.
	g.threeLeaves(leaves{maxMB: 640, hog: load + " hog -rate 40M -max 900M -threads 64"})
	g.files = append(g.files, "/var/tmp/pinned")
	g.service("pinned.service", "batch-b.slice", load+" pinned -file /var/tmp/pinned -size 6M")
	g.daemonReload()
	g.start("pinned.service")
	g.wait("the pinned file to be in memory", func() bool { return g.bytes("batch-b.slice", "memory.current") >= 6<<20 })
	g.startDaemon()
	g.witness()
	g.lets("pinned.service")

	g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	hold := g.await(watch.Hold, "REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"])
	g.checkEpisode(hold, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	if got, want := stop["REPRIEVE_REASON"], "reclaim finds nothing"; got != want {
		t.Errorf("REPRIEVE_REASON of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	if got, want := stop["REPRIEVE_EVIDENCE"], "futile=yes batch-b.slice "; !strings.Contains(got, want) {
		t.Errorf("REPRIEVE_EVIDENCE of the stop = %q, want it to have %q", got, want)
	}
	g.ownCutShort(stop)
	g.checkEmpty("batch-b.slice")
	g.never(watch.Kernel)
	// No never(watch.Failed): 64 threads in reclaim leave PID 1 little of an emulated CPU, it may miss its half second, which is told.
	g.checkNeighbours()
}
