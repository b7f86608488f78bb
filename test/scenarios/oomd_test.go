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
	g.config("slices/batch.slice.toml", holdStill)
	// Ten minutes above its limit: a hold of some seconds is no such wait on any CPU.
	g.write("/run/systemd/oomd.conf.d/scenario.conf", "[OOM]\nDefaultMemoryPressureDurationSec=10min\n")
	g.unit("batch.slice.d/oomd.conf", "[Slice]\nManagedOOMMemoryPressure=kill\nManagedOOMMemoryPressureLimit=90%\n")
	g.threeLeaves(leaves{hog: stubbornHog})
	g.start(oomd)
	t.Cleanup(func() { g.run("systemctl", "stop", oomd) }) // before the last questions
	g.lets(oomd)
	g.wait("systemd-oomd to watch batch.slice", func() bool {
		out, err := try("oomctl")
		return err == nil && strings.Contains(out, "/batch.slice")
	})
	g.startDaemon()
	g.witness()

	g.wait("the daemon to name the other killer", func() bool { return g.said(oomd + " is active") })
	hold := g.awaitHold()
	before := g.stalled("batch.slice")
	time.Sleep(6 * time.Second) // oomd looks each second
	g.wait("batch.slice to have stalled for a second of a hold of six or more, which oomd sees", func() bool {
		return g.stalled("batch.slice").Full-before.Full >= time.Second
	})
	g.free()
	g.checkEpisode(hold, g.awaitAfter(hold.At(), watch.Relief))
	g.awaitNoHolds()
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
	g.neverFailed()
	g.checkNeighbours()
}
