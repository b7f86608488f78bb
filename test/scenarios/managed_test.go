//go:build guest

package scenarios

import (
	"strings"
	"testing"

	"reprieve/test/watch"
)

// Ensure slices that systemd's own settings have managed are watched for them: from the start, from systemctl set-property on without any
// reload, until the setting is gone; and never while systemd-oomd is active.
func TestManagedOOM(t *testing.T) {
	const oomd = "systemd-oomd.service"
	g := begin(t)
	g.swapOn()
	g.run("systemctl", "mask", "--runtime", "--now", oomd) // a unit with "kill" pulls it in
	unmask := func() { g.run("systemctl", "unmask", "--runtime", oomd) }
	t.Cleanup(unmask)
	g.config("reprieve.toml.d/compat.toml", "[compat]\nmanaged_oom = true\n")
	g.unit("batch.slice.d/managed.conf", "[Slice]\nManagedOOMMemoryPressure=kill\nManagedOOMMemoryPressureLimit=10%\n")
	g.threeLeaves(leaves{})
	g.service("idle.service", "two.slice", load+" sleeper -keep 1M")
	g.daemonReload()
	g.start("idle.service")
	g.startDaemon()
	g.witness()
	watched := func(slices string) func() bool {
		return func() bool { return strings.Contains(g.status(), slices) }
	}
	g.wait("batch.slice to be watched", watched("watching batch.slice"))
	if out := g.run("reprievectl", "explain", "batch.slice"); !strings.Contains(out, "ManagedOOMMemoryPressureLimit= of batch.slice") {
		t.Errorf("reprievectl explain batch.slice does not say where its limit comes from:\n%s", out)
	}

	g.start(hog)
	hold := g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", hog) // systemd-oomd takes units
	g.free()
	g.checkEpisode(hold, g.awaitAfter(hold.At(), watch.Relief))
	g.awaitNoHolds()

	g.run("systemctl", "set-property", "--runtime", "two.slice", "ManagedOOMMemoryPressure=kill", "ManagedOOMMemoryPressureLimit=33%")
	g.wait("two.slice to be watched, too", watched("watching 2 slices"))
	g.run("systemctl", "set-property", "--runtime", "two.slice", "ManagedOOMMemoryPressure=auto")
	g.wait("two.slice to be let go", watched("watching batch.slice"))

	unmask()
	g.start(oomd)
	t.Cleanup(func() { g.run("systemctl", "stop", oomd) })
	g.lets(oomd)
	g.wait("nothing to be taken while systemd-oomd is active", watched("watching 0 slices"))
	if out := g.run("reprievectl", "check"); !strings.Contains(out, oomd) {
		t.Errorf("reprievectl check does not name %s:\n%s", oomd, out)
	}
	g.never(watch.Stop)
	g.neverFailed()
	g.checkTicking()
}
