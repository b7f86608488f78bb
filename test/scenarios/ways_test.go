//go:build guest

package scenarios

import (
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
on    = "slice"
delay = "9m"
calm  = "2s"
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
	g.never(watch.Failed)
}

// Ensure a handler of SIGTERM has its time before SIGKILL.
func TestGraceIsGiven(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "2s"
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
	g.checkEpisode(hold, stop, stopped, g.await(watch.Settled))
	g.never(watch.Failed)
	g.checkNeighbours()
}

// Ensure one unit of a slice is held and stopped by itself with from = "units", and its neighbour in the same slice lives.
func TestUnitIsStoppedByItself(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "3s"
[stop]
from = "units"
`)
	g.threeLeaves(leaves{})
	g.service("beside.service", "batch-b.slice", load+" sleeper -keep 10M")
	g.daemonReload()
	g.start("beside.service")
	g.startDaemon()
	g.witness()

	g.start(hog)
	hold := g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", hog)
	stop := g.await(watch.Stop, "UNIT", hog)
	g.checkEpisode(hold, stop, g.await(watch.Stopped, "UNIT", hog), g.await(watch.Settled))
	if got := g.property(hog, "Result"); got != "oom-kill" {
		t.Errorf("Result of %s = %s, want oom-kill", hog, got)
	}
	g.never(watch.Failed)
}

// Ensure a host that runs short as a whole, with no limit on any slice, loses the hog and nobody else: its reclaim keeps the held
// leaf under its mark, and that is not taken for calm.
func TestHostRunsShort(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "4s"
`)
	g.threeLeaves(leaves{maxMB: 8192, hog: load + " hog -rate 60M -max 1380M -touch"})
	g.startDaemon()
	g.witness()

	hold := g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	g.checkEpisode(hold, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	g.never(watch.Failed)
	g.wait("the canary to tick on", func() bool { before := g.ticks(); time.Sleep(time.Second); return g.ticks() > before })
}

// Ensure a stop works after systemd has executed itself anew, which cuts the private connection, as every upgrade does.
func TestStopAfterReexec(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "1s"
`)
	g.threeLeaves(leaves{hogLines: []string{"Restart=always", "RestartSec=100ms"}})
	g.startDaemon()
	g.witness()

	g.run("systemctl", "daemon-reexec")
	g.awaitHold()
	g.await(watch.Settled)
	if got := g.property(hog, "Result"); got != "oom-kill" {
		t.Errorf("Result of %s = %s, want oom-kill", hog, got)
	}
	if pid := g.mainPID(hog); pid != 0 {
		t.Errorf("main PID of %s = %d, want none: it came back", hog, pid)
	}
	g.checkNeighbours()
}

// Ensure the daemon sleeps in calm: it wakes for the watchdog, twice in ten seconds, and hardly for anything else.
func TestCalmCostsNothing(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", holdLong)
	g.threeLeaves(leaves{})
	g.startDaemon()
	g.witness()
	pid := g.mainPID("reprieved.service")
	time.Sleep(3 * time.Second) // what the start, and systemd's signals about our question, left to do

	before := g.wakeUps(pid)
	time.Sleep(10 * time.Second)
	// A wake-up is a switch of the loop's thread and a few of the Go runtime's own: twelve were seen in all.
	if woke := g.wakeUps(pid) - before; woke > 20 {
		t.Errorf("the daemon's threads woke %d times in ten seconds of calm, want some for two watchdog messages, at most 20", woke)
	}
	g.never(watch.Breach)
}

// wakeUps returns how often a process's threads have given up a CPU to wait, and so woke again.
func (g *guest) wakeUps(pid int) int {
	g.t.Helper()
	sum := 0
	tasks := "/proc/" + strconv.Itoa(pid) + "/task"
	entries, err := os.ReadDir(tasks)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, task := range entries {
		status, err := os.ReadFile(tasks + "/" + task.Name() + "/status")
		if err != nil {
			continue // a thread that ended
		}
		for line := range strings.Lines(string(status)) {
			if value, ok := strings.CutPrefix(line, "voluntary_ctxt_switches:"); ok {
				n, err := strconv.Atoi(strings.TrimSpace(value))
				if err != nil {
					g.t.Fatal(err)
				}
				sum += n
			}
		}
	}
	return sum
}
