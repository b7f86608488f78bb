//go:build guest

package scenarios

import (
	"strings"
	"testing"

	"reprieve/test/watch"
)

// Ensure a fork bomb that ignores SIGTERM goes to the last process, those included that it forks during the stop. It is not held: among
// two hundred processes that fork, a worker on an emulated CPU may not get its turn within a short delay. They do not all stall at once
// either, and the grace time is so long that the test has its turn, too, before it is over.
func TestForkBomb(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
some   = "20%"
events = ["max"]
[hold]
by    = "none"
delay = "2s"
calm  = "2s"
[stop]
grace = "15s"
`)
	g.threeLeaves(leaves{maxMB: 160, hog: load + " bomb -each 1M", hogLines: []string{"TasksMax=200"}})
	g.startDaemon()
	g.witness()

	g.start(hog)
	breach := g.await(watch.Breach)
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	atStop := g.read("batch-b.slice", "hog.service/cgroup.procs")
	if n := len(strings.Fields(atStop)); n < 20 {
		t.Errorf("%d processes of the bomb at the stop, want 20 or more", n)
	}
	g.wait("a process forked during the stop", func() bool {
		for pid := range strings.FieldsSeq(g.read("batch-b.slice", "hog.service/cgroup.procs")) {
			if !strings.Contains("\n"+atStop+"\n", "\n"+pid+"\n") {
				return true
			}
		}
		return false
	})
	g.checkEpisode(g.own(breach, stop), stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	g.checkEmpty("batch-b.slice")
	g.neverFailed()
	g.checkNeighbours()
}
