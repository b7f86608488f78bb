//go:build guest

package scenarios

import (
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// holdFor holds in one way for longer than any scenario takes, also when the slice is calm by it.
func holdFor(by string) string {
	return `
[pressure]
full   = "10%"
events = ["max"]
[hold]
by     = "` + by + `"
lend   = "64M"
delay  = "9m"
calm   = "5m"
urgent = "0%"
`
}

// deathsQuiet is what the daemon finds that comes after: who is left at the limit, in a sleep under memory.high or in reclaim, makes
// no episode of its own, and what is undone stays undone, whenever we look.
const deathsQuiet = `
[pressure]
full   = "100%"
window = "10s"
`

// heldFile is what each way of holding writes in batch.slice, and what is there in the end.
func heldFile(by string) (slice, file, free string) {
	switch by {
	case "freeze":
		return "batch-b.slice", "cgroup.freeze", "0"
	case "raise":
		return "batch.slice", "memory.max", "134217728"
	}
	return "batch-b.slice", "memory.high", "max"
}

// death is one end of the daemon in mid-hold.
type death struct {
	name  string
	by    string // the way that it holds
	lines string // more lines of the daemon's [Service] section
	die   func(g *guest)
	back  bool // systemd starts it again
}

// noRestart leaves the undoing to ExecStopPost= alone, noUndo to nobody.
const (
	noRestart = "Restart=no\n"
	noUndo    = "Restart=no\nExecStopPost=\n"
)

// dieOf has a signal end the daemon.
func dieOf(signal unix.Signal) func(*guest) {
	return func(g *guest) { g.signal("reprieved.service", signal) }
}

// Ensure whatever ends a daemon that holds by throttle, the hold ends with it, and nothing else has changed.
func TestDeathsLeaveNoHold(t *testing.T) {
	g := begin(t)
	g.deathsReady()
	for _, d := range []death{
		{"SIGSEGV", "throttle", "", dieOf(unix.SIGSEGV), true},
		{"restart", "throttle", "", func(g *guest) { g.run("systemctl", "restart", "reprieved.service") }, true},
		// Stopped, it does not tell that it is alive. The shipped WatchdogSec=: a shorter one ends a daemon that the emulator lets wait.
		{"watchdog", "throttle", "", dieOf(unix.SIGSTOP), true},
		{"SIGKILL, not started again", "throttle", noRestart, dieOf(unix.SIGKILL), false},
	} {
		g.dies(d)
	}
	g.deathsOver()
}

// Ensure the same of holds by freeze and by raise: the frozen run again, and the loan is taken back.
func TestDeathsLeaveNoFreezeNoLoan(t *testing.T) {
	g := begin(t)
	g.deathsReady()
	for _, d := range []death{
		{"SIGKILL", "freeze", "", dieOf(unix.SIGKILL), true},
		{"SIGKILL", "raise", "", dieOf(unix.SIGKILL), true},
		{"SIGKILL, not started again", "freeze", noRestart, dieOf(unix.SIGKILL), false},
		{"stop", "raise", "", func(g *guest) { g.run("systemctl", "stop", "reprieved.service") }, false},
	} {
		g.dies(d)
	}
	g.deathsOver()
}

// Ensure a hold that nobody undid at the daemon's end is on record, and undone by hand or by the next start.
func TestHoldThatNobodyUndid(t *testing.T) {
	g := begin(t)
	g.deathsReady()
	for _, tt := range []struct {
		by   string
		hand bool
	}{{"throttle", true}, {"throttle", false}, {"freeze", true}, {"raise", false}} {
		slice, file, free := heldFile(tt.by)
		hold, before := g.deathsHold(death{name: "no ExecStopPost=", by: tt.by, lines: noUndo})
		g.signal("reprieved.service", unix.SIGKILL)
		g.wait("the daemon to have failed", func() bool { return g.property("reprieved.service", "ActiveState") == "failed" })
		if got := g.read(slice, file); got == free {
			t.Errorf("%s of %s = %s after a daemon's end that nobody undid, want it as it was held", file, slice, got)
		}
		if records := deathsRecords(t); len(records) != 1 {
			t.Errorf("records of holds = %v, want one", records)
		}
		if tt.hand {
			out := g.run("reprievectl", "release")
			if want := file + " is " + free + " again"; !strings.Contains(out, want) {
				t.Errorf("reprievectl release = %q, want it to say %q", out, want)
			}
			g.checkDisarmed()
		} else {
			g.start("reprieved.service")
			released := g.awaitAfter(hold.At(), watch.Released, "UNIT", slice)
			g.inOrder(hold, released, g.awaitAfter(hold.At(), watch.Started))
		}
		g.deathsUndone(tt.by+", nobody undid it", tt.by, before)
	}
	g.deathsOver()
}

// deathsReady makes the leaves; the hog is not started, nor the daemon.
func (g *guest) deathsReady() {
	g.t.Helper()
	g.swapOn()
	g.threeLeaves(leaves{maxMB: 128, keepMB: 20, hog: load + " hog -rate 30M -max 420M -touch"})
	g.witness()
	g.lets(hog, "reprieved.service")
}

// deathsOver asks what holds of all ends of the daemon.
func (g *guest) deathsOver() {
	g.t.Helper()
	g.never(watch.Stop)
	g.neverFailed()
	g.checkTicking()
}

// deathsHold starts the daemon anew, and the hog, and returns the hold and what the limits were before it. The hog is stopped by a
// signal then; one that was lent memory frees all it has, since the kernel may kill for a loan that does not come back by itself.
func (g *guest) deathsHold(d death) (hold watch.Message, before map[string]string) {
	g.t.Helper()
	g.t.Logf("%s, held by %s", d.name, d.by)
	started := g.deathsDaemon(d)
	before = g.limits()
	g.start(hog)
	slice, file, free := heldFile(d.by)
	hold = g.awaitAfter(started.At(), watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", slice, "REPRIEVE_HOLD", d.by)
	if d.by == "raise" {
		g.free()
		g.wait("the hog to have freed all it has", func() bool { return g.bytes("batch.slice", "memory.current") <= 100<<20 })
	} else {
		g.signal(hog, unix.SIGSTOP)
	}
	if got := g.read(slice, file); got == free {
		g.t.Errorf("%s: %s of %s = %s while it is held, want another", d.name, file, slice, got)
	}
	g.rewrite("slices/batch.slice.toml", deathsQuiet) // this daemon does not read it again
	return hold, before
}

// deathsDaemon starts the daemon anew, without an episode of the part before, and returns its first words.
func (g *guest) deathsDaemon(d death) watch.Message {
	g.t.Helper()
	const part = "/run/systemd/system/reprieved.service.d/scenario.conf"
	since, lines := g.lastSaid(), "[Service]\n"+d.lines
	g.config("slices/batch.slice.toml", holdFor(d.by))
	if old, _ := os.ReadFile(part); string(old) != lines {
		g.write(part, lines)
		g.daemonReload()
	}
	g.run("systemctl", "restart", "reprieved.service")
	return g.awaitAfter(since, watch.Started)
}

// dies has the daemon hold and die, and asserts that the hold is undone.
func (g *guest) dies(d death) {
	g.t.Helper()
	hold, before := g.deathsHold(d)
	slice, _, _ := heldFile(d.by)
	pid := g.mainPID("reprieved.service")
	d.die(g)
	released := g.awaitAfter(hold.At(), watch.Released, "UNIT", slice)
	g.inOrder(hold, released)
	if d.back {
		g.inOrder(released, g.awaitAfter(hold.At(), watch.Started))
		if now := g.mainPID("reprieved.service"); now == pid || now == 0 {
			g.t.Errorf("%s: main PID of reprieved.service = %d, want another than %d", d.name, now, pid)
		}
	} else {
		g.wait("the daemon's end", func() bool { return g.mainPID("reprieved.service") == 0 })
		g.wait("ExecStopPost= to have ended", func() bool {
			state := g.property("reprieved.service", "ActiveState")
			return state == "failed" || state == "inactive"
		})
		g.checkDisarmed()
	}
	g.deathsUndone(d.name, d.by, before)
}

// deathsUndone asserts that no hold is left, and ends the hog.
func (g *guest) deathsUndone(name, by string, before map[string]string) {
	g.t.Helper()
	slice, file, free := heldFile(by)
	g.wait(name+": "+file+" of "+slice+" to be "+free+" again", func() bool { return g.read(slice, file) == free })
	g.wait(name+": the record to be gone", func() bool { return len(deathsRecords(g.t)) == 0 })
	time.Sleep(time.Second) // nor is it held again
	if after := g.limits(); !maps.Equal(after, before) {
		g.t.Errorf("%s: limits below batch.slice = %v, want %v as before", name, after, before)
	}
	if pid := g.mainPID(hog); pid == 0 {
		g.t.Errorf("%s: main PID of %s = 0, want it to live on", name, hog)
	}
	g.run("systemctl", "kill", "--signal=KILL", hog)
	g.wait("the hog to be gone", func() bool { return g.mainPID(hog) == 0 })
	g.run("systemctl", "reset-failed", hog)
}

// deathsRecords returns the names of the records of holds.
func deathsRecords(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/run/reprieve/holds")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// lastSaid returns when the daemon has said something last, since boot; 0 when it has not.
func (g *guest) lastSaid() time.Duration {
	g.t.Helper()
	var last time.Duration
	for _, m := range g.messages("") {
		last = max(last, m.At())
	}
	return last
}
