//go:build guest

package scenarios

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

const (
	patience = 90 * time.Second       // the longest wait for anything, on an emulated CPU that somebody else may use too
	glance   = 100 * time.Millisecond // between two looks
)

// guest is the machine that a scenario runs on: what it was like before, and what the scenario did to it.
type guest struct {
	t       *testing.T
	journal *watch.Journal

	highs    map[string]string // memory.high by cgroup, before the scenario or as it set it
	groups   map[string]string // memory.oom.group, the same
	oomKills string            // of /proc/vmstat, before the scenario
	kernel   bool              // the kernel's OOM killer shall kill in this scenario
	alive    map[string]string // main PID by service, of all that ran when witness was called
	mortal   map[string]bool   // services that the scenario lets die

	files  []string // written by the scenario, to be removed
	slices []string // whose members are to be killed
	swap   bool
}

// begin starts a scenario, and arranges for what comes after it: the questions of check, all there is to know when one of them or
// the scenario failed, and the removal of all that the scenario made.
func begin(t *testing.T) *guest {
	t.Helper()
	g := &guest{t: t, mortal: map[string]bool{}}
	journal, err := watch.Follow()
	if err != nil {
		t.Fatal(err)
	}
	g.journal = journal
	t.Cleanup(journal.Close)
	g.highs, g.groups = readAll(t, "memory.high"), readAll(t, "memory.oom.group")
	g.oomKills = vmstat(t, "oom_kill")
	g.mask()
	// One cleanup each, last first: what ends one of them early does not end the others.
	t.Cleanup(g.swapOff)
	t.Cleanup(g.removeFiles)
	t.Cleanup(g.stopUnits)
	t.Cleanup(g.checkDisarmed)
	g.trace()
	t.Cleanup(g.stopDaemon)
	t.Cleanup(g.dump)
	t.Cleanup(g.check)
	return g
}

// check asks what holds at the end of every scenario.
func (g *guest) check() {
	g.checkAlive()
	// What was decided is told before a worker has carried it out.
	for end := time.Now().Add(10 * time.Second); len(deathsRecords(g.t)) > 0 && time.Now().Before(end); {
		time.Sleep(glance)
	}
	g.checkNoHolds()
	g.checkHighs()
	switch got := vmstat(g.t, "oom_kill"); {
	case g.kernel && got == g.oomKills:
		g.t.Errorf("oom_kill of /proc/vmstat = %s as before, want more: the kernel did not kill", got)
	case !g.kernel && got != g.oomKills:
		g.t.Errorf("oom_kill of /proc/vmstat = %s, want %s as before: the kernel was first", got, g.oomKills)
	}
}

// swapDevice is the guest's empty disk for swap.
const swapDevice = "/dev/vdc"

// swapOn switches 512 MB of swap on until the end of the scenario.
func (g *guest) swapOn() {
	g.t.Helper()
	g.run("mkswap", swapDevice)
	g.run("swapon", swapDevice)
	g.swap = true
}

func (g *guest) swapOff() {
	if g.swap {
		g.run("swapoff", swapDevice)
	}
}

// run runs a command to its end and returns what it printed, without the last newline.
func (g *guest) run(name string, args ...string) string {
	g.t.Helper()
	out, err := try(name, args...)
	if err != nil {
		g.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// try is run for commands that may fail.
func try(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	command.WaitDelay = 5 * time.Second // a child that keeps the output open does not keep us
	out, err := command.CombinedOutput()
	return string(bytes.TrimRight(out, "\n")), err
}

// wait returns when ok does, and ends the scenario when it does not within patience.
func (g *guest) wait(what string, ok func() bool) {
	g.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(glance) {
		if time.Now().After(end) {
			g.t.Fatalf("still waiting for %s after %s", what, patience)
		}
	}
}

// write makes a file, and the directories above it, until the end of the scenario.
func (g *guest) write(path, text string) {
	g.t.Helper()
	if err := os.MkdirAll(path[:strings.LastIndexByte(path, '/')], 0o755); err != nil {
		g.t.Fatal(err)
	}
	if to, err := os.Readlink(path); err == nil && to == "/dev/null" {
		_ = os.Remove(path) // masked until now
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		g.t.Fatal(err)
	}
	g.files = append(g.files, path)
}

// mask takes the shipped policies out until the end of the scenario, as an administrator would: what is watched is what the
// scenario says.
func (g *guest) mask() {
	g.t.Helper()
	const slices = "/etc/reprieve/slices/"
	if err := os.MkdirAll(slices, 0o755); err != nil {
		g.t.Fatal(err)
	}
	for _, name := range []string{"-.slice.toml", "user.slice.toml", "system.slice.toml"} {
		if err := os.Symlink("/dev/null", slices+name); err != nil {
			g.t.Fatal(err)
		}
		g.files = append(g.files, slices+name)
	}
}

// unmask has the shipped policies count in this scenario.
func (g *guest) unmask() {
	g.t.Helper()
	for _, name := range []string{"-.slice.toml", "user.slice.toml", "system.slice.toml"} {
		if err := os.Remove("/etc/reprieve/slices/" + name); err != nil {
			g.t.Fatal(err)
		}
	}
}

// config writes a configuration file of the daemon; name is relative to /etc/reprieve.
func (g *guest) config(name, text string) {
	g.t.Helper()
	g.write("/etc/reprieve/"+name, text)
}

// rewrite is config for a file that is there already.
func (g *guest) rewrite(name, text string) {
	g.t.Helper()
	if err := os.WriteFile("/etc/reprieve/"+name, []byte(text), 0o644); err != nil {
		g.t.Fatal(err)
	}
}
