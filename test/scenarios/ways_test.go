//go:build guest

package scenarios

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure the slice as a whole is held where the policy says so, and its leaves by nothing of their own.
func TestSliceIsHeldAsAWhole(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
on     = "slice"
delay  = "9m"
calm   = "8s"
urgent = "0%"
`)
	g.threeLeaves(leaves{})
	g.startDaemon()
	g.witness()

	g.start(hog)
	hold := g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", "batch.slice")
	if got := g.read("batch.slice", "memory.high"); got == "max" {
		t.Error("memory.high of batch.slice = max, want less while it is held")
	}
	if got := g.high(); got != "max" {
		t.Errorf("memory.high of batch-b.slice = %s, want max: the slice is held, not its leaves", got)
	}
	g.free()
	g.checkEpisode(g.await(watch.Breach), hold, g.await(watch.Relief))
	g.never(watch.Stop)
	g.neverFailed()
}

// Ensure a handler of SIGTERM has its time before SIGKILL.
func TestGraceIsGiven(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "5s"
calm  = "5s"
[stop]
grace = "30s"
`)
	const saved = "/run/saved"
	g.files = append(g.files, saved)
	g.threeLeaves(leaves{hog: "/bin/sh -c 'trap \"sleep 1; echo all >" + saved + "; exit 0\" TERM; " + growing + " -ignore-term & while :; do wait; done'"})
	g.startDaemon()
	g.witness()

	hold := g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	g.wait("the handler to have saved", func() bool {
		text, _ := os.ReadFile(saved)
		return string(text) == "all\n"
	})
	stopped := g.await(watch.Stopped, "UNIT", "batch-b.slice")
	g.checkEpisode(g.own(hold, stop), stop, stopped, g.await(watch.Settled))
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure one unit of a slice is held and stopped by itself with from = "units", that its neighbour in the same slice lives, and that
// the record names the unit elsewhere that systemd stopped with it.
func TestUnitIsStoppedByItself(t *testing.T) {
	g := begin(t)
	g.swapOn()
	// Memory is back when a whole window was seen: so long systemd has to answer, and to say who goes along.
	g.config("slices/batch.slice.toml", `
[pressure]
full   = "10%"
window = "4s"
[hold]
delay = "5s"
calm  = "5s"
[stop]
from = "units"
`)
	g.threeLeaves(leaves{})
	g.service("beside.service", "batch-b.slice", load+" sleeper -keep 10M")
	g.service("along.service", "bulk.slice", load+" sleeper -keep 1M")
	g.unit("along.service.d/part.conf", "[Unit]\nPartOf="+hog+"\n")
	g.daemonReload()
	g.start("beside.service", "along.service")
	g.startDaemon()
	g.witness()
	g.lets("along.service")

	g.start(hog)
	hold := g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", hog)
	stop := g.await(watch.Stop, "UNIT", hog)
	settled := g.await(watch.Settled)
	g.checkEpisode(g.own(hold, stop), stop, g.await(watch.Stopped, "UNIT", hog), settled)
	g.awaitFallen(hog)
	if got := g.property(hog, "Result"); got != "oom-kill" {
		t.Errorf("Result of %s = %s, want oom-kill", hog, got)
	}
	if got := settled["REPRIEVE_ALONG"]; got != "along.service" {
		t.Errorf("REPRIEVE_ALONG = %q, want along.service, which systemd stopped with %s: %s", got, hog, settled["MESSAGE"])
	}
	g.neverFailed()
}

// Ensure a host that runs short as a whole, with no limit on any slice, loses the hog and nobody else: its reclaim keeps the held
// leaf under its mark, and that is not taken for calm. The limit is low so that the guest does not thrash for long: emulated CPUs
// crawl while PID 1's own code is read again and again. All together, the system's own 150 MB with it, is some 1300 MB of the 1480 that
// memory and swap have: the kernel has no reason to kill.
func TestHostRunsShort(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
some = "2%"
[hold]
delay = "5s"
calm  = "5s"
`)
	// It grows for as long as there is memory left: one that stands still in a host that is full is stopped without a hold.
	g.threeLeaves(leaves{maxMB: 8192, hog: load + " hog -rate 60M -max 1250M -touch"})
	g.startDaemon()
	g.witness()

	g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	hold := g.await(watch.Hold, "REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"])
	g.checkEpisode(g.own(hold, stop), stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	// No never(watch.Failed): PID 1, short of memory itself, may miss its half second, which is told.
	g.wait("the canary to tick on", func() bool { before := g.ticks(); time.Sleep(time.Second); return g.ticks() > before })
}

// Ensure a stop works after systemd has executed itself anew, which cuts the private connection, as every upgrade does.
func TestStopAfterReexec(t *testing.T) {
	g := begin(t)
	g.swapOn()
	// Memory is back when a whole window was seen: so long systemd has to answer.
	g.config("slices/batch.slice.toml", `
[pressure]
full   = "10%"
window = "4s"
[hold]
delay = "5s"
calm  = "5s"
[stop]
revive = "never"
`)
	g.threeLeaves(leaves{hogLines: []string{"Restart=always", "RestartSec=100ms"}})
	g.startDaemon()
	g.witness()

	g.run("systemctl", "daemon-reexec")
	g.awaitHold()
	g.await(watch.Settled)
	g.awaitFallen(hog)
	if got := g.property(hog, "Result"); got != "oom-kill" {
		t.Errorf("Result of %s = %s, want oom-kill", hog, got)
	}
	if pid := g.mainPID(hog); pid != 0 {
		t.Errorf("main PID of %s = %d, want none: it came back", hog, pid)
	}
	g.checkNeighbours()
}

// Ensure the daemon sleeps in calm: its loop wakes for the watchdog, 18 times in a minute, and for nothing else, and the Go runtime
// looks after it a few times each.
func TestCalmCostsNothing(t *testing.T) {
	g := begin(t)
	g.swapOn() // without swap the slope of usage is looked at
	g.config("slices/batch.slice.toml", holdLong)
	g.threeLeaves(leaves{})
	g.startDaemon()
	g.witness()
	time.Sleep(3 * time.Second) // what the start left to do

	before := g.anonymous()
	g.checkAsleep(g.loopThread(), time.Minute)
	g.never(watch.Breach)
	// What Go's runtime gives back of the heap has to be found again in an episode, when others wait for it. It begins seconds after the start.
	if after := g.anonymous(); after < before-64<<10 {
		t.Errorf("the daemon has %d bytes of memory of its own after a minute of calm, %d before; want it to keep them", after, before)
	}
}

// anonymous is what the daemon has in memory of no file, in bytes.
func (g *guest) anonymous() int64 {
	g.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.mainPID(ownGroup)))
	if err != nil {
		g.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				g.t.Fatal(err)
			}
			return kib << 10
		}
	}
	g.t.Fatal("no RssAnon in /proc/PID/status")
	return 0
}

// checkAsleep checks that the loop wakes for the watchdog's messages alone in a span. A guest that stands still makes that longer. What else goes
// on in it, such as the rest of the start on a slow CPU, may wake the loop now and then, and not in each of three spans.
func (g *guest) checkAsleep(loop int, span time.Duration) {
	g.t.Helper()
	const runtimes = 5 // of all threads, for each of the loop's; without TimerSlackNSec= of the unit it was 8 to 30 here, and is 60 on a real CPU
	var woke, all, most, least int
	for range 3 {
		before, allBefore, start := g.wakeUps(loop), g.allWakeUps(), time.Now()
		time.Sleep(span)
		woke, all = g.wakeUps(loop)-before, g.allWakeUps()-allBefore
		least, most = int(span.Seconds()/3.4)-1, int(time.Since(start).Seconds()/3.3)+2
		if woke >= least && woke <= most && all <= runtimes*most {
			g.t.Logf("%v of calm: the loop woke %d times, all threads %d times", span, woke, all)
			return
		}
	}
	g.t.Errorf("the loop woke %d times in %v of calm, the third time, and all threads %d times; want %d to %d for the watchdog's messages alone, and %d at most",
		woke, span, all, least, most, runtimes*most)
}

// allWakeUps is wakeUps of all threads of the daemon.
func (g *guest) allWakeUps() int {
	g.t.Helper()
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", g.mainPID(ownGroup)))
	if err != nil {
		g.t.Fatal(err)
	}
	sum := 0
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			g.t.Fatal(err)
		}
		sum += g.wakeUps(tid)
	}
	return sum
}

// wakeUps returns how often a thread of the daemon has gone to sleep, and so woke again.
func (g *guest) wakeUps(tid int) int {
	g.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		g.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "voluntary_ctxt_switches:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				g.t.Fatal(err)
			}
			return n
		}
	}
	g.t.Fatalf("no voluntary_ctxt_switches in /proc/%d/status", tid)
	return 0
}
