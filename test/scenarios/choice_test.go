//go:build guest

package scenarios

import (
	"strings"
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
pick = ["priority", "largest"]
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
	g.checkEpisode(g.own(breach, stop), stop, g.await(watch.Stopped), g.await(watch.Settled))
	g.never(watch.Failed)
	g.checkNeighbours()
}

// Ensure that neither the largest, whose processes all have oom_score_adj -1000, nor the next, which is protected by name, is
// stopped, and that the record says why.
func TestImmuneAndProtectedAreSpared(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("reprieve.toml", `protect = ["db.*"]`)
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "2s"
`)
	g.threeLeaves(leaves{keepMB: 130, hog: load + " hog -rate 20M -max 120M -touch"})
	g.service("db.service", "batch-d.slice", load+" sleeper -keep 60M")
	g.daemonReload()
	g.start("db.service")
	g.service(keeper, "batch-a.slice", load+" sleeper -keep 130M", "OOMScoreAdjust=-1000")
	g.daemonReload()
	g.run("systemctl", "restart", keeper)
	g.wait("the keeper to have its memory again", func() bool { return g.bytes("batch-a.slice", "memory.current") >= 130<<20 })
	g.startDaemon()
	g.witness()

	g.start(hog)
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-b.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	for _, why := range []string{"oom_score_adj -1000", "protected (db.service)"} {
		if !strings.Contains(stop["REPRIEVE_CANDIDATES"], why) {
			t.Errorf("REPRIEVE_CANDIDATES = %q, want %q in it", stop["REPRIEVE_CANDIDATES"], why)
		}
	}
	g.await(watch.Stopped, "UNIT", "batch-b.slice")
	g.await(watch.Settled)
	g.never(watch.Failed)
}

// Ensure the next name in the list decides between equal priorities: the slice that was made last is stopped, although another is
// larger.
func TestTiesAreBroken(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "2s"
[stop]
pick = ["priority", "newest"]
`)
	// As in TestLowestPriorityIsStopped: the hog ends below the keeper, but both do not fit.
	g.threeLeaves(leaves{keepMB: 200, hog: load + " hog -rate 20M -max 180M"})
	g.run("systemctl", "stop", "batch-b.slice") // the start of the hog makes it again, as the last one
	g.wait("batch-b.slice to be gone", func() bool { return g.high() == "" })
	g.startDaemon()
	g.witness()

	hold := g.awaitHold()
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-b.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	g.checkEpisode(g.own(hold, stop), stop, g.await(watch.Stopped), g.await(watch.Settled))
	g.never(watch.Failed)
	g.checkNeighbours()
}
