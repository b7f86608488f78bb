//go:build guest

package scenarios

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Ensure the kernel's OOM killer would take what a stop would: memory.oom.group is set on each leaf, one made later and one that
// systemd has reset included, and on nothing above; it goes with arm = false, and with the daemon.
func TestFailsafeFollowsTheRule(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", holdLong)
	g.threeLeaves(leaves{})
	g.service("newcomer.service", "batch-d.slice", load+" sleeper")
	g.longWatchdog()
	g.daemonReload()
	g.startDaemon()
	g.witness()
	first := []string{"batch-a.slice", "batch-b.slice", "batch-c.slice"}
	g.awaitGroup("1", first...)

	// systemd 252 takes it away at the reload, 257 at the start. The daemon stands still meanwhile, or it would be back before anybody
	// sees that it was gone.
	g.signal("reprieved.service", unix.SIGSTOP)
	g.daemonReload()
	g.start("newcomer.service")
	g.awaitGroup("0", "batch-b.slice") // otherwise this systemd does not take it away
	g.signal("reprieved.service", unix.SIGCONT)
	all := append(first, "batch-d.slice")
	g.awaitGroup("1", all...)
	if got := g.read("batch.slice", "memory.oom.group"); got != "0" {
		t.Errorf("memory.oom.group of batch.slice = %s, want 0: it is not stopped as one", got)
	}

	g.rewrite("slices/batch.slice.toml", holdLong+"[stop]\narm = false\n")
	g.run("systemctl", "reload", "reprieved.service")
	g.awaitGroup("0", all...)
	g.rewrite("slices/batch.slice.toml", holdLong)
	g.run("systemctl", "reload", "reprieved.service")
	g.awaitGroup("1", all...)
	g.lets("reprieved.service")
	g.run("systemctl", "stop", "reprieved.service")
	g.checkDisarmed()
	g.checkTicking()
}
