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
delay = "500ms"
calm  = "500ms"
[stop]
settle       = "1s"
revive_after = "1s"
revive_max   = "3/1h"
`)
	g.threeLeaves(leaves{maxMB: 160, hog: load + " hog -rate 100M -max 600M", hogLines: []string{"Restart=always", "RestartSec=100ms"}})
	g.startDaemon()
	g.witness()
	g.lets("reprieved.service")

	g.start(hog)
	settled := g.await(watch.Settled)
	if got := settled["REPRIEVE_REVIVES"]; !strings.Contains(got, hog) {
		t.Errorf("REPRIEVE_REVIVES of the settled = %q, want %s in it: %s", got, hog, settled["MESSAGE"])
	}
	last := settled
	for n := range 3 {
		last = g.awaitAfter(last.At(), watch.Revived, "UNIT", hog)
		if n == 0 {
			g.run("systemctl", "restart", "reprieved.service")
		}
	}
	stays := g.awaitAfter(last.At(), watch.StaysDown, "UNIT", hog)
	time.Sleep(3 * time.Second) // revive_after and RestartSec= many times over
	if pid := g.mainPID(hog); pid != 0 {
		t.Errorf("main PID of %s = %d after %q, want none", hog, pid, stays["MESSAGE"])
	}
	revived := g.messages(watch.Revived)
	if len(revived) != 3 {
		t.Errorf("%d revivals, want 3: %v", len(revived), revived)
	}
	if waited := revived[0].At() - settled.At(); waited < time.Second/2 {
		t.Errorf("revived %s after the stop had settled, want no sooner than revive_after of 1s", waited)
	}
	g.never(watch.Failed)
	g.checkNeighbours()
}
