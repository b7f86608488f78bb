//go:build guest

package scenarios

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// cutBus takes both ways to systemd away: dbus-daemon stands still and the private socket has another name. No systemctl answers until
// the function that it returns has been called; the end of the scenario calls it, too.
func (g *guest) cutBus(dbus int) (restore func()) {
	g.t.Helper()
	const private = "/run/systemd/private"
	restore = func() {
		if err := os.Rename(private+".away", private); err != nil && !errors.Is(err, fs.ErrNotExist) {
			g.t.Error(err)
		}
		if err := unix.Kill(dbus, unix.SIGCONT); err != nil {
			g.t.Errorf("kill dbus-daemon with SIGCONT: %v", err)
		}
	}
	g.t.Cleanup(restore) // before all other cleanups: they need systemctl
	if err := unix.Kill(dbus, unix.SIGSTOP); err != nil {
		g.t.Fatalf("kill dbus-daemon with SIGSTOP: %v", err)
	}
	if err := os.Rename(private, private+".away"); err != nil {
		g.t.Fatal(err)
	}
	return restore
}

// Ensure a stop comes to its end without the bus and without systemd's socket, which go while the grace time runs.
func TestBusDiesInMidStop(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full   = "10%"
events = ["max"]
[hold]
delay = "6s"
calm  = "6s"
[stop]
grace = "15s"
`)
	g.threeLeaves(leaves{hog: growing + " -ignore-term"})
	dbus := g.mainPID("dbus.service")
	if dbus == 0 {
		t.Fatal("dbus.service does not run")
	}
	g.startDaemon()
	g.witness()

	hold := g.awaitHold()
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	restore := g.cutBus(dbus)
	stopped := g.await(watch.Stopped, "UNIT", "batch-b.slice")
	settled := g.await(watch.Settled)
	restore()
	g.checkEpisode(g.own(hold, stop), stop, stopped, settled)
	g.wait("the hog to be gone", func() bool { return g.mainPID(hog) == 0 })
	g.checkEmpty("batch-b.slice")
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.checkNeighbours()
}
