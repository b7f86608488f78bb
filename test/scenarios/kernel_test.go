//go:build guest

package scenarios

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// kernelFirst has a policy too slow for a hog in a leaf with a limit of its own, no swap, and a second unit in that leaf. The leaf is
// armed when it returns.
func kernelFirst(t *testing.T) *guest {
	t.Helper()
	g := begin(t)
	g.kernel = true
	g.config("slices/batch.slice.toml", `
[pressure]
full = "90%"
left = "0"
[hold]
by    = "none"
delay = "9m"
`)
	g.unit("batch-b.slice", "[Slice]\nMemoryMax=60M\n")
	g.service("beside.service", "batch-b.slice", load+" sleeper -keep 5M")
	g.daemonDropIn("WatchdogSec=0\n") // a scenario stops the daemon for a while
	// Slow: a leaf that systemd has disarmed at the hog's start is armed again before it is full.
	g.threeLeaves(leaves{hog: load + " hog -rate 10M -max 200M"})
	g.start("beside.service")
	g.startDaemon()
	g.awaitGroup("1", "batch-b.slice")
	g.witness()
	g.lets("beside.service")
	return g
}

// checkBothGone asserts that both units of the leaf went, and nothing else was stopped.
func (g *guest) checkBothGone() {
	g.t.Helper()
	for _, service := range []string{hog, "beside.service"} {
		g.wait(service+" to be gone", func() bool { return g.mainPID(service) == 0 })
	}
	for _, stop := range g.messages(watch.Stop) {
		if got, want := stop["UNIT"], "batch-b.slice"; got != want {
			g.t.Errorf("UNIT of a stop = %q, want %q only: %s", got, want, stop["MESSAGE"])
		}
	}
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure the kernel's OOM killer, when it is first, takes the whole leaf as a stop would, and the daemon tells of it.
func TestKernelKillsFirst(t *testing.T) {
	g := kernelFirst(t)
	g.start(hog)
	g.complete(g.await(watch.Kernel, "UNIT", "batch-b.slice"), "MESSAGE", "PRIORITY", "REPRIEVE_EPISODE", "REPRIEVE_KILLS")
	g.checkBothGone()
	if text := g.run("dmesg"); !strings.Contains(text, "/batch.slice/batch-b.slice are going to be killed due to memory.oom.group set") {
		t.Error("the kernel does not say that it killed all of batch-b.slice")
	}
}

// Ensure the daemon stops what the kernel's OOM killer leaves of a leaf: systemd may have taken memory.oom.group away a moment before.
func TestKernelKillIsFinished(t *testing.T) {
	g := kernelFirst(t)
	// The daemon stands still meanwhile, or it could arm the leaf again.
	g.signal("reprieved.service", unix.SIGSTOP)
	g.setGroup("batch-b.slice", "0")
	g.start(hog)
	g.wait("the kernel to kill", func() bool { return !strings.Contains(g.read("batch-b.slice", "memory.events"), "oom_kill 0") })
	if g.mainPID("beside.service") == 0 {
		t.Error("the kernel killed beside.service, too: want the hog alone, so that something is left to do")
	}
	g.signal("reprieved.service", unix.SIGCONT)

	kernel := g.await(watch.Kernel, "UNIT", "batch-b.slice", "REPRIEVE_KILLS", "1")
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	g.checkEpisode(kernel, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	g.checkBothGone()
}
