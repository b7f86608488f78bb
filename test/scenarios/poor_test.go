//go:build guest

package scenarios

import (
	"strings"
	"testing"

	"reprieve/test/watch"
)

// daemonDropIn changes the installed unit for one scenario.
func (g *guest) daemonDropIn(lines string) {
	g.t.Helper()
	g.write("/run/systemd/system/reprieved.service.d/scenario.conf", "[Service]\n"+lines)
	g.daemonReload()
}

// Ensure the daemon runs where systemd cannot be reached, says so, and still stops the hog whole by the kernel alone.
func TestStopWithoutSystemd(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "2s"
`)
	g.daemonDropIn("InaccessiblePaths=/run/systemd/private /run/dbus\n")
	g.threeLeaves(leaves{})
	g.startDaemon()
	g.witness()
	if !g.said("no connection to systemd", "cgroup.kill") {
		t.Error("the daemon does not say at its start that there is no connection to systemd, and what that means")
	}

	hold := g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	failed := g.await(watch.Failed, "UNIT", "batch-b.slice")
	stopped := g.await(watch.Stopped, "UNIT", "batch-b.slice")
	g.checkEpisode(g.own(hold, stop), stop, stopped, g.await(watch.Settled))
	if !strings.Contains(failed["MESSAGE"], "Restart=") {
		t.Errorf("failed: %s, want it to say what follows for Restart=", failed["MESSAGE"])
	}
	g.wait("the hog to be gone", func() bool { return g.mainPID(hog) == 0 })
	g.checkNeighbours()
}

// Ensure the daemon works without CAP_SYS_RESOURCE, by the windows that the kernel grants, and says which.
func TestWithoutSysResource(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdLong)
	g.daemonDropIn("CapabilityBoundingSet=~CAP_SYS_RESOURCE\n")
	g.threeLeaves(leaves{})
	g.startDaemon()
	g.witness()
	taken := g.await(watch.Watched, "REPRIEVE_SLICE", "batch.slice")
	if !strings.Contains(taken["MESSAGE"], "triggers of 2s") {
		t.Errorf("watched: %s, want it to say that triggers have windows of 2s", taken["MESSAGE"])
	}
	hold := g.awaitHold()
	g.free()
	g.inOrder(taken, hold, g.await(watch.Relief))
	g.never(watch.Stop)
	g.never(watch.Failed)
	g.checkNeighbours()
}
