//go:build guest

package scenarios

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// The directories with the sockets of those who listen.
const (
	hooksOurs   = "/run/reprieve/hooks"
	hooksOomd   = "/run/systemd/oomd.prekill.hook"
	hooksVictim = "/batch.slice/batch-b.slice"
)

// hook is somebody who listens: a service, its socket and what it writes down.
type hook struct{ service, socket, log string }

// hook starts a service in a slice that listens in a directory, with further flags for its command.
func (g *guest) hook(name, slice, directory, flags string) hook {
	g.t.Helper()
	h := hook{service: name + ".service", socket: directory + "/" + name, log: "/run/" + name + ".log"}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		g.t.Fatal(err)
	}
	g.files = append(g.files, h.socket, h.log)
	if directory == hooksOomd {
		g.files = append(g.files, directory) // ours goes with all of /run/reprieve
	}
	g.service(h.service, slice, load+" hook -socket "+h.socket+" -log "+h.log+" "+flags)
	g.daemonReload()
	g.start(h.service)
	g.wait(name+" to listen", func() bool { _, err := os.Stat(h.socket); return err == nil })
	return h
}

// hookCalls returns what a hook has written down, a line a call.
func (g *guest) hookCalls(h hook) string {
	g.t.Helper()
	text, err := os.ReadFile(h.log)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.t.Fatal(err)
	}
	return string(text)
}

// hookWait has the hog stopped, and returns the messages of the hooks and of the empty group.
func (g *guest) hookWait() (hooks, stopped watch.Message) {
	g.t.Helper()
	g.lets(hog)
	g.start(hog)
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	hooks = g.await(watch.Hooks, "UNIT", "batch-b.slice")
	stopped = g.await(watch.Stopped, "UNIT", "batch-b.slice")
	hold := g.await(watch.Hold, "REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"])
	g.checkEpisode(hold, stop, stopped, g.await(watch.Settled))
	g.checkEpisode(stop, hooks) // and before stopped where all have answered: when their time is over, nobody waits for that message either
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		g.t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	// The hold ends before the hooks have their time: the hog thrashes meanwhile, and PID 1 of an emulated guest may miss its half
	// second, which is told.
	g.neverFailed()
	g.wait("Result of "+hog+" to be oom-kill", func() bool { return g.property(hog, "Result") == "oom-kill" })
	g.checkTicking()
	return hooks, stopped
}

// hookLeaves makes the leaves under a policy that gives hooks so much time.
func (g *guest) hookLeaves(bound string) {
	g.t.Helper()
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay  = "8s"
urgent = "0%"
[stop]
hooks = "`+bound+`"
`)
	g.threeLeaves(leaves{hog: pressing})
}

// Ensure everybody who listens is told of the group before it is stopped, in our directory and in systemd-oomd's, and has the time to
// do something about it.
func TestHookAnswers(t *testing.T) {
	g := begin(t)
	g.hookLeaves("10s")
	ours := g.hook("hook-ours", "hooks.slice", hooksOurs, "-delay 500ms")
	oomd := g.hook("hook-oomd", "hooks.slice", hooksOomd, "")
	g.startDaemon()
	g.witness()

	hooks, stopped := g.hookWait()
	g.inOrder(hooks, stopped)
	for _, h := range []hook{ours, oomd} {
		if got, want := g.hookCalls(h), hooksVictim+" populated 1\n"; got != want {
			t.Errorf("%s was told %q, want %q: once, and before the stop", h.service, got, want)
		}
		if !strings.Contains(hooks["REPRIEVE_HOOKS"], h.socket+" ") {
			t.Errorf("REPRIEVE_HOOKS = %q, want it to name %s", hooks["REPRIEVE_HOOKS"], h.socket)
		}
		if !strings.Contains(hooks["MESSAGE"], filepath.Base(h.socket)+" answered in ") {
			t.Errorf("hooks: %s, want it to say that %s answered", hooks["MESSAGE"], filepath.Base(h.socket))
		}
	}
	if got, want := hooks["PRIORITY"], "6"; got != want {
		t.Errorf("PRIORITY of the hooks = %s, want %s: all answered", got, want)
	}
}

// Ensure a hook that hangs delays a stop by its bound and no more, that the others are told all the same, and that a socket which is
// not root's is left alone. The message says which is which.
func TestHookHangs(t *testing.T) {
	g := begin(t)
	g.hookLeaves("10s")
	hangs := g.hook("hook-hangs", "hooks.slice", hooksOurs, "-hang")
	answers := g.hook("hook-answers", "hooks.slice", hooksOurs, "")
	foreign := g.hook("hook-foreign", "hooks.slice", hooksOurs, "")
	const nobody = 65534
	if err := os.Chown(foreign.socket, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	g.startDaemon()
	g.witness()

	hooks, stopped := g.hookWait()
	for _, told := range []hook{hangs, answers} {
		if got, want := g.hookCalls(told), hooksVictim+" populated 1\n"; got != want {
			t.Errorf("%s was told %q, want %q", told.service, got, want)
		}
	}
	if got := g.hookCalls(foreign); got != "" {
		t.Errorf("%s was told %q, want nothing: its socket belongs to nobody", foreign.service, got)
	}
	for _, want := range []string{hangs.socket + " no answer", answers.socket + " ", foreign.socket + " not asked"} {
		if !strings.Contains(hooks["REPRIEVE_HOOKS"], want) {
			t.Errorf("REPRIEVE_HOOKS = %q, want %q in it", hooks["REPRIEVE_HOOKS"], want)
		}
	}
	if want := "hook-hangs did not answer in 10s"; !strings.Contains(hooks["MESSAGE"], want) {
		t.Errorf("hooks: %s, want %q in it", hooks["MESSAGE"], want)
	}
	if got, want := hooks["PRIORITY"], "4"; got != want {
		t.Errorf("PRIORITY of the hooks = %s, want %s: not all answered", got, want)
	}
	if took, bound := ownMicros(stopped, "REPRIEVE_EMPTY_USEC"), 10*time.Second; took < bound {
		t.Errorf("stopped came %s after the decision, want no sooner than the %s that hooks have", took, bound)
	}
}

// Ensure a hook that takes memory in the slice instead of giving some changes nothing: the stop goes on, of the one that was chosen.
func TestHookMakesItWorse(t *testing.T) {
	g := begin(t)
	g.hookLeaves("2s")
	worse := g.hook("hook-worse", "batch-d.slice", hooksOurs, "-grow 60M")
	g.startDaemon()
	g.witness()

	g.hookWait()
	g.wait("the hook to have made it worse", func() bool { return g.hookCalls(worse) != "" })
	if used := g.bytes("batch-d.slice", "memory.current") + g.bytes("batch-d.slice", "memory.swap.current"); used < 60<<20 {
		t.Errorf("batch-d.slice has %d bytes, want 60M at least: the hook took nothing", used)
	}
	g.checkNoSpin()
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops some seconds later, want one: %v", len(stops), stops)
	}
}
