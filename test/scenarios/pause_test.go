//go:build guest

package scenarios

import (
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure a pause by hand lifts what is held and stops nobody, however long the pressure goes on, that it outlives a restart of the daemon,
// and that everything is as before when it is over.
func TestPauseByHand(t *testing.T) {
	g := begin(t)
	g.swapOn()
	const delay = 6 * time.Second
	g.config("slices/batch.slice.toml", "[pressure]\nfull = \"10%\"\n[hold]\ndelay = \"6s\"\nurgent = \"0%\"\n")
	g.threeLeaves(leaves{hog: pressing})
	g.startDaemon()
	g.witness()

	g.startHog(watch.Hold)
	hold := g.await(watch.Hold, "UNIT", "batch-b.slice")
	if out := g.run("reprievectl", "pause", "10m"); !strings.Contains(out, "1 hold") {
		t.Errorf("reprievectl pause 10m = %q, want that 1 hold is lifted", out)
	}
	g.awaitNoHolds()
	if got := g.high(); got != "max" {
		t.Errorf("memory.high of batch-b.slice = %s in a pause, want max", got)
	}
	paused := g.await(watch.Relief, "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"])
	if !paused.Has("REPRIEVE_PAUSED", "1") {
		t.Errorf("the episode ended with %v, want that it was paused", paused)
	}
	g.lets("reprieved.service")
	g.run("systemctl", "restart", "reprieved")
	g.wait("the daemon to be paused again", func() bool { return g.asksStatus().PausedUntilUnixUsec > time.Now().Add(5*time.Minute).UnixMicro() })
	if status := g.status(); !strings.Contains(status, "paused until") {
		t.Errorf("systemctl status says %q, want that it is paused", status)
	}
	before := g.stalled("batch.slice").Full
	g.wait("more than the delay's worth of stall in the pause", func() bool { return g.stalled("batch.slice").Full-before > delay })
	if n := len(g.messages(watch.Stop)) + len(g.messages(watch.Hold)); n != 1 {
		t.Errorf("%d holds and stops in all, want the one hold before the pause", n)
	}

	g.run("reprievectl", "pause", "off")
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	if stop["REPRIEVE_EPISODE"] == hold["REPRIEVE_EPISODE"] {
		t.Errorf("the stop is of the episode before the pause, %s", stop["REPRIEVE_EPISODE"])
	}
	g.complete(stop, "REPRIEVE_WAITED_USEC")
	if waited := ownMicros(stop, "REPRIEVE_WAITED_USEC"); waited < delay {
		t.Errorf("stopped after %s, want all of the delay, %s, after the pause", waited, delay)
	}
	g.await(watch.Settled)
	g.checkGone(hog)
	g.neverFailed()
	g.checkNeighbours()
}
