//go:build guest

package scenarios

import (
	"testing"

	"reprieve/test/watch"
)

// badSlice has two mistakes.
const badSlice = `
[pressure]
full = "10%"
[hold]
delay = "10x"
calmm = "2s"
`

// Ensure the daemon does not start on a bad configuration: it names every mistake, and systemd does not try again.
func TestBadConfigurationAtStart(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", badSlice)
	g.witness()

	if out, err := try("systemctl", "start", "reprieved.service"); err == nil {
		t.Errorf("systemctl start reprieved.service = %q, want it to fail", out)
	}
	for name, want := range map[string]string{"ActiveState": "failed", "ExecMainStatus": "78", "NRestarts": "0"} {
		if got := g.property("reprieved.service", name); got != want {
			t.Errorf("%s of reprieved.service = %s, want %s", name, got, want)
		}
	}
	g.wait("both mistakes in the journal", func() bool {
		return g.said("batch.slice.toml:5:", "hold.delay") && g.said("batch.slice.toml:6:", "hold.calmm")
	})
	g.never(watch.Started)
	if out, err := try("reprievectl", "check"); err == nil {
		t.Errorf("reprievectl check = %q, want it to fail too", out)
	}
}

// Ensure a reload keeps the old configuration when the new one is bad, says so, and takes the next good one.
func TestBadConfigurationAtReload(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdAtLimit)
	g.threeLeaves(leaves{})
	g.service("elsewhere.service", "other.slice", load+" sleeper")
	g.daemonReload()
	g.start("elsewhere.service")
	g.startDaemon()
	g.witness()

	g.rewrite("slices/batch.slice.toml", badSlice)
	g.run("systemctl", "reload", "reprieved.service")
	g.await(watch.Kept)
	g.awaitHold() // by the rules of before

	// A good one is taken, and the hold goes on.
	g.rewrite("slices/batch.slice.toml", holdAtLimit)
	g.config("slices/other.slice.toml", holdLong)
	g.run("systemctl", "reload", "reprieved.service")
	g.await(watch.Watched, "REPRIEVE_SLICE", "other.slice")
	if g.high() == "max" {
		t.Error("memory.high of batch-b.slice = max after the reload, want it still held")
	}
	g.free()
	g.await(watch.Relief)
	g.awaitNoHolds()
	g.never(watch.Stop)
	g.checkNeighbours()
}
