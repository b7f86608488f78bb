//go:build guest

package scenarios

import (
	"strings"
	"testing"

	"reprieve/test/watch"
)

// apps is where the manager of user 1000 has its apps, below user-1000.slice.
const apps = "user@1000.service/app.slice/"

// startUser starts the manager of user 1000. The guest has no pam_systemd, which would say where its runtime directory is. The user
// itself stays: an entry in /etc/passwd is in nobody's way.
func (g *guest) startUser() {
	g.t.Helper()
	if _, err := try("id", "1000"); err != nil {
		g.run("useradd", "--uid", "1000", "--no-create-home", "--home-dir", "/", "someone")
	}
	g.unit("user@1000.service.d/scenario.conf", "[Service]\nPAMName=\nEnvironment=XDG_RUNTIME_DIR=/run/user/%i\n")
	g.daemonReload()
	g.slices = append(g.slices, "user.slice")
	// A user's manager reports to systemd-oomd, which its socket would start, for all the scenarios to come.
	g.run("systemctl", "stop", "systemd-oomd.socket")
	g.start("user@1000.service")
}

// userRun runs a command as user 1000.
func (g *guest) userRun(command ...string) {
	g.t.Helper()
	g.run("setpriv", append([]string{"--reuid=1000", "--regid=1000", "--clear-groups", "env", "XDG_RUNTIME_DIR=/run/user/1000"}, command...)...)
}

// Ensure the app of a user that grows is stopped, and neither another app nor the manager of the session.
func TestUserManagersApp(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/user.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "2s"
`)
	g.unit("user.slice.d/scenario.conf", "[Slice]\nMemoryMax=160M\n")
	g.startUser()
	g.userRun("systemd-run", "--user", "--unit=app-small", load, "sleeper", "-keep", "20M")
	g.startDaemon()
	g.witness()
	small := g.read("user-1000.slice", apps+"app-small.service/cgroup.procs")
	if small == "" {
		t.Fatal("app-small.service has no process")
	}

	g.userRun(append([]string{"systemd-run", "--user", "--unit=app-grow"}, strings.Fields(growing)...)...)
	app := []string{"USER_UNIT", "app-grow.service", "REPRIEVE_UID", "1000"}
	stop := g.await(watch.Stop)
	if !stop.Has(app...) {
		t.Errorf("USER_UNIT of the stop = %q of user %q, want %q: %s", stop["USER_UNIT"], stop["REPRIEVE_UID"], app, stop["MESSAGE"])
	}
	if stop["UNIT"] != "" {
		t.Errorf("UNIT of the stop = %q, want none: PID 1 has no such unit", stop["UNIT"])
	}
	g.inOrder(stop, g.await(watch.Stopped, app...), g.await(watch.Settled, app...))
	if grow := g.read("user-1000.slice", apps+"app-grow.service/cgroup.procs"); grow != "" {
		t.Errorf("processes of app-grow.service = %q, want none", grow)
	}
	if after := g.read("user-1000.slice", apps+"app-small.service/cgroup.procs"); after != small {
		t.Errorf("processes of app-small.service = %q, want %q as before", after, small)
	}
	g.never(watch.Failed)
}
