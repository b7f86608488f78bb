//go:build guest

package scenarios

import (
	"strings"
	"testing"

	"reprieve/test/watch"
)

// chosenSoon is a policy for the scenarios of a choice: it comes to a stop at any speed. The hog is seen when it runs into memory.max, so
// that it has most of its growth before it, and held within the delay by a daemon that is late. Calm is as long as the delay: a hog that
// pauses is not let go before that is over. systemd has the grace time to take the stop, and the hog dies as soon as it does.
func chosenSoon(pick string) string {
	return `
[pressure]
full   = "10%"
events = ["max"]
[hold]
delay = "8s"
calm  = "8s"
[stop]
pick  = ` + pick + `
grace = "5s"
`
}

// Ensure the lowest priority is stopped although another leaf is larger.
func TestLowestPriorityIsStopped(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", chosenSoon(`["priority", "largest"]`))
	g.config("slices/batch-b.slice.toml", "priority = 10\n")
	// The hog ends below the keeper, but both do not fit. It is slow: after the wall it has ten seconds in which it is seen to grow.
	g.threeLeaves(leaves{keepMB: 200, hog: load + " hog -rate 10M -max 180M -touch"})
	g.startDaemon()
	g.witness()

	g.start(hog)
	breach := g.await(watch.Breach)
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-b.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	g.checkEpisode(g.own(breach, stop), stop, g.await(watch.Stopped), g.await(watch.Settled))
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure that neither the largest, whose processes all have oom_score_adj -1000, nor the next, which is protected by name, is
// stopped, and that the record says why.
func TestImmuneAndProtectedAreSpared(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("reprieve.toml", `protect = ["db.*"]`)
	g.config("slices/batch.slice.toml", chosenSoon(`"largest"`))
	// The hog ends well below the keeper, and is slow: after the wall it has eight seconds in which it is seen to grow.
	g.threeLeaves(leaves{keepMB: 150, hog: load + " hog -rate 10M -max 120M -touch"})
	g.service("db.service", "batch-d.slice", load+" sleeper -keep 60M")
	g.daemonReload()
	g.start("db.service")
	g.wait("the database to have its memory", func() bool { return g.bytes("batch-d.slice", "memory.current") >= 60<<20 })
	g.service(keeper, "batch-a.slice", load+" sleeper -keep 150M", "OOMScoreAdjust=-1000")
	g.daemonReload()
	g.run("systemctl", "restart", keeper)
	g.wait("the keeper to have its memory again", func() bool { return g.bytes("batch-a.slice", "memory.current") >= 150<<20 })
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
	g.neverFailed()
}

// Ensure the next name in the list decides between equal priorities: the slice that was made last is stopped, although another is
// larger.
func TestTiesAreBroken(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", chosenSoon(`["priority", "newest"]`))
	// As in TestLowestPriorityIsStopped: the hog ends below the keeper, but both do not fit, and it is slow.
	g.threeLeaves(leaves{keepMB: 200, hog: load + " hog -rate 10M -max 180M -touch"})
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
	g.neverFailed()
	g.checkNeighbours()
}
