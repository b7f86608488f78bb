//go:build guest

package scenarios

import (
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure a unit with Restart=always is started again when its slice is calm, three times and no more, also counted beyond a restart of
// the daemon; then it stays down and the journal says so.
func TestReviveAndGiveUp(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "2s"
calm  = "2s"
[stop]
settle       = "3s"
revive_after = "8s"
revive_max   = "3/1h"
`)
	const after = 8 * time.Second // time for a restart of the daemon while nothing is under way
	// It stalls until it is stopped, each time, and fits into the guest's swap.
	g.threeLeaves(leaves{maxMB: 160, hog: load + " hog -rate 100M -max 340M -touch", hogLines: []string{"Restart=always", "RestartSec=100ms"}})
	g.startDaemon()
	g.witness()
	g.lets("reprieved.service")

	g.start(hog)
	// Of the episode that it comes back from: one whose stop PID 1 answered too late may have come before, with Restart= behind it.
	first := g.await(watch.Revived, "UNIT", hog)
	settled := g.await(watch.Settled, "REPRIEVE_EPISODE", first["REPRIEVE_EPISODE"])
	if got := settled["REPRIEVE_REVIVES"]; !strings.Contains(got, hog) {
		t.Errorf("REPRIEVE_REVIVES of the settled = %q, want %s in it: %s", got, hog, settled["MESSAGE"])
	}
	last := settled
	for n := range 3 {
		last = g.awaitAfter(last.At(), watch.Revived, "UNIT", hog)
		if n == 0 {
			// When it has fallen again: neither a stop nor a start is under way.
			last = g.awaitAfter(last.At(), watch.Settled)
			g.run("systemctl", "restart", "reprieved.service")
		}
	}
	stays := g.awaitAfter(last.At(), watch.StaysDown, "UNIT", hog)
	time.Sleep(after + 2*time.Second) // RestartSec= many times over as well
	if pid := g.mainPID(hog); pid != 0 {
		t.Errorf("main PID of %s = %d after %q, want none", hog, pid, stays["MESSAGE"])
	}
	revived := g.messages(watch.Revived)
	if len(revived) != 3 {
		t.Errorf("%d revivals, want 3: %v", len(revived), revived)
	}
	// Half of it for a message that the journal took late.
	if waited := revived[0].At() - settled.At(); waited < after/2 {
		t.Errorf("revived %s after the stop had settled, want no sooner than revive_after of %s", waited, after)
	}
	g.neverFailed()
	g.checkNeighbours()
}
