//go:build guest

package scenarios

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure the daemon tells at its start on a host without swap by which signs it knows of pressure, slice by slice, and does not where
// there is swap.
func TestSwaplessTriggersAreTold(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", holdLong)
	g.config("slices/bulk.slice.toml", holdLong)
	g.config("slices/late.slice.toml", holdLong)
	g.threeLeaves(leaves{})
	g.service("bulk.service", "bulk.slice", load+" sleeper -keep 1M")
	g.service("late.service", "late.slice", load+" sleeper -keep 1M")
	g.daemonReload()
	g.start("bulk.service")
	g.startDaemon()

	g.wait("the words on swap", func() bool { return g.said("this host has no swap") })
	for _, words := range []string{
		"batch.slice is also watched by how fast its memory fills (pressure.left)",
		"bulk.slice by stall and memory.events alone",
	} {
		if !g.said("this host has no swap", words) {
			t.Errorf("the daemon does not say %q at its start", words)
		}
	}

	g.run("systemctl", "stop", "reprieved.service")
	g.swapOn()
	last := g.await(watch.Started)
	g.start("reprieved.service")
	started := g.awaitAfter(last.At(), watch.Started)
	g.witness()
	// It would be said right behind that, and before this.
	g.start("late.service")
	g.awaitAfter(started.At(), watch.Watched, "REPRIEVE_SLICE", "late.slice")
	for _, m := range g.messages("") {
		if m.At() > started.At() && strings.Contains(m["MESSAGE"], "has no swap") {
			t.Errorf("the daemon says %q on a host with swap", m["MESSAGE"])
		}
	}
	g.never(watch.Breach)
}

// Ensure a hog of anonymous memory without swap is seen by how fast it fills its slice: held before memory.max was met, and stopped
// after the delay, before the kernel does.
func TestSlopeComesFirst(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", `
[pressure]
left = "10s"
[hold]
delay  = "8s"
calm   = "8s"
urgent = "0%"
`)
	g.threeLeaves(leaves{maxMB: 320, hog: load + " hog -rate 20M -max 600M"})
	g.startDaemon()
	g.witness()

	g.awaitHold()
	if events := g.read("batch.slice", "memory.events"); !strings.Contains(events, "\nmax 0\n") {
		t.Errorf("memory.events of batch.slice = %q at the hold, want max 0: the hold came after the wall", events)
	}
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	episode := []string{"REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"]}
	breach := g.await(watch.Breach, episode...)
	g.checkEpisode(breach, g.await(watch.Hold, episode...), stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	if left, err := strconv.Atoi(breach["REPRIEVE_LEFT_USEC"]); err != nil || left <= 0 || left > 10_000_000 {
		t.Errorf("REPRIEVE_LEFT_USEC of the breach = %q, want more than 0 and at most the limit of 10 s: %s", breach["REPRIEVE_LEFT_USEC"], breach["MESSAGE"])
	}
	const delay = 8 * time.Second
	if waited := ownMicros(stop, "REPRIEVE_WAITED_USEC"); waited < delay {
		t.Errorf("REPRIEVE_WAITED_USEC of the stop = %s, want no less than the delay of %s: %s", waited, delay, stop["MESSAGE"])
	}
	// By a clock that is not the daemon's: its message of the breach may have been a while on its way.
	if waited := stop.At() - breach.At(); waited < delay/2 {
		t.Errorf("stop came %s after the breach, want no sooner than the delay of %s: %s", waited, delay, stop["MESSAGE"])
	}
	if events := g.read("batch.slice", "memory.events"); !strings.Contains(events, "oom_kill 0") {
		t.Errorf("memory.events of batch.slice = %q, want no oom_kill", events)
	}
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure the looks that a host without swap needs in calm are few: more than the watchdog's wake-ups alone, and at most four a second,
// half as many more allowed for whatever else makes the loop's thread sleep.
func TestSwaplessCalmIsCheap(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", holdLong)
	g.threeLeaves(leaves{})
	g.startDaemon()
	g.witness()
	time.Sleep(3 * time.Second) // what the start left to do

	loop := g.loopThread()
	const span, watchdogs = 10 * time.Second, 5 // a watchdog's message every 3.3 s; the rest is what a report wakes
	before, start := g.wakeUps(loop), time.Now()
	time.Sleep(span)
	woke, most := g.wakeUps(loop)-before, int(6*time.Since(start).Seconds())+watchdogs
	if woke <= watchdogs || woke > most {
		t.Errorf("the loop woke %d times in %s of calm without swap, want more than %d and at most %d", woke, span, watchdogs, most)
	}
	g.never(watch.Breach)
}

// Ensure a hog that fills memory and swap is held, and then stopped, before the kernel has to kill, where no limit on stall would have told:
// once little of the swap is free, how fast both go is what counts.
func TestSwapFillsUp(t *testing.T) {
	g := begin(t)
	g.swapOn()
	// However slow the CPU is, ten seconds of its growth are some memory. And no share of a window is as large as that.
	g.config("slices/-.slice.toml", `
[pressure]
full   = "100%"
window = "10s"
scarce = "0%"
left   = "10s"
[hold]
delay  = "5s"
calm   = "5s"
urgent = "0%"
`)
	g.threeLeaves(leaves{maxMB: 8192, hog: load + " hog -rate 60M -max 1600M -touch"})
	g.startDaemon()
	g.witness()

	g.start(hog)
	stop := g.await(watch.Stop)
	if !stop.Has("REPRIEVE_SLICE", "-.slice", "UNIT", "batch-b.slice") {
		t.Errorf("the stop is of %s in %s, want batch-b.slice in -.slice: %s", stop["UNIT"], stop["REPRIEVE_SLICE"], stop["MESSAGE"])
	}
	episode := []string{"REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"]}
	breach, hold := g.await(watch.Breach, episode...), g.await(watch.Hold, append(episode, "UNIT", "batch-b.slice")...)
	if breach["REPRIEVE_LEFT_USEC"] == "" {
		t.Errorf("the breach has no REPRIEVE_LEFT_USEC, want it by how long memory and swap last: %s", breach["MESSAGE"])
	}
	g.inOrder(breach, hold, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	g.checkGone(hog)
	g.checkNeighbours() // that the kernel killed nobody is looked at behind each scenario
}
