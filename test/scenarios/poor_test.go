//go:build guest

package scenarios

import (
	"slices"
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
delay = "8s"
calm  = "8s"
`)
	g.daemonDropIn("InaccessiblePaths=/run/systemd/private /run/dbus\n")
	g.threeLeaves(leaves{hog: stubbornHog})
	g.startDaemon()
	g.witness()
	// It is said right after that it has started.
	g.wait("the daemon to say that there is no connection to systemd, and what that means", func() bool {
		return g.said("no connection to systemd", "cgroup.kill")
	})

	hold := g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	stopped := g.await(watch.Stopped, "UNIT", "batch-b.slice")
	g.checkEpisode(g.own(hold, stop), stop, stopped, g.await(watch.Settled))
	// Not the first that failed: a limit that took its second to be written is told of, too.
	g.wait("the message failed of batch-b.slice that says what follows for Restart=", func() bool {
		return slices.ContainsFunc(g.messages(watch.Failed), func(m watch.Message) bool {
			return m.Has("UNIT", "batch-b.slice") && strings.Contains(m["MESSAGE"], "Restart=")
		})
	})
	g.wait("the hog to be gone", func() bool { return g.mainPID(hog) == 0 })
	g.checkNeighbours()
}

// Ensure the daemon works without CAP_SYS_RESOURCE, by the windows that the kernel grants, and says which.
func TestWithoutSysResource(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdStill)
	g.daemonDropIn("CapabilityBoundingSet=~CAP_SYS_RESOURCE\n")
	g.threeLeaves(leaves{hog: stubbornHog})
	g.startDaemon()
	g.witness()
	taken := g.await(watch.Watched, "REPRIEVE_SLICE", "batch.slice")
	if !strings.Contains(taken["MESSAGE"], "triggers of 2s") {
		t.Errorf("watched: %s, want it to say that triggers have windows of 2s", taken["MESSAGE"])
	}
	hold := g.awaitHold()
	g.free()
	g.inOrder(taken, hold, g.awaitAfter(hold.At(), watch.Relief))
	g.awaitNoHolds()
	g.never(watch.Stop)
	g.neverFailed()
	g.checkNeighbours()
}
