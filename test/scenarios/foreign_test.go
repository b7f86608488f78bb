//go:build guest

package scenarios

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// holdWay is holdAtLimit in another way of holding.
func holdWay(by string) string { return holdAtLimit + "by = \"" + by + "\"\nlend = \"64M\"\n" }

// longWatchdog lets the daemon stand still for longer than systemd's work takes on emulated CPUs. Call it before daemonReload.
func (g *guest) longWatchdog() {
	g.t.Helper()
	g.unit("reprieved.service.d/scenario.conf", "[Service]\nWatchdogSec=5min\n")
}

// whileStopped does something while the daemon stands still, or it would be undone before anybody sees it. It wants longWatchdog.
func (g *guest) whileStopped(do func()) {
	g.t.Helper()
	g.signal("reprieved.service", unix.SIGSTOP)
	do()
	g.signal("reprieved.service", unix.SIGCONT)
}

// setFile writes a file of a slice's cgroup, as an administrator does.
func (g *guest) setFile(slice, file, value string) {
	g.t.Helper()
	if err := os.WriteFile(watch.SlicePath(slice)+"/"+file, []byte(value), 0); err != nil {
		g.t.Fatal(err)
	}
}

// foreignMax returns memory.max of batch.slice in bytes.
func (g *guest) foreignMax() int64 {
	g.t.Helper()
	return g.bytes("batch.slice", "memory.max")
}

// Ensure a loan comes back that systemd has taken away, and that in the end memory.max is what systemd was told meanwhile.
func TestLoanIsPutBack(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdWay("raise"))
	g.longWatchdog()
	// A loan of 64 MB is not enough for it: the pressure goes on.
	g.threeLeaves(leaves{maxMB: 128, keepMB: 20, hog: load + " hog -rate 30M -max 340M -touch"})
	g.service("newcomer.service", "batch-d.slice", load+" sleeper")
	g.daemonReload()
	g.startDaemon()
	g.witness()
	g.start(hog)
	hold := g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", "batch.slice", "REPRIEVE_HOLD", "raise")

	for _, taken := range []struct {
		by        string
		do        func()
		lost, mbs int64 // memory.max then, and with the loan
	}{
		{"set-property", func() { g.run("systemctl", "set-property", "--runtime", "batch.slice", "TasksMax=1000") }, 128, 192},
		{"daemon-reload and a start in another leaf", func() { g.daemonReload(); g.start("newcomer.service") }, 128, 192},
		{"set-property MemoryMax=", func() { g.run("systemctl", "set-property", "--runtime", "batch.slice", "MemoryMax=150M") }, 150, 214},
	} {
		g.whileStopped(func() {
			taken.do()
			// systemd may answer before it has written.
			g.wait(fmt.Sprintf("memory.max of batch.slice to be %d MB after %s: this systemd takes the loan away", taken.lost, taken.by),
				func() bool { return g.foreignMax() == taken.lost<<20 })
		})
		g.wait("the loan to be put back after "+taken.by, func() bool { return g.foreignMax() == taken.mbs<<20 })
	}
	g.free()
	relief := g.await(watch.Relief)
	g.checkEpisode(hold, relief)
	g.wait("memory.max to be what systemd wants", func() bool { return g.foreignMax() == 150<<20 })
	g.awaitNoHolds()
	g.never(watch.Stop)
	g.neverFailed()
	g.checkTicking()
}

// Ensure what takes a limit away thaws nobody, and that a leaf that somebody thaws by hand is not frozen again in the episode.
func TestFreezeIsLeftToWhoThaws(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", freezeAtLimit)
	g.threeLeaves(leaves{hog: stubbornHog})
	g.service("newcomer.service", "batch-d.slice", load+" sleeper")
	g.daemonReload()
	g.startDaemon()
	g.witness()

	hold := g.awaitHold("REPRIEVE_HOLD", "freeze")
	for _, by := range []struct {
		what string
		do   func()
	}{
		{"set-property", func() { g.run("systemctl", "set-property", "--runtime", "batch-b.slice", "TasksMax=1000") }},
		{"daemon-reload and a start in another leaf", func() { g.daemonReload(); g.start("newcomer.service") }},
	} {
		by.do()
		if got := g.read("batch-b.slice", "cgroup.freeze"); got != "1" {
			t.Errorf("cgroup.freeze of batch-b.slice = %s after %s, want 1: a frozen leaf stays frozen", got, by.what)
		}
	}
	g.setFile("batch-b.slice", "cgroup.freeze", "0")
	g.wait("the record of the freeze to be gone", func() bool { return len(deathsRecords(t)) == 0 })
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(glance) {
		if got := g.read("batch-b.slice", "cgroup.freeze"); got != "0" {
			t.Fatalf("cgroup.freeze of batch-b.slice = %s, want 0: somebody thawed it by hand", got)
		}
	}
	for _, m := range g.messages(watch.Hold) {
		if m.At() > hold.At() && m["REPRIEVE_EPISODE"] == hold["REPRIEVE_EPISODE"] {
			t.Errorf("held again though somebody thawed it: %s", m["MESSAGE"])
		}
	}
	g.never(watch.Stop)
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure a hold outlasts the MemoryHigh= that somebody sets meanwhile, which is in force in the end.
func TestUserChangesHighInMidHold(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdAtLimit)
	g.longWatchdog()
	g.threeLeaves(leaves{})
	g.startDaemon()
	hold := g.awaitHold()
	g.witness()

	const set = "524288000" // 500M
	g.whileStopped(func() {
		g.run("systemctl", "set-property", "--runtime", "batch-b.slice", "MemoryHigh=500M")
		// systemd may answer before it has written.
		g.wait("memory.high of batch-b.slice to be "+set+" after set-property", func() bool { return g.high() == set })
	})
	g.wait("the hold to be put back", func() bool { return g.high() != set })
	if mark := g.bytes("batch-b.slice", "memory.high"); mark > 256<<20 {
		t.Errorf("memory.high of batch-b.slice = %d when put back, want no more than the slice may have", mark)
	}
	g.wait("the journal to say so", func() bool { return g.said("batch-b.slice: memory.high was set to "+set, "put back") })
	g.free()
	g.checkEpisode(hold, g.await(watch.Relief))
	g.wait("memory.high to be what was set", func() bool { return g.high() == set })
	g.awaitNoHolds()
	g.highs[watch.SlicePath("batch-b.slice")] = set
	if g.said("somebody else") {
		t.Error("the journal tells of somebody else, want nothing of the kind: it is what systemd wants")
	}
	g.never(watch.Stop)
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure a lower memory.high that an administrator writes in mid-hold is left alone, stays in the end, and is warned about.
func TestForeignLowerHighStays(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdAtLimit)
	g.threeLeaves(leaves{})
	g.startDaemon()
	hold := g.awaitHold()
	g.witness()

	mark := g.bytes("batch-b.slice", "memory.high")
	lower := strconv.FormatInt(mark-1<<20, 10) // just below what is in use: the write reclaims
	g.setFile("batch-b.slice", "memory.high", lower)
	g.highs[watch.SlicePath("batch-b.slice")] = lower
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(glance) {
		if got := g.high(); got != lower {
			t.Fatalf("memory.high of batch-b.slice = %s, want %s as somebody wrote it", got, lower)
		}
	}
	g.free()
	g.checkEpisode(hold, g.await(watch.Relief))
	g.wait("a warning of somebody else", func() bool { return g.said("batch-b.slice: memory.high is "+lower, "somebody else", "stays") })
	for _, m := range g.messages("") {
		if strings.Contains(m["MESSAGE"], "somebody else") && m["PRIORITY"] != "4" {
			t.Errorf("priority %s: %s, want it a warning, 4", m["PRIORITY"], m["MESSAGE"])
		}
	}
	g.awaitNoHolds()
	if got := g.high(); got != lower {
		t.Errorf("memory.high of batch-b.slice = %s in the end, want %s as somebody wrote it", got, lower)
	}
	g.never(watch.Stop)
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure an operator may stop the held leaf, or all of the slice, in mid-hold: that is relief, or the end of the watch, and no failure.
func TestSliceRemovedInMidHold(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdAtLimit)
	g.threeLeaves(leaves{maxMB: 128, keepMB: 20, hog: load + " hog -rate 30M -max 420M -touch"})
	g.startDaemon()
	g.witness()
	g.lets(hog)

	hold := g.awaitHold()
	g.run("systemctl", "stop", "batch-b.slice")
	g.wait("batch-b.slice to be gone", func() bool { return g.high() == "" })
	g.wait("the record to be gone", func() bool { return len(deathsRecords(t)) == 0 })
	relief := g.await(watch.Relief)
	g.checkEpisode(hold, relief)
	g.checkTicking()

	g.lets(keeper, canary)
	g.start(hog)
	again := g.awaitAfter(relief.At(), watch.Hold, "UNIT", "batch-b.slice")
	g.run("systemctl", "stop", "batch.slice")
	g.wait("batch.slice to be gone", func() bool { return g.read("batch.slice", "memory.high") == "" })
	g.awaitAfter(again.At(), watch.Watched, "REPRIEVE_SLICE", "batch.slice")
	g.wait("the record to be gone", func() bool { return len(deathsRecords(t)) == 0 })
	g.checkNoSpin()
	g.never(watch.Stop)
	g.neverFailed()
	for _, m := range g.messages("") {
		if m["PRIORITY"] < "4" && m["MESSAGE_ID"] != watch.Failed { // those were looked at
			t.Errorf("priority %s: %s, want no error", m["PRIORITY"], m["MESSAGE"])
		}
	}
}
