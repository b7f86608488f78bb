//go:build guest

package scenarios

import (
	"maps"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// debian is where the payload has the package, in two versions.
const debian = "/run/payload/deb/"

// Ensure the package takes the daemon from a clean install to the first stop, through an upgrade in the middle of a hold, and out again
// without a trace but what the administrator wrote.
func TestPackage(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", freezeAtLimit) // it holds on until dpkg is done: who is throttled and stands still may be let go
	g.threeLeaves(leaves{})
	t.Cleanup(func() { // what the suite installed itself, for those behind
		_, _ = try("systemctl", "stop", "reprieved.service") // it runs here only when the scenario failed
		g.run("cp", "-a", "/run/payload/stage/.", "/")
		g.daemonReload()
		g.run("systemctl", "reset-failed")
	})

	g.run("dpkg", "--install", debian+"reprieve_1.0_amd64.deb")
	first := g.await(watch.Started)
	for property, want := range map[string]string{"UnitFileState": "enabled", "ActiveState": "active"} {
		if got := g.property("reprieved.service", property); got != want {
			t.Errorf("%s of reprieved.service = %q after the installation, want %s", property, got, want)
		}
	}
	verified, _ := try("dpkg", "--verify", "reprieve")
	for line := range strings.Lines(verified) {
		// The guest's dpkg leaves out what nobody reads there.
		if !strings.Contains(line, " /usr/share/doc/") && !strings.Contains(line, " /usr/share/man/") {
			t.Errorf("dpkg --verify reprieve: %q, want nothing", line)
		}
	}
	if got := g.run("reprieved", "-version"); !strings.HasSuffix(got, " 1.0") {
		t.Errorf("reprieved -version = %q, want 1.0", got)
	}
	before := g.limits()

	hold := g.awaitHold()
	g.witness()
	g.lets("reprieved.service")
	g.signal(hog, unix.SIGSTOP) // it takes it when it is thawed, and eats on when the scenario says so
	pid := g.mainPID("reprieved.service")
	g.run("dpkg", "--install", debian+"reprieve_1.1_amd64.deb")
	g.inOrder(first, hold, g.awaitAfter(hold.At(), watch.Released, "UNIT", "batch-b.slice"), g.awaitAfter(hold.At(), watch.Started))
	if now := g.mainPID("reprieved.service"); now == pid || now == 0 {
		t.Errorf("main PID of reprieved.service = %d after the upgrade, want another than %d", now, pid)
	}
	g.packageLeftNothing("the upgrade", before)
	g.never(watch.Stop)
	if text, err := os.ReadFile("/etc/reprieve/slices/batch.slice.toml"); err != nil || string(text) != freezeAtLimit {
		t.Errorf("/etc/reprieve/slices/batch.slice.toml after the upgrade: %q, %v; want it untouched", text, err)
	}

	g.signal(hog, unix.SIGCONT)
	again := g.awaitAfter(hold.At(), watch.Hold, "UNIT", "batch-b.slice")
	if again["REPRIEVE_EPISODE"] == hold["REPRIEVE_EPISODE"] {
		t.Error("the hold after the upgrade is of the same episode, want a new one")
	}
	g.signal(hog, unix.SIGSTOP)
	g.run("dpkg", "--remove", "reprieve")
	g.packageLeftNothing("the removal", before)
	if g.mainPID("reprieved.service") != 0 || g.read("reprieve.slice", "cgroup.events") != "" {
		t.Error("something of the daemon's runs after the removal")
	}
	if _, err := os.Stat("/var/lib/reprieve"); err != nil {
		t.Errorf("/var/lib/reprieve after the removal: %v, want it to stay until the purge", err)
	}
	g.run("dpkg", "--purge", "reprieve")
	for _, path := range []string{"/var/lib/reprieve", "/run/reprieve", "/usr/sbin/reprieved", "/etc/systemd/system/multi-user.target.wants/reprieved.service"} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s after the purge: %v, want it gone", path, err)
		}
	}
	if _, err := os.Stat("/etc/reprieve/slices/batch.slice.toml"); err != nil {
		t.Errorf("what the administrator wrote is gone after the purge: %v", err)
	}
	g.checkTicking()
	g.neverFailed()
}

// packageLeftNothing asserts that no limit of a hold is left.
func (g *guest) packageLeftNothing(after string, before map[string]string) {
	g.t.Helper()
	g.wait("no record of a hold after "+after, func() bool { return len(deathsRecords(g.t)) == 0 })
	if now := g.limits(); !maps.Equal(now, before) {
		g.t.Errorf("limits below batch.slice after %s = %v, want %v as before", after, now, before)
	}
}
