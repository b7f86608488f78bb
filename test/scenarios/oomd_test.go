//go:build guest

package scenarios

import (
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure systemd-oomd on the same slice, with a limit that a wait of some seconds does not reach, and the daemon get along: it is named
// at the start, and kills nobody while a hold runs to its relief.
func TestSystemdOomdBeside(t *testing.T) {
	const oomd = "systemd-oomd.service"
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdLong)
	g.unit("batch.slice.d/oomd.conf", "[Slice]\nManagedOOMMemoryPressure=kill\nManagedOOMMemoryPressureLimit=90%\n")
	g.threeLeaves(leaves{})
	g.start(oomd)
	t.Cleanup(func() { g.run("systemctl", "stop", oomd) }) // before the last questions
	g.lets(oomd)
	g.wait("systemd-oomd to watch batch.slice", func() bool { return strings.Contains(g.run("oomctl"), "/batch.slice") })
	g.startDaemon()
	g.witness()

	g.wait("the daemon to name the other killer", func() bool { return g.said(oomd + " is active") })
	hold := g.awaitHold()
	before := g.stalled("batch.slice")
	time.Sleep(6 * time.Second)
	if stall := g.stalled("batch.slice").Full - before.Full; stall < time.Second {
		t.Errorf("batch.slice stalled for %s in six seconds of a hold, want at least one: oomd has nothing to see", stall)
	}
	g.free()
	g.checkEpisode(hold, g.await(watch.Relief))
	for _, field := range []string{"oom_kill", "oom_group_kill"} {
		if events := g.read("batch.slice", "memory.events"); !strings.Contains(events, field+" 0") {
			t.Errorf("memory.events of batch.slice = %q, want %s 0", events, field)
		}
	}
	if out := g.run("journalctl", "--boot", "--unit="+oomd, "--output=cat"); strings.Contains(out, "Killed") {
		t.Errorf("systemd-oomd says %q, want nobody killed", out)
	}
	if got := g.property(oomd, "ActiveState"); got != "active" {
		t.Errorf("ActiveState of %s = %s, want active to the end", oomd, got)
	}
	g.never(watch.Stop)
	g.never(watch.Failed)
	g.checkNeighbours()
}
