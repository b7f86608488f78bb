package probe

import (
	"errors"
	"os"
	"path"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// byKernel is what helps where the kernel lacks something.
const byKernel = "boot a newer kernel; Debian 12 has Linux 6.1"

// Calls are system calls that do nothing and tell by their error whether the kernel has them. [SystemCalls] has the real ones.
type Calls struct {
	Mrelease func() error // process_mrelease(2) of no process.
	Populate func() error // madvise(2) MADV_POPULATE_READ of one page.
}

// SystemCalls asks the kernel.
func SystemCalls() Calls {
	return Calls{
		Mrelease: func() error {
			// mm/oom_kill.c looks at the flags first, and then for the process.
			_, _, errno := unix.Syscall(unix.SYS_PROCESS_MRELEASE, ^uintptr(0), 0, 0)
			return errno
		},
		Populate: populate,
	}
}

// populate brings a page of its own into memory.
func populate() error {
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Munmap(page) }()
	_, _, errno := unix.Syscall(unix.SYS_MADVISE, uintptr(unsafe.Pointer(&page[0])), uintptr(len(page)), unix.MADV_POPULATE_READ)
	if errno != 0 {
		return errno
	}
	return nil
}

// Kernel looks for what differs from one kernel to the next. It asks for each thing, and names the version for people only.
func Kernel(p Places, c Calls) []Finding {
	release, err := p.read("/proc/sys/kernel/osrelease")
	if err != nil {
		release = "of unknown version"
	}
	findings := []Finding{good("kernel", "Linux %s", release)}
	findings = append(findings, groupFiles(p)...)
	switch err := c.Mrelease(); {
	case errors.Is(err, unix.ENOSYS):
		findings = append(findings, note("process_mrelease", byKernel+"; it is there from Linux 5.15 on",
			"the kernel has no such call: the memory of a killed process that hangs does not come back before it ends"))
	case errors.Is(err, unix.EBADF):
		findings = append(findings, good("process_mrelease", "the memory of a killed process can be taken back at once"))
	default:
		findings = append(findings, note("process_mrelease", "", "it cannot be tried from here: %v", err))
	}
	if err := c.Populate(); err != nil {
		findings = append(findings, note("MADV_POPULATE_READ", byKernel+"; it is there from Linux 5.14 on",
			"%v: the daemon cannot bring in its own code beforehand, and may wait for the disk when memory is short", err))
	} else {
		findings = append(findings, good("MADV_POPULATE_READ", "the daemon can bring in and lock all of its code"))
	}
	return findings
}

// groupFiles looks for files of a control group. The root has few of them, so that a group below it is looked at.
func groupFiles(p Places) []Finding {
	group := anyGroup(p)
	if group == "" {
		return []Finding{note("cgroup files", "", "there is no group of cgroup2 below %s to look at", mount)}
	}
	var findings []Finding
	for _, f := range []struct {
		name, means, without string
		lack                 func(name, remedy, format string, args ...any) Finding
	}{
		{"cgroup.kill", "a group can be killed whole", "a stop cannot kill a group whole; it is there from Linux 5.14 on", bad},
		{"cgroup.freeze", "a group can be frozen", "hold.by = \"freeze\" holds nobody; it is there from Linux 5.2 on", bad},
		{"memory.oom.group", "the kernel's OOM killer can take a group whole", "stop.arm does nothing; it is there from Linux 4.19 on", note},
	} {
		switch {
		case p.there(path.Join(group, f.name)):
			findings = append(findings, good(f.name, "%s", f.means))
		case strings.HasPrefix(f.name, "memory.") && !p.there(path.Join(group, "memory.current")):
			findings = append(findings, note(f.name, "", "the memory controller is not on in %s, so that it cannot be seen", group))
		default:
			findings = append(findings, f.lack(f.name, byKernel, "%s has no such file: %s", group, f.without))
		}
	}
	return findings
}

// anyGroup returns a group below the root, one with the memory controller if there is any; "" where there is none.
func anyGroup(p Places) string {
	entries, err := os.ReadDir(p.at(mount))
	if err != nil {
		return ""
	}
	var first string
	for _, e := range entries {
		group := path.Join(mount, e.Name())
		if !e.IsDir() || !p.there(path.Join(group, "cgroup.controllers")) {
			continue
		}
		if p.there(path.Join(group, "memory.current")) {
			return group
		}
		if first == "" {
			first = group
		}
	}
	return first
}
