package probe

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/pressure"
)

// Group is a watched slice that is there.
type Group struct {
	Slice string // "batch.slice".
	Path  string // Below the mount: "/batch.slice".
}

// hostPSI is the host's file, and psi the name of its finding.
const (
	hostPSI = "/proc/pressure/memory"
	psi     = "psi"
)

// Pressure looks whether the kernel measures stalls, of the host and of the watched slices that are there.
func Pressure(p Places, watched []Group) []Finding {
	text, err := p.read(hostPSI)
	cmdline, _ := p.read("/proc/cmdline") // without it no advice is left out
	if err == nil {
		_, err = pressure.Parse([]byte(text))
	}
	if err != nil {
		return []Finding{withoutPSI(err, strings.Fields(cmdline))}
	}
	findings := []Finding{good(psi, "the kernel measures stalls (%s)", hostPSI)}
	for _, g := range watched {
		findings = append(findings, groupPSI(p, g)...)
	}
	return findings
}

// withoutPSI says why stalls are not measured.
func withoutPSI(err error, cmdline []string) Finding {
	remedy := "add psi=1 to the kernel command line: distributions differ in whether it is on by default"
	for _, word := range cmdline {
		if word == "psi=0" {
			remedy = "take psi=0 away from the kernel command line"
		}
	}
	switch {
	case errors.Is(err, unix.EOPNOTSUPP):
		return bad(psi, remedy, "the kernel has pressure stall information, and it is off: %s: %v", hostPSI, cause(err))
	case errors.Is(err, fs.ErrNotExist):
		return bad(psi, remedy+"; where that does not help, a kernel with CONFIG_PSI=y",
			"no %s: the kernel has no pressure stall information, or it was booted without", hostPSI)
	}
	return bad(psi, remedy, "%s cannot be read: %v", hostPSI, cause(err))
}

// groupPSI looks at the files of a watched slice. The root has no cgroup.pressure that could be off.
func groupPSI(p Places, g Group) []Finding {
	dir := path.Join(mount, g.Path)
	name := psi + " of " + g.Slice
	var findings []Finding
	on, err := p.read(path.Join(dir, "cgroup.pressure"))
	_, errPressure := p.read(path.Join(dir, "memory.pressure"))
	switch {
	case err == nil && on == "0":
		findings = append(findings, bad(name, "echo 1 >"+path.Join(dir, "cgroup.pressure")+", and find out who wrote the 0",
			"cgroup.pressure is 0: the kernel measures no stall in it"))
	case errors.Is(errPressure, fs.ErrNotExist) && !p.there(dir):
		return nil // it went meanwhile
	case errPressure != nil:
		findings = append(findings, bad(name, "", "its memory.pressure cannot be read: %v", cause(errPressure)))
	}
	if g.Path != "/" && !p.there(path.Join(dir, "memory.high")) {
		findings = append(findings, bad("memory of "+g.Slice, "MemoryAccounting=yes for "+g.Slice+": systemctl edit "+g.Slice,
			"the memory controller is not on in it: nothing in it can be held"))
	}
	return findings
}

// triggerWindow is the shortest that is asked for: what the configuration has by default.
const triggerWindow = time.Second

// Trigger opens a trigger on the host's own file as the daemon does on the slices', and closes it. The stall it would
// report, nine tenths of a second, is of no interest. root is whether who looks is root.
func Trigger(p Places, root bool) Finding {
	fd, err := unix.Open(p.at("/proc/pressure"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return judgeTrigger(0, err, root)
	}
	defer unix.Close(fd)
	t, err := pressure.OpenTrigger(fd, "memory", pressure.Some, pressure.Whole*9/10, triggerWindow)
	if err != nil {
		return judgeTrigger(0, err, root)
	}
	defer t.Close()
	return judgeTrigger(t.Window, nil, root)
}

// judgeTrigger says what the window in force, or the error, means.
func judgeTrigger(window time.Duration, err error, root bool) Finding {
	const name, asRoot = "triggers", "sudo reprievectl doctor"
	const byUnit = "reprieved.service has CAP_SYS_RESOURCE as shipped; in a container it has to be granted, or set pressure.window = \"2s\""
	switch {
	case errors.Is(err, pressure.ErrNoPSI), errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return bad(name, "see "+psi, "there is no pressure stall information to open one on")
	case !root && (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL)):
		return note(name, asRoot, "this user cannot open one (%v); the daemon is root", err)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EINVAL):
		return bad(name, byUnit, "the kernel refuses them without CAP_SYS_RESOURCE: %v", err)
	case err != nil:
		return bad(name, "see what the kernel says (journalctl -k)", "a trigger cannot be opened: %v", err)
	case window != triggerWindow && !root:
		return note(name, asRoot, "windows of %v and multiples only, as for any user without CAP_SYS_RESOURCE; the daemon has it", window)
	case window != triggerWindow:
		return note(name, byUnit, "windows of %v and multiples only: root has no CAP_SYS_RESOURCE here", window)
	}
	return good(name, "the kernel wakes the daemon by windows of any length from 500 ms to 10 s")
}
