//go:build guest

package scenarios

import (
	"strconv"
	"strings"
	"testing"

	"reprieve/test/watch"
)

// apps is where the manager of user 1000 has its apps, below user-1000.slice.
const apps = "user@1000.service/app.slice/"

// startUser starts the manager of user 1000. Logind does not run in the guest, whom pam_systemd asks: it is said here where its runtime
// directory is. The user itself stays: an entry in /etc/passwd is in nobody's way.
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

// userRun runs a command as a user, as run does.
func (g *guest) userRun(uid int, command ...string) string {
	g.t.Helper()
	out, err := tryAs(uid, command...)
	if err != nil {
		g.t.Fatalf("%s by user %d: %v\n%s", strings.Join(command, " "), uid, err, out)
	}
	return out
}

// tryAs is userRun for commands that may fail.
func tryAs(uid int, command ...string) (string, error) {
	id := strconv.Itoa(uid)
	return try("setpriv", append([]string{"--reuid=" + id, "--regid=" + id, "--clear-groups", "env", "XDG_RUNTIME_DIR=/run/user/" + id}, command...)...)
}

// Ensure the app of a user that grows is stopped, and neither another app nor the manager of the session.
func TestUserManagersApp(t *testing.T) {
	g := begin(t)
	g.swapOn()
	// Memory is back when a whole window was seen: so long the user's manager has to answer.
	g.config("slices/user.slice.toml", `
[pressure]
full   = "10%"
window = "4s"
[hold]
delay = "5s"
calm  = "5s"
`)
	g.unit("user.slice.d/scenario.conf", "[Slice]\nMemoryMax=160M\n")
	g.startUser()
	g.userRun(1000, "systemd-run", "--user", "--unit=app-small", load, "sleeper", "-keep", "20M")
	g.startDaemon()
	g.witness()
	g.wait("app-small.service to have its memory", func() bool {
		return g.bytes("user-1000.slice", apps+"app-small.service/memory.current") >= 20<<20
	})
	small := g.read("user-1000.slice", apps+"app-small.service/cgroup.procs")

	// More than the slice has, and it wants all of it again and again; the guest's swap holds it with room to spare.
	const grow = load + " hog -rate 30M -max 340M -touch"
	g.userRun(1000, append([]string{"systemd-run", "--user", "--unit=app-grow"}, strings.Fields(grow)...)...)
	app := []string{"USER_UNIT", "app-grow.service", "REPRIEVE_UID", "1000"}
	stop := g.await(watch.Stop)
	if !stop.Has(app...) {
		t.Errorf("USER_UNIT of the stop = %q of user %q, want %q: %s", stop["USER_UNIT"], stop["REPRIEVE_UID"], app, stop["MESSAGE"])
	}
	if stop["UNIT"] != "" {
		t.Errorf("UNIT of the stop = %q, want none: PID 1 has no such unit", stop["UNIT"])
	}
	g.inOrder(stop, g.await(watch.Stopped, app...), g.await(watch.Settled, app...))
	if left := g.read("user-1000.slice", apps+"app-grow.service/cgroup.procs"); left != "" {
		t.Errorf("processes of app-grow.service = %q, want none", left)
	}
	if after := g.read("user-1000.slice", apps+"app-small.service/cgroup.procs"); after != small {
		t.Errorf("processes of app-small.service = %q, want %q as before", after, small)
	}
	g.neverFailed()
}
