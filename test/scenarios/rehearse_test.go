//go:build guest

package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"

	"reprieve/test/watch"
)

// ownGroup is the daemon's group, from the cgroup of its slice.
const ownGroup = "reprieved.service"

// rehearsed is the line of a rehearsal in which all went well.
const rehearsed = "rehearsed hold, freeze and kill in "

// Ensure a start says that it has rehearsed, in the shipped sandbox, also where it only observes; nothing of it is left, and all of
// the program is in memory.
func TestRehearsal(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", holdLong)
	g.threeLeaves(leaves{})
	g.startDaemon()
	g.witness()
	g.lets("reprieved.service")
	g.rehearsal(1)
	t.Log(g.status())
	if got, want := g.status(), "; own stall 0 us, 0 major faults"; !strings.HasSuffix(got, want) {
		t.Errorf("StatusText = %q, want %q at its end", got, want)
	}
	g.checkResident()
	g.collapse()
	if stat := g.read("reprieve.slice", ownGroup+"/memory.stat"); !strings.Contains(stat, "\nanon_thp 0\n") {
		t.Errorf("memory.stat of %s = %q, want no huge pages: each is 2 MiB, locked, for a few KiB", ownGroup, stat)
	}

	g.config("reprieve.toml", "observe = true\n")
	g.run("systemctl", "restart", "reprieved.service")
	g.rehearsal(2)
	g.never(watch.Failed)
	g.checkNeighbours()
}

// Ensure a filter that takes one system call of the kill path away is found at the start, told with what follows and what to do, and
// seen in the status, while all else goes on.
func TestRehearsalFindsTheFilter(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", holdLong)
	g.threeLeaves(leaves{})
	g.unit("reprieved.service.d/filter.conf", "[Service]\nSystemCallFilter=~process_mrelease\n")
	g.daemonReload()
	g.startDaemon()
	g.witness()
	failed := g.await(watch.Failed)
	t.Log(failed["MESSAGE"])
	for _, want := range []string{"take a killed process's memory", "operation not permitted", "What follows: ", "SystemCallFilter="} {
		if !strings.Contains(failed["MESSAGE"], want) {
			t.Errorf("the failed message is %q, want %q in it", failed["MESSAGE"], want)
		}
	}
	// A process that was still there when its memory was to be taken makes another one.
	if all := g.messages(watch.Failed); len(all) > 2 || (len(all) == 2 && !strings.Contains(all[1]["MESSAGE"], "process_mrelease")) {
		t.Errorf("%d failed messages, want one or two of process_mrelease: %v", len(all), all)
	}
	if got, want := g.status(), "; the kill path failed its proof: take a killed process's memory: "; !strings.Contains(got, want) {
		t.Errorf("StatusText = %q, want %q in it", got, want)
	}
	g.checkCleared()
	g.checkTicking()
}

// Ensure a start that can make no group says so loudly, and that a hog is held and stopped all the same.
func TestRehearsalFails(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay  = "3s"
urgent = "100%"
`)
	g.threeLeaves(leaves{})
	g.start("reprieve.slice")
	g.descendants("1") // the service
	t.Cleanup(func() { g.descendants("max") })
	g.startDaemon()
	g.witness()
	failed := g.await(watch.Failed)
	t.Log(failed["MESSAGE"])
	for _, want := range []string{"make a group", "resource temporarily unavailable", "What follows: ", "cgroup.max.descendants"} {
		if !strings.Contains(failed["MESSAGE"], want) {
			t.Errorf("the failed message is %q, want %q in it", failed["MESSAGE"], want)
		}
	}
	if got := failed["PRIORITY"]; got != "3" {
		t.Errorf("PRIORITY of the failed message = %s, want 3", got)
	}
	if got, want := g.status(), "; the kill path failed its proof: make a group: "; !strings.Contains(got, want) {
		t.Errorf("StatusText = %q, want %q in it", got, want)
	}

	hold := g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	g.checkEpisode(g.own(hold, stop), stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	if pid := g.mainPID(hog); pid != 0 {
		t.Errorf("main PID of %s = %d, want none", hog, pid)
	}
	if all := g.messages(watch.Failed); len(all) != 1 {
		t.Errorf("%d failed messages, want the one of the start: %v", len(all), all)
	}
	g.checkNeighbours()
}

// Ensure the daemon does not stall for a moment of a crisis in which a hog is held and stopped, nor waits for a page of its own, and
// says so.
func TestRehearsedDaemonNeverStalls(t *testing.T) {
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
	pressure, faults, host := g.read("reprieve.slice", ownGroup+"/memory.pressure"), g.majorFaults(), g.stalled("batch.slice")

	hold := g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	g.checkEpisode(g.own(hold, stop), stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	if now := g.stalled("batch.slice"); now.Full-host.Full < 100_000_000 {
		t.Errorf("batch.slice stalled for %s, want more than 100 ms: this was no crisis", now.Full-host.Full)
	}
	if now := g.read("reprieve.slice", ownGroup+"/memory.pressure"); totals(now) != totals(pressure) {
		t.Errorf("memory.pressure of %s = %q, want the totals of %q as before", ownGroup, now, pressure)
	}
	if now := g.majorFaults(); now != faults {
		t.Errorf("%s major faults of the daemon, want %s as before", now, faults)
	}
	g.wait("the end of the episode in the status", func() bool { return strings.Contains(g.status(), ", 0 in an episode") })
	t.Log(g.status())
	if got, want := g.status(), "; own stall 0 us, 0 major faults"; !strings.HasSuffix(got, want) {
		t.Errorf("StatusText = %q, want %q at its end", got, want)
	}
	if g.said("my own group stalled") {
		t.Error("the daemon said that it stalled, want not")
	}
	g.never(watch.Failed)
	g.checkNeighbours()
}

// rehearsal asserts that the daemon has rehearsed for the nth time, before it was started, and that nothing of it is left.
func (g *guest) rehearsal(n int) {
	g.t.Helper()
	var lines []watch.Message
	g.wait(fmt.Sprintf("rehearsal %d to be told", n), func() bool {
		lines = lines[:0]
		for _, m := range g.messages("") {
			if strings.HasPrefix(m["MESSAGE"], rehearsed) {
				lines = append(lines, m)
			}
		}
		return len(lines) >= n
	})
	g.t.Log(lines[n-1]["MESSAGE"])
	g.inOrder(lines[n-1], g.awaitAfter(lines[n-1].At(), watch.Started))
	g.checkCleared()
}

// checkCleared asserts that a rehearsal left no group, no child and no record.
func (g *guest) checkCleared() {
	g.t.Helper()
	if _, err := os.Stat(watch.SlicePath("reprieve.slice") + "/reprieve-rehearsal"); !errors.Is(err, fs.ErrNotExist) {
		g.t.Errorf("stat of the group of the rehearsal: %v, want that it is not there", err)
	}
	if got, want := g.read("reprieve.slice", ownGroup+"/cgroup.procs"), fmt.Sprint(g.mainPID(ownGroup)); got != want {
		g.t.Errorf("processes of %s = %q, want %s alone", ownGroup, got, want)
	}
	g.checkNoHolds()
}

// status is the line that systemctl status shows.
func (g *guest) status() string {
	g.t.Helper()
	return g.property(ownGroup, "StatusText")
}

// descendants writes how many groups may be in the daemon's slice.
func (g *guest) descendants(most string) {
	g.t.Helper()
	if err := os.WriteFile(watch.SlicePath("reprieve.slice")+"/cgroup.max.descendants", []byte(most), 0); err != nil {
		g.t.Error(err)
	}
}

// totals are the totals of a memory.pressure.
func totals(pressure string) (all string) {
	for _, field := range strings.Fields(pressure) {
		if strings.HasPrefix(field, "total=") {
			all += field + " "
		}
	}
	return all
}

// majorFaults is field 12 of the daemon's /proc/PID/stat.
func (g *guest) majorFaults() string {
	g.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.mainPID(ownGroup)))
	if err != nil {
		g.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return strings.Fields(rest)[12-3]
}

// collapse has the kernel's khugepaged look at all memory twice, which it does every few minutes otherwise: it makes huge pages of small ones.
func (g *guest) collapse() {
	g.t.Helper()
	const dir = "/sys/kernel/mm/transparent_hugepage/"
	for _, set := range []struct{ file, value string }{
		{"enabled", "always"}, {"khugepaged/pages_to_scan", "1000000"}, {"khugepaged/scan_sleep_millisecs", "10"},
	} {
		before, err := os.ReadFile(dir + set.file)
		if err != nil {
			g.t.Fatal(err)
		}
		old := strings.TrimSpace(string(before))
		if _, rest, ok := strings.Cut(old, "["); ok { // the one of several words that is in force
			old, _, _ = strings.Cut(rest, "]")
		}
		if err := os.WriteFile(dir+set.file, []byte(set.value), 0); err != nil {
			g.t.Fatal(err)
		}
		g.t.Cleanup(func() { _ = os.WriteFile(dir+set.file, []byte(old), 0) })
	}
	scans := func() int {
		text, err := os.ReadFile(dir + "khugepaged/full_scans")
		n, convErr := strconv.Atoi(strings.TrimSpace(string(text)))
		if err = errors.Join(err, convErr); err != nil {
			g.t.Fatal(err)
		}
		return n
	}
	first := scans()
	g.wait("khugepaged to look at all memory twice", func() bool { return scans() >= first+2 })
}

// checkResident asserts that every mapping of the program is in memory, and locked.
func (g *guest) checkResident() {
	g.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", g.mainPID(ownGroup)))
	if err != nil {
		g.t.Fatal(err)
	}
	mappings, head, size := 0, "", ""
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case strings.Contains(fields[0], "-"):
			if head = ""; strings.HasSuffix(line, "/usr/sbin/reprieved\n") {
				head = strings.TrimSpace(line)
				mappings++
			}
		case head == "":
		case fields[0] == "Size:":
			size = fields[1]
		case fields[0] == "Rss:" && fields[1] != size, fields[0] == "VmFlags:" && !strings.Contains(line, " lo "):
			g.t.Errorf("%s: of %s kB %s, want all resident, and lo among its flags", head, size, strings.TrimSpace(line))
		}
	}
	if mappings < 3 {
		g.t.Errorf("%d mappings of the program in smaps, want three at least", mappings)
	}
}
