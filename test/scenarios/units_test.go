//go:build guest

package scenarios

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// load is the program that makes the loads; see test/load.
const load = "/run/payload/load"

// unit writes a unit file. Call daemonReload after the last one.
func (g *guest) unit(name, text string) {
	g.t.Helper()
	g.write("/run/systemd/system/"+name, text)
}

// service writes a service that runs a command in a slice, with further lines for its [Service] section. All that runs in the
// slice at the root above it is ended with the scenario.
func (g *guest) service(name, slice, command string, lines ...string) {
	g.t.Helper()
	root, _, _ := strings.Cut(strings.TrimSuffix(slice, ".slice"), "-")
	if root += ".slice"; !slices.Contains(g.slices, root) {
		g.slices = append(g.slices, root)
	}
	g.unit(name, "[Service]\nSlice="+slice+"\nExecStart="+command+"\n"+strings.Join(lines, "\n")+"\n")
}

func (g *guest) daemonReload() {
	g.t.Helper()
	g.run("systemctl", "daemon-reload")
}

func (g *guest) start(units ...string) {
	g.t.Helper()
	g.run("systemctl", append([]string{"start"}, units...)...)
}

// property returns one property of a unit.
func (g *guest) property(unit, name string) string {
	g.t.Helper()
	return g.run("systemctl", "show", "--value", "--property="+name, unit)
}

// mainPID is 0 for a service that does not run.
func (g *guest) mainPID(service string) int {
	g.t.Helper()
	pid, err := strconv.Atoi(g.property(service, "MainPID"))
	if err != nil {
		g.t.Fatalf("MainPID of %s: %v", service, err)
	}
	return pid
}

// signal sends a signal to the main process of a service. One that does not run ends the scenario: kill(2) takes 0 for everybody in
// our own process group, and a SIGSTOP to that stops the whole suite without a word.
func (g *guest) signal(service string, signal unix.Signal) {
	g.t.Helper()
	pid := g.mainPID(service)
	if pid == 0 {
		g.t.Fatalf("%s does not run: Result=%s, want its main process to send it %s", service, g.property(service, "Result"), signal)
	}
	if err := unix.Kill(pid, signal); err != nil {
		g.t.Fatalf("kill %s with %s: %v", service, signal, err)
	}
}

// startDaemon starts the installed unit and waits until it is ready.
func (g *guest) startDaemon() {
	g.t.Helper()
	g.start("reprieved.service")
	g.await(watch.Started)
}

// stopDaemon stops the daemon whatever state it is in, and forgets that it failed.
func (g *guest) stopDaemon() {
	g.t.Helper()
	if out, err := try("systemctl", "stop", "reprieved.service"); err != nil {
		g.t.Errorf("systemctl stop reprieved.service: %v\n%s", err, out)
	}
}

// stopUnits ends all that runs in the scenario's slices. The stop is queued before the kill, so that Restart= brings nothing back;
// waiting for it first would take 90 s where a process ignores SIGTERM.
func (g *guest) stopUnits() {
	for _, slice := range g.slices {
		g.run("systemctl", "stop", "--no-block", slice)
		g.wait(slice+" to be gone", func() bool {
			g.killAll(slice)
			return g.read(slice, "cgroup.events") == ""
		})
	}
}

// removeFiles takes away what the scenario wrote, what systemd keeps of it, and what the daemon remembers of units that fell. systemd
// forgets a unit that was stopped by itself, and each scenario reloads once it has written its own: only drop-ins, which units of the
// system's may have, make it reload here. It takes an emulated CPU two seconds.
func (g *guest) removeFiles() {
	control, _ := os.ReadDir("/run/systemd/system.control")
	dropIns := len(control) > 0
	for _, file := range g.files {
		dropIns = dropIns || strings.Contains(file, ".d/")
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			g.t.Error(err)
		}
	}
	for _, directory := range []string{"/etc/reprieve", "/run/reprieve", "/run/systemd/system.control"} {
		if err := os.RemoveAll(directory); err != nil {
			g.t.Error(err)
		}
	}
	if dropIns {
		g.daemonReload()
	}
	g.run("systemctl", "reset-failed")
}

// killAll empties a slice: by cgroup.kill, then by PID what that passes over.
func (g *guest) killAll(slice string) {
	path := watch.SlicePath(slice)
	_ = os.WriteFile(path+"/cgroup.kill", []byte("1"), 0) // gone is fine
	_ = filepath.WalkDir(path, func(file string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Base(file) != "cgroup.procs" {
			return nil
		}
		text, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				_ = unix.Kill(pid, unix.SIGKILL)
			}
		}
		return nil
	})
}
