//go:build guest

package scenarios

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reprieve/test/watch"
)

// The users of TestDesktopIsTold: one has a desktop, the other is in the same slice.
const (
	atDesk    = 1000
	elsewhere = 1001
)

const (
	desktop  = "/run/payload/desktop" // see test/desktop
	onScreen = "/run/user/1000/shown" // where it writes
	growRoom = "app-grow@1.service"   // has a desktop entry

	// deskPolicy cuts no wait short, whoever else stalls. Its delay follows.
	deskPolicy = `
[pressure]
full   = "10%"
window = "4s"
[hold]
calm   = "5s"
urgent = "0%"
`
	// passing passes the limit of user.slice, and wants all of it again and again. It fits into the guest's swap.
	passing = load + " hog -rate 30M -max 400M -touch"
)

// Ensure the shipped unit of a user's own manager shows on the desktop that an app of this user is held and how long it has, also one that
// was held before it started, then that it was stopped; and nothing of another user's. Who may ask for what on the bus, polkit says.
func TestDesktopIsTold(t *testing.T) {
	startLogind(t) // before begin: it ends after all that begin takes away
	g := begin(t)
	g.swapOn()
	g.config("slices/user.slice.toml", deskPolicy+"delay = \"6s\"\n")
	g.unit("user.slice.d/scenario.conf", "[Slice]\nMemoryMax=220M\n")
	g.write("/usr/local/share/applications/grow.desktop", "[Desktop Entry]\nType=Application\nName=Grow Room\nExec=grow\n")
	g.daemonReload()
	g.slices = append(g.slices, "user.slice")
	g.startDaemon()
	g.startDesktop()
	g.checkPolkit()
	g.logIn("another", elsewhere)
	g.userRun(atDesk, "systemd-run", "--user", "--unit=app-small", load, "sleeper", "-keep", "20M")
	g.wait("app-small.service to have its memory", func() bool {
		return g.bytes("user-1000.slice", apps+"app-small.service/memory.current") >= 20<<20
	})
	g.witness()

	g.userRun(elsewhere, append([]string{"systemd-run", "--user", "--unit=app-other"}, strings.Fields(passing)...)...)
	theirs := []string{"USER_UNIT", "app-other.service", "REPRIEVE_UID", strconv.Itoa(elsewhere)}
	other := g.await(watch.Stop)
	g.inOrder(g.await(watch.Hold, theirs...), g.await(watch.Stop, theirs...), g.await(watch.Settled, theirs...))

	// Long enough to start a program anew meanwhile.
	g.rewrite("slices/user.slice.toml", deskPolicy+"delay = \"45s\"\n")
	g.run("systemctl", "reload", "reprieved.service")
	g.userRun(atDesk, append([]string{"systemd-run", "--user", "--unit=" + growRoom}, strings.Fields(passing)...)...)
	mine := []string{"USER_UNIT", growRoom, "REPRIEVE_UID", strconv.Itoa(atDesk)}
	hold := g.await(watch.Hold, mine...)
	at := g.awaitShown(0, "Grow Room is held")
	g.checkAlive()
	g.userRun(atDesk, "systemctl", "--user", "restart", "reprieve-notify.service")
	g.lets(growRoom)
	g.witness()
	again := g.awaitShown(g.awaitClosed(at), "Grow Room is held")

	stop := g.awaitAfter(other.At(), watch.Stop)
	if !stop.Has(mine...) {
		t.Errorf("USER_UNIT of the stop = %q of user %q, want %q: %s", stop["USER_UNIT"], stop["REPRIEVE_UID"], mine, stop["MESSAGE"])
	}
	g.inOrder(hold, stop, g.await(watch.Stopped, mine...), g.await(watch.Settled, mine...))
	g.awaitShown(g.awaitShown(g.awaitShown(again, "Grow Room is being stopped"), "Grow Room was stopped"), "Memory is back")
	g.checkShown(stop, at, again)
	if stops := g.messages(watch.Stop); len(stops) != 2 {
		t.Errorf("%d stops, want two: %v", len(stops), stops)
	}
	g.awaitNoHolds()
	g.neverFailed()
}

// startLogind has logind run, which the image masks: it starts the managers of users who linger. When the scenario is over it stops that, and
// what the bus has started.
func startLogind(t *testing.T) {
	t.Helper()
	const service, mask = "systemd-logind.service", "/etc/systemd/system/systemd-logind.service"
	do := func(name string, args ...string) {
		t.Helper()
		if out, err := try(name, args...); err != nil {
			t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
	}
	if err := os.Remove(mask); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, name := range []string{"someone", "another"} {
			_, _ = try("loginctl", "disable-linger", name) // who was never made does not linger
		}
		do("systemctl", "stop", service, polkit, "reprieve-bus.service")
		if err := os.Symlink("/dev/null", mask); err != nil {
			t.Error(err)
		}
		do("systemctl", "daemon-reload")
	})
	do("systemctl", "daemon-reload")
	do("systemctl", "start", service)
}

// logIn makes a user, who stays, and starts the user's manager with the bus of its session.
func (g *guest) logIn(name string, uid int) {
	g.t.Helper()
	id := strconv.Itoa(uid)
	if _, err := try("id", id); err != nil {
		g.run("useradd", "--uid", id, "--no-create-home", "--home-dir", "/", name)
	}
	// A user's manager reports to systemd-oomd, which its socket would start, for all the scenarios to come.
	g.run("systemctl", "stop", "systemd-oomd.socket")
	g.run("loginctl", "enable-linger", name)
	g.wait("the manager of "+name, func() bool { return g.property("user@"+id+".service", "ActiveState") == "active" })
	g.wait("the session's bus of "+name, func() bool { _, err := os.Stat("/run/user/" + id + "/bus"); return err == nil })
}

// startDesktop logs somebody in to a desktop: it takes notifications, and its session starts reprieve-notify, which has the
// bus start reprieve-bus.
func (g *guest) startDesktop() {
	g.t.Helper()
	const enable, session = "/run/systemd/user/graphical-session.target.wants", "desktop-session.target"
	g.write("/run/systemd/user/"+session, "[Unit]\nBindsTo=graphical-session.target\n")
	g.run("systemctl", "--global", "enable", "--runtime", "reprieve-notify.service")
	g.files = append(g.files, enable+"/reprieve-notify.service")
	g.logIn("someone", atDesk)
	g.t.Cleanup(func() {
		if text, err := os.ReadFile(onScreen); g.t.Failed() {
			g.t.Logf("what the desktop was asked to show (%v):\n%s", err, text)
		}
	})
	g.userRun(atDesk, "systemd-run", "--user", "--unit=desktop", "--slice=session.slice",
		"--property=Type=dbus", "--property=BusName=org.freedesktop.Notifications", desktop, "-log", onScreen)
	g.userRun(atDesk, "systemctl", "--user", "start", session)
	g.wait("reprieve-notify to have reprieve-bus started", func() bool { return g.property("reprieve-bus.service", "ActiveState") == "active" })
}

// shown returns what was on the screen so far.
func (g *guest) shown() []watch.Shown {
	g.t.Helper()
	all, err := watch.ReadShown(onScreen)
	if err != nil {
		g.t.Fatal(err)
	}
	return all
}

// awaitShown returns the place of the first notification with this title, from a place on.
func (g *guest) awaitShown(from int, title string) (at int) {
	g.t.Helper()
	g.wait("the notification "+title, func() bool {
		at = slices.IndexFunc(g.shown()[from:], func(s watch.Shown) bool { return s.Title == title })
		return at >= 0
	})
	return from + at
}

// awaitClosed returns the place where a notification is taken away.
func (g *guest) awaitClosed(from int) (at int) {
	g.t.Helper()
	id := g.shown()[from].ID
	g.wait("the notification to be taken away", func() bool {
		at = slices.IndexFunc(g.shown()[from:], func(s watch.Shown) bool { return s.Closed && s.ID == id })
		return at >= 0
	})
	return from + at
}

// secondsLeft is what a notification of a hold says.
var secondsLeft = regexp.MustCompile(`^Memory is short\. If that goes on, it may be stopped in ([0-9]+) s\.$`)

// checkShown asserts that the notifications at these places told of a hold before the stop, with the time that was left, and that of others
// nothing was shown but that they were held: whose memory comes back after a reclaim may be a grower for the daemon. Nobody else's units are.
func (g *guest) checkShown(stop watch.Message, holds ...int) {
	g.t.Helper()
	all, left := g.shown(), 45
	for _, at := range holds {
		one := all[at]
		said := secondsLeft.FindStringSubmatch(one.Body)
		if one.At >= stop.At() || one.Replaces != 0 || one.Urgency != 2 || said == nil {
			g.t.Errorf("the hold is shown as %+v, want a new critical one with the time left, before the stop at %s", one, stop.At())
			continue
		}
		if n, _ := strconv.Atoi(said[1]); n < 1 || n > left {
			g.t.Errorf("%d s are left, want 1 to %d: %+v", n, left, one)
		} else {
			left = n
		}
	}
	held := []string{"Grow Room"}
	for _, m := range g.messages(watch.Hold) {
		if m.Has("REPRIEVE_UID", strconv.Itoa(atDesk)) && m["USER_UNIT"] != growRoom {
			held = append(held, m["USER_UNIT"])
		}
	}
	ours := func(one watch.Shown) bool {
		names, lifted := strings.CutSuffix(one.Body, " can go on.")
		if !lifted {
			name, is := strings.CutSuffix(one.Title, " is held")
			return is && slices.Contains(held, name)
		}
		for name := range strings.SplitSeq(strings.ReplaceAll(names, " and ", ", "), ", ") {
			if !slices.Contains(held, name) {
				return false
			}
		}
		return true
	}
	for _, one := range all {
		if !one.Closed && !strings.HasPrefix(one.Title, "Grow Room ") && !strings.HasPrefix(one.Body, "Grow Room ") && !ours(one) {
			g.t.Errorf("the desktop shows %+v, want nothing but of Grow Room and of what else of this user's is held", one)
		}
	}
}
