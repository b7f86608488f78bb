//go:build guest

package scenarios

import (
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure a hog in one of three leaves is held, outlives the delay and is stopped whole, and that its neighbours never notice.
func TestHogIsStopped(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay  = "6s"
urgent = "100%"
`)
	g.threeLeaves(leaves{})
	g.startDaemon()
	g.witness()

	hold := g.awaitHold()
	if g.high() == "max" {
		t.Error("memory.high of batch-b.slice = max, want less while it is held")
	}
	ticks := g.ticks()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	if g.ticks() == ticks {
		t.Error("the canary did not tick while the hog was held")
	}
	stopped := g.await(watch.Stopped, "UNIT", "batch-b.slice")
	settled := g.await(watch.Settled)
	breach := g.own(g.await(watch.Breach), stop)
	g.checkEpisode(breach, g.own(hold, stop), stop, stopped, settled)
	// A lower bound, with half a second for what the journal's own times may be off.
	if waited, delay := stop.At()-breach.At(), 6*time.Second; waited < delay-time.Second/2 {
		t.Errorf("stop came %s after the breach, want no sooner than the delay of %s: %s", waited, delay, stop["MESSAGE"])
	}
	g.complete(stop, "REPRIEVE_REASON", "REPRIEVE_STALL_FULL", "REPRIEVE_STALL_SOME", "REPRIEVE_USAGE", "REPRIEVE_CANDIDATES", "REPRIEVE_EVIDENCE")
	g.complete(settled, "REPRIEVE_FREED")
	g.checkExplained(stop)

	if pid := g.mainPID(hog); pid != 0 {
		t.Errorf("main PID of %s = %d, want none", hog, pid)
	}
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.never(watch.Failed)
	g.checkNeighbours()
}

// Ensure the same without swap, where pressure rises late: the slice's memory.max and a neighbour's page cache give the sign.
func TestHogWithoutSwapIsStopped(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", `
[pressure]
some   = "20%"
events = ["max"]
[hold]
delay = "3s"
`)
	g.threeLeaves(leaves{maxMB: 320, hog: load + " hog -rate 20M -max 600M"})
	g.files = append(g.files, "/var/tmp/cached")
	g.service("cache.service", "batch-d.slice", load+" cache -file /var/tmp/cached -size 120M -pause 1h")
	g.daemonReload()
	g.start("cache.service")
	g.wait("120 MB of page cache", func() bool { return g.bytes("batch-d.slice", "memory.current") >= 120<<20 })
	g.startDaemon()
	g.witness()

	hold := g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	stopped := g.await(watch.Stopped, "UNIT", "batch-b.slice")
	g.checkEpisode(g.own(hold, stop), stop, stopped, g.await(watch.Settled))
	if events := g.read("batch.slice", "memory.events"); !strings.Contains(events, "oom_kill 0") {
		t.Errorf("memory.events of batch.slice = %q, want no oom_kill", events)
	}
	g.never(watch.Failed)
	g.checkNeighbours()
}

// checkExplained asserts that journalctl -x has the catalog's words for a message. Not by --after-cursor: with a match beside it,
// journalctl 252 finds nothing.
func (g *guest) checkExplained(m watch.Message) {
	g.t.Helper()
	text := g.run("journalctl", "--catalog", "--boot", "MESSAGE_ID="+m["MESSAGE_ID"], "REPRIEVE_EPISODE="+m["REPRIEVE_EPISODE"])
	if !strings.Contains(text, "Defined-By: Reprieve") {
		g.t.Errorf("journalctl --catalog of the %s = %q, want the explanation of the catalog", m.Kind(), text)
	}
}
