//go:build guest

package scenarios

import (
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure a service goes down whole and stays down that has Restart=always, ignores SIGTERM, and has a process without its main
// thread, which cgroup.kill passes over.
func TestStubbornServiceStaysDown(t *testing.T) {
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
grace  = "1s"
revive = "never"
`)
	g.threeLeaves(leaves{
		hog:      "/bin/sh -c '" + load + " sleeper -ignore-term & " + load + " sleeper -lose-main & exec " + growing + " -ignore-term'",
		hogLines: []string{"Restart=always", "RestartSec=100ms"},
	})
	g.startDaemon()
	g.witness()

	g.start(hog)
	// Long before the hog has filled the slice, and not at the hold: that ends by itself.
	g.wait("three processes of "+hog, func() bool { return len(strings.Fields(g.read("batch-b.slice", "hog.service/cgroup.procs"))) == 3 })
	g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", "batch-b.slice")
	g.await(watch.Stopped, "UNIT", "batch-b.slice")
	g.await(watch.Settled)
	g.awaitFallen(hog)

	// RestartSec= many times over.
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(glance) {
		if pid := g.mainPID(hog); pid != 0 {
			t.Fatalf("main PID of %s = %d, want none: it came back", hog, pid)
		}
	}
	g.checkEmpty("batch-b.slice")
	for name, want := range map[string]string{"ActiveState": "failed", "Result": "oom-kill", "NRestarts": "0"} {
		if got := g.property(hog, name); got != want {
			t.Errorf("%s of %s = %s, want %s", name, hog, got, want)
		}
	}
	g.neverFailed()
	g.checkNeighbours()
}

// awaitFallen returns when PID 1 has seen that a service is down: the group is empty before that.
func (g *guest) awaitFallen(service string) {
	g.t.Helper()
	g.wait(service+" to be down", func() bool {
		state := g.property(service, "ActiveState")
		return state == "failed" || state == "inactive"
	})
}

// Ensure a process that ignores SIGTERM in a unit with TimeoutStopSec=infinity, which systemd alone would wait for without end, dies
// when the grace time is over.
func TestTimeoutStopSecInfinity(t *testing.T) {
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
grace = "1s"
`)
	g.threeLeaves(leaves{hog: growing + " -ignore-term", hogLines: []string{"TimeoutStopSec=infinity"}})
	g.startDaemon()
	g.witness()

	hold := g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	g.checkEpisode(g.own(hold, stop), stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	g.wait("the hog to be gone", func() bool { return g.mainPID(hog) == 0 })
	g.checkEmpty("batch-b.slice")
	g.neverFailed()
	g.checkNeighbours()
}
