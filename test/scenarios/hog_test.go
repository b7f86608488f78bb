//go:build guest

package scenarios

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// pressing passes the limit of threeLeaves and keeps writing to all it has: its slice stalls until it is gone, however fast the guest swaps,
// and it is never let go for a pause. It fits into the guest's swap.
const pressing = load + " hog -rate 30M -max 500M -touch"

// startHog starts the hog and returns at the first message of this kind, with a time since boot at which there was no breach yet: the last
// look at which batch.slice had stalled, since the start, for less than the 10% of a second that its policy allows. The journal may take the
// message of a breach late; this errs to the early side alone.
func (g *guest) startHog(id string) (calm time.Duration) {
	g.t.Helper()
	calm = sinceBoot()
	before := g.stalled("batch.slice").Full
	g.start(hog)
	g.wait("the message "+watch.Kind(id), func() bool {
		if now := sinceBoot(); g.stalled("batch.slice").Full-before < 100*time.Millisecond {
			calm = now
		}
		return len(g.messages(id)) > 0
	})
	return calm
}

// checkWaited asserts that a message came no sooner than some time after the breach: by the daemon's own account, where the message has
// one, and by the journal's clock, from a time before the breach on.
func (g *guest) checkWaited(m watch.Message, calm, least time.Duration) {
	g.t.Helper()
	if waited := ownMicros(m, "REPRIEVE_WAITED_USEC"); m["REPRIEVE_WAITED_USEC"] != "" && waited < least {
		g.t.Errorf("%s after a wait of %s, want %s at least: %s", m.Kind(), waited, least, m["MESSAGE"])
	}
	// Half a second for what the journal's own times may be off.
	if after := m.At() - calm; after < least-time.Second/2 {
		g.t.Errorf("%s came %s after the last calm, want no sooner than %s: %s", m.Kind(), after, least, m["MESSAGE"])
	}
}

// neverFailed asserts that nothing failed. That somebody took longer than his bound is no failure on an emulated CPU, and is told: PID 1
// with its half second, or the kernel with a second for a limit.
func (g *guest) neverFailed() {
	g.t.Helper()
	for _, m := range g.messages(watch.Failed) {
		late := func(words string) bool { return strings.Contains(m["REPRIEVE_REASON"], words) }
		if !late("no answer from systemd") && !late("the kernel has not returned from it in a second") {
			g.t.Errorf("%s: %s, want no such message", m.Kind(), m["MESSAGE"])
		}
	}
}

// checkGone asserts that a service has no process any more. PID 1 may take a moment to know.
func (g *guest) checkGone(service string) {
	g.t.Helper()
	g.wait(service+" to be gone", func() bool { return g.mainPID(service) == 0 })
}

// Ensure a hog in one of three leaves is held, outlives the delay and is stopped whole, and that its neighbours never notice.
func TestHogIsStopped(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay  = "15s"
urgent = "0%"
`)
	const delay = 15 * time.Second // long enough to look at what is held
	g.threeLeaves(leaves{hog: pressing})
	g.startDaemon()
	signals := g.followSignals()
	g.witness()

	calm := g.startHog(watch.Hold)
	hold := g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", "batch-b.slice")
	if g.ticksWhileHeld() {
		g.checkThrifty(4 * time.Second) // in the first half of the delay: in the second those who may be stopped are weighed
		g.checkPlanned("batch-b.slice")
	}
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	stopped := g.await(watch.Stopped, "UNIT", "batch-b.slice")
	settled := g.await(watch.Settled)
	breach := g.own(g.await(watch.Breach), stop)
	g.checkEpisode(breach, g.own(hold, stop), stop, stopped, settled)
	g.complete(stop, "REPRIEVE_WAITED_USEC")
	g.checkWaited(stop, calm, delay)
	g.complete(stop, "REPRIEVE_REASON", "REPRIEVE_STALL_FULL", "REPRIEVE_STALL_SOME", "REPRIEVE_USAGE", "REPRIEVE_CANDIDATES", "REPRIEVE_EVIDENCE")
	g.complete(settled, "REPRIEVE_FREED")
	g.checkExplained(stop)

	g.checkGone(hog)
	if worst := g.worstGap(); worst >= delay {
		t.Errorf("the canary's worst gap between two ticks is %s, want less than the hold lasted, %s", worst, delay)
	}
	g.checkStory(stop, "batch-b.slice", hog)
	g.checkSignals(signals, stop)
	g.checkBusRefuses()
	g.checkMetrics("reprieve_up 1", `reprieve_stops_total{slice="batch.slice"} 1`, `reprieve_episodes_total{slice="batch.slice",outcome="stopped"} 1`)
	g.checkAble()
	g.checkTop()
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure the same without swap, where pressure rises late: the slice's memory.max and a neighbour's page cache give the sign. A disk
// that is full costs the record of the episode and nothing else.
func TestHogWithoutSwapIsStopped(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", `
[pressure]
some   = "20%"
events = ["max"]
[hold]
delay = "6s"
`)
	g.fullDisk("/var/lib/reprieve/episodes")
	g.threeLeaves(leaves{maxMB: 320, hog: load + " hog -rate 8M -max 600M"}) // some 15 s from the limit's first touch to the last of the cache
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
	g.neverFailed()
	g.checkNeighbours()
	g.wait("the daemon to say that it keeps no record", func() bool { return g.said("no record of episode", stop["REPRIEVE_EPISODE"], "no space left") })
	if dropped := g.asksStatus().DroppedRecords; dropped == 0 {
		t.Error("reprievectl status counts no dropped record on a full disk")
	}
}

// ticksWhileHeld waits until the canary has ticked while memory.high of the hog's leaf is less than max. It is false where the hold was
// over before anybody looked: a CPU that is emulated may stand still for many seconds while a guest thrashes, with us on it. The canary's
// own record tells then.
func (g *guest) ticksWhileHeld() (seen bool) {
	g.t.Helper()
	ticks := g.ticks()
	g.wait("the canary to tick while memory.high of batch-b.slice is less than max", func() bool {
		ticked := g.ticks() > ticks
		high := g.high()
		seen = ticked && high != "max" && high != ""
		return seen || len(g.messages(watch.Stop)) > 0
	})
	if !seen {
		g.t.Log("the guest stood still: the hold was over before it could be looked at; what status and plan say in it is not asked")
	}
	return seen
}

// worstGap is the longest time between two ticks of the canary, by its own record.
func (g *guest) worstGap() time.Duration {
	g.t.Helper()
	var ticks, worstMicros int64
	text, err := os.ReadFile(beat)
	if err == nil {
		_, err = fmt.Sscan(string(text), &ticks, &worstMicros)
	}
	if err != nil {
		g.t.Fatalf("the canary's beat %q: %v", text, err)
	}
	return time.Duration(worstMicros) * time.Microsecond
}

// fullDisk mounts a file system without room over a directory until the end of the scenario.
func (g *guest) fullDisk(dir string) {
	g.t.Helper()
	g.run("mkdir", "-p", dir)
	g.run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", dir)
	g.t.Cleanup(func() { g.run("umount", "--lazy", dir) })
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
