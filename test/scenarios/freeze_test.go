//go:build guest

package scenarios

import (
	"os"
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// freezeHog passes the limit of threeLeaves, and fits into what TestFreezeAndThaw gives the slice then.
const freezeHog = load + " hog -rate 30M -max 420M -touch"

// frozenLeaves makes the leaves under a policy that freezes, starts the hog, and returns the breach and the hold when the hog's leaf stands
// still, with a time before the breach.
func (g *guest) frozenLeaves(policy, hogCommand string) (breach, hold watch.Message, calm time.Duration) {
	g.t.Helper()
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
left = "0"
[hold]
by     = "freeze"
urgent = "0%"
`+policy)
	g.threeLeaves(leaves{hog: hogCommand})
	g.startDaemon()
	calm = g.startHog(watch.Hold)
	hold = g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", "batch-b.slice", "REPRIEVE_HOLD", "freeze")
	g.wait("batch-b.slice to be frozen", func() bool { return g.freezeState("batch-b.slice") == "frozen 1" })
	g.witness()
	return g.await(watch.Breach, "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"]), hold, calm
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
	breach, hold, _ := g.frozenLeaves("delay = \"9m\"\ncalm = \"30s\"\n", freezeHog)
	for _, slice := range []string{"batch.slice", "batch-a.slice", "batch-c.slice"} {
		if got := g.read(slice, "cgroup.freeze"); got != "0" {
			t.Errorf("cgroup.freeze of %s = %s while batch-b.slice is frozen, want 0", slice, got)
		}
	}
	if got := g.high(); got != "max" {
		t.Errorf("memory.high of batch-b.slice = %s while it is frozen, want max", got)
	}

	g.freezeQuiet()

	g.run("systemctl", "set-property", "--runtime", "batch.slice", "MemoryMax=650M")
	// What is in swap comes back now: to read it is a stall, too, for which the hog might be frozen once more when it is thawed.
	g.run("swapoff", swapDevice)
	g.run("swapon", swapDevice)
	relief := g.await(watch.Relief, "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"])
	g.checkEpisode(breach, hold, relief)
	g.wait("batch-b.slice to run on", func() bool { return g.freezeState("batch-b.slice") == "frozen 0" })
	g.freezeNone()
	g.wait("the hog to have grown on", func() bool { return g.bytes("batch-b.slice", "memory.current") >= 420<<20 })
	g.never(watch.Stop)
	g.neverFailed()
	g.checkNeighbours()
}

// freezeQuiet asserts that the frozen leaf makes no stall and does not grow, and that its slice runs on without it. The slice is at its
// limit, and an emulated CPU that pauses in the middle of a neighbour's reclaim makes that a long stall: of three looks one has to be calm.
func (g *guest) freezeQuiet() {
	g.t.Helper()
	for looks := 1; ; looks++ {
		// The neighbours have taken the last of the room by then, once.
		time.Sleep(time.Second)
		ticks, used := g.ticks(), g.bytes("batch-b.slice", "memory.current")
		start, before, leafBefore := time.Now(), g.stalled("batch.slice"), g.stalled("batch-b.slice")
		time.Sleep(3 * time.Second)
		leafAfter, after, long := g.stalled("batch-b.slice"), g.stalled("batch.slice"), time.Since(start)
		g.wait("the canary to tick while the hog is frozen", func() bool { return g.ticks() > ticks })
		now := g.bytes("batch-b.slice", "memory.current")
		if got := g.freezeState("batch-b.slice"); got != "frozen 1" {
			g.t.Fatalf("cgroup.events of batch-b.slice: %q, want frozen 1 until the slice is calm for 30s", got)
		}
		if stall := leafAfter.Some - leafBefore.Some; stall > long/100 {
			g.t.Errorf("batch-b.slice stalled %s (some) of %s while it is frozen, want none", stall, long)
		}
		// A neighbour that reads from swap has the kernel read what lies beside it: pages of the frozen leaf come back, and are charged
		// to it (mm/swap_state.c: swap_cluster_readahead). What runs grows by megabytes a second.
		if now > used+1<<20 {
			g.t.Errorf("batch-b.slice uses %d bytes, %d some seconds before: it grew while it was frozen", now, used)
		}
		stall := after.Full - before.Full
		if stall <= long/10 {
			return
		}
		if looks == 3 {
			g.t.Errorf("batch.slice stalled %s (full) of %s while the hog is frozen, want hardly any", stall, long)
			return
		}
	}
}

// Ensure a frozen leaf whose pressure outlives the delay is thawed before it is stopped: its handler of SIGTERM runs, and nothing
// that lives on stays frozen.
func TestFrozenIsStopped(t *testing.T) {
	g := begin(t)
	const saved = "/run/frozen-saved"
	const seen = "/run/frozen-seen" // for which the handler waits, so that it is there to be looked at
	g.files = append(g.files, saved)
	breach, hold, calm := g.frozenLeaves("delay = \"15s\"\ncalm = \"15s\"\n[stop]\ngrace = \"60s\"\n",
		"/bin/sh -c 'trap \"echo all >"+saved+"; while [ ! -e "+seen+" ]; do sleep 1; done; exit 0\" TERM; "+freezeHog+" & while :; do wait; done'")
	g.lets(hog)
	g.wait("batch-b.slice to be thawed, with its processes alive", func() bool {
		return g.read("batch-b.slice", "cgroup.freeze") == "0" && strings.Contains(g.read("batch-b.slice", "cgroup.events"), "populated 1")
	})
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice", "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"])
	g.wait("the handler of SIGTERM to have saved", func() bool {
		text, _ := os.ReadFile(saved)
		return string(text) == "all\n"
	})
	g.write(seen, "")
	stopped := g.await(watch.Stopped, "UNIT", "batch-b.slice")
	g.checkEpisode(breach, hold, stop, stopped, g.await(watch.Settled))
	g.complete(stop, "REPRIEVE_WAITED_USEC")
	g.checkWaited(stop, calm, 15*time.Second)
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.freezeNone()
	g.neverFailed()
	g.checkNeighbours()
}
