//go:build guest

package scenarios

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// Ensure a slice that comes after the daemon is taken up, and one that goes while held is let go without a spin.
func TestSliceComesAndGoes(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdLong)
	g.startDaemon()
	if found := g.messages(watch.Watched); len(found) != 0 {
		t.Errorf("watched before there is a slice: %v", found)
	}
	g.threeLeaves(leaves{})
	taken := g.await(watch.Watched, "REPRIEVE_SLICE", "batch.slice")
	g.inOrder(g.await(watch.Started), taken)

	g.awaitHold()
	g.lets(hog, keeper, canary)
	g.witness()
	g.killAll("batch-b.slice")
	g.run("systemctl", "stop", "batch-b.slice")
	g.wait("batch-b.slice to be gone", func() bool { return g.high() == "" })
	g.checkNoSpin()

	g.killAll("batch.slice")
	g.run("systemctl", "stop", "batch.slice")
	g.wait("batch.slice to be gone", func() bool { return g.read("batch.slice", "memory.high") == "" })
	let := g.awaitAfter(taken.At(), watch.Watched, "REPRIEVE_SLICE", "batch.slice")
	g.checkNoSpin()

	// The same name with another inode is another slice.
	g.start(canary)
	again := g.awaitAfter(let.At(), watch.Watched, "REPRIEVE_SLICE", "batch.slice")
	g.inOrder(taken, let, again)
	g.never(watch.Stop)
	g.neverFailed()
}

// checkNoSpin asserts that the daemon uses less than a fifth of a CPU over some seconds.
func (g *guest) checkNoSpin() {
	g.t.Helper()
	const ticksPerSecond = 100 // USER_HZ, on every architecture that Debian has
	before, start := g.cpuTicks(), time.Now()
	time.Sleep(4 * time.Second)
	used, elapsed := g.cpuTicks()-before, time.Since(start)
	if allowed := int(elapsed.Seconds() * ticksPerSecond / 5); used > allowed {
		g.t.Errorf("the daemon used %d ticks of CPU time in %s, want at most %d: it spins", used, elapsed, allowed)
	}
}

// holdCalmly is holdLong with so much calm before relief that a hog which pauses is held on.
const holdCalmly = `
[pressure]
full = "10%"
[hold]
delay  = "9m"
calm   = "8s"
urgent = "0%"
`

// Ensure a hold comes back that systemd has taken away: by a set-property on the slice, and by a daemon-reload with a unit started in
// another leaf. (systemd 252 takes it away at the daemon-reload alone, 257 at the start, and only where the two have a slice in
// common.)
func TestHoldIsPutBack(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdCalmly)
	g.threeLeaves(leaves{})
	g.service("newcomer.service", "batch-d.slice", load+" sleeper")
	g.longWatchdog()
	g.daemonReload()
	g.startDaemon()
	g.awaitHold()
	g.witness()

	for _, taken := range []struct {
		by string
		do func()
	}{
		{"set-property", func() { g.run("systemctl", "set-property", "--runtime", "batch-b.slice", "TasksMax=1000") }},
		{"daemon-reload and a start in another leaf", func() { g.daemonReload(); g.start("newcomer.service") }},
	} {
		// The daemon stands still meanwhile, or the hold would be back before anybody sees that it was gone.
		g.signal("reprieved.service", unix.SIGSTOP)
		taken.do()
		lost := g.high()
		g.signal("reprieved.service", unix.SIGCONT)
		if lost != "max" {
			t.Errorf("memory.high of batch-b.slice = %s after %s, want max: this systemd does not take it away", lost, taken.by)
		}
		g.wait("the hold to be put back after "+taken.by, func() bool { return g.high() != "max" })
	}
	g.free()
	g.await(watch.Relief)
	g.never(watch.Stop)
	g.neverFailed()
	g.checkNeighbours()
}
