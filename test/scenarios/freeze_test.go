//go:build guest

package scenarios

import (
	"os"
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// freezeHog passes the limit of frozenLeaves, and fits into what TestFreezeAndThaw gives the slice then.
const freezeHog = load + " hog -rate 20M -max 240M -touch"

// frozenLeaves makes the leaves under a policy that freezes, starts the hog, and returns the breach and the hold when the hog's leaf stands still.
func (g *guest) frozenLeaves(policy, hogCommand string) (breach, hold watch.Message) {
	g.t.Helper()
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
by     = "freeze"
urgent = "100%"
`+policy)
	g.threeLeaves(leaves{maxMB: 128, keepMB: 20, hog: hogCommand})
	g.startDaemon()
	hold = g.awaitHold("REPRIEVE_HOLD", "freeze")
	g.wait("batch-b.slice to be frozen", func() bool { return g.freezeState("batch-b.slice") == "frozen 1" })
	g.witness()
	return g.await(watch.Breach, "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"]), hold
}

// freezeState returns the line of cgroup.events that says whether all of a slice stands still.
func (g *guest) freezeState(slice string) string {
	g.t.Helper()
	for line := range strings.Lines(g.read(slice, "cgroup.events")) {
		if strings.HasPrefix(line, "frozen ") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// freezeNone asserts that nothing on the host is frozen.
func (g *guest) freezeNone() {
	g.t.Helper()
	for path, got := range readAll(g.t, "cgroup.freeze") {
		if got != "0" {
			g.t.Errorf("cgroup.freeze of %s = %s, want 0", path, got)
		}
	}
}

// Ensure a hog's leaf is frozen and nobody else, that it makes no stall meanwhile, and that it runs on when there is room.
func TestFreezeAndThaw(t *testing.T) {
	g := begin(t)
	breach, hold := g.frozenLeaves("delay = \"9m\"\ncalm = \"9s\"\n", freezeHog)
	for _, slice := range []string{"batch.slice", "batch-a.slice", "batch-c.slice"} {
		if got := g.read(slice, "cgroup.freeze"); got != "0" {
			t.Errorf("cgroup.freeze of %s = %s while batch-b.slice is frozen, want 0", slice, got)
		}
	}
	if got := g.high(); got != "max" {
		t.Errorf("memory.high of batch-b.slice = %s while it is frozen, want max", got)
	}

	// The neighbours have taken the last of the room by then, once.
	time.Sleep(time.Second)
	const long = 3 * time.Second
	ticks, used := g.ticks(), g.bytes("batch-b.slice", "memory.current")
	before, leafBefore := g.stalled("batch.slice"), g.stalled("batch-b.slice")
	time.Sleep(long)
	after, leafAfter := g.stalled("batch.slice"), g.stalled("batch-b.slice")
	if got := g.freezeState("batch-b.slice"); got != "frozen 1" {
		t.Fatalf("cgroup.events of batch-b.slice: %q, want frozen 1 until the slice is calm for 9s", got)
	}
	if stall := leafAfter.Some - leafBefore.Some; stall > long/100 {
		t.Errorf("batch-b.slice stalled %s (some) of %s while it is frozen, want none", stall, long)
	}
	if stall := after.Full - before.Full; stall > long/10 {
		t.Errorf("batch.slice stalled %s (full) of %s while the hog is frozen, want hardly any", stall, long)
	}
	if g.ticks() == ticks {
		t.Error("the canary did not tick while the hog was frozen")
	}
	if now := g.bytes("batch-b.slice", "memory.current"); now > used {
		t.Errorf("batch-b.slice uses %d bytes, %d some seconds before: it grew while it was frozen", now, used)
	}

	g.run("systemctl", "set-property", "--runtime", "batch.slice", "MemoryMax=400M")
	relief := g.await(watch.Relief, "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"])
	g.checkEpisode(breach, hold, relief)
	g.freezeNone()
	if got := g.freezeState("batch-b.slice"); got != "frozen 0" {
		t.Errorf("cgroup.events of batch-b.slice: %q after the relief, want frozen 0", got)
	}
	g.wait("the hog to have grown on", func() bool { return g.bytes("batch-b.slice", "memory.current") >= 240<<20 })
	g.never(watch.Stop)
	g.never(watch.Failed)
	g.checkNeighbours()
}

// Ensure a frozen leaf whose pressure outlives the delay is thawed before it is stopped: its handler of SIGTERM runs, and nothing
// that lives on stays frozen.
func TestFrozenIsStopped(t *testing.T) {
	g := begin(t)
	const saved = "/run/frozen-saved"
	g.files = append(g.files, saved)
	breach, hold := g.frozenLeaves("delay = \"6s\"\ncalm = \"6s\"\n[stop]\ngrace = \"60s\"\n",
		"/bin/sh -c 'trap \"echo all >"+saved+"; exit 0\" TERM; "+freezeHog+" & while :; do wait; done'")
	g.lets(hog)
	g.wait("batch-b.slice to be thawed, with its processes alive", func() bool { return g.read("batch-b.slice", "cgroup.freeze") == "0" })
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice", "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"])
	stopped := g.await(watch.Stopped, "UNIT", "batch-b.slice")
	g.checkEpisode(breach, hold, stop, stopped, g.await(watch.Settled))
	if text, err := os.ReadFile(saved); string(text) != "all\n" {
		t.Errorf("what the handler of SIGTERM saved = %q, %v, want \"all\": it did not run", text, err)
	}
	if waited, delay := stop.At()-breach.At(), 6*time.Second; waited < delay-time.Second/2 {
		t.Errorf("stop came %s after the breach, want no sooner than the delay of %s: %s", waited, delay, stop["MESSAGE"])
	}
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.freezeNone()
	g.never(watch.Failed)
	g.checkNeighbours()
}
