package probe

import (
	"slices"
	"strings"

	"reprieve/memcg"
)

const unified = "systemd.unified_cgroup_hierarchy=1"

// Hierarchy looks at how the cgroup tree is mounted and whether the memory controller is on in it.
func Hierarchy(p Places) []Finding {
	text, err := p.read("/proc/self/mountinfo")
	if err != nil {
		return []Finding{bad("cgroup2", "mount /proc, as systemd does", "/proc/self/mountinfo cannot be read: %v", cause(err))}
	}
	at, elsewhere, v1 := cgroupMounts(text)
	reboot := "boot with " + unified + " on the kernel command line, and without systemd.legacy_systemd_cgroup_controller"
	switch {
	case at == "cgroup2":
	case elsewhere != "":
		return []Finding{bad("cgroup2", reboot, "the hybrid hierarchy: cgroup2 is at %s, and %s belongs to cgroup1 (%s)", elsewhere, mount, strings.Join(v1, ", "))}
	case len(v1) > 0:
		return []Finding{bad("cgroup2", reboot, "cgroup1 alone is mounted below %s: %s", mount, strings.Join(v1, ", "))}
	case at != "":
		return []Finding{bad("cgroup2", reboot, "%s is mounted at %s, want cgroup2", at, mount)}
	default:
		return []Finding{bad("cgroup2", "boot with systemd, or mount cgroup2 there", "nothing is mounted at %s", mount)}
	}
	findings := []Finding{good("cgroup2", "mounted at %s", mount)}
	if len(v1) > 0 {
		findings[0] = note("cgroup2", reboot, "mounted at %s, and cgroup1 beside it with %s: a controller is in one of the two alone", mount, strings.Join(v1, ", "))
	}
	findings = append(findings, controller(p))
	if memcg.RecursiveProtection([]byte(text), mount) {
		return append(findings, good("memory_recursiveprot", "MemoryMin= and MemoryLow= of a slice protect what is in it"))
	}
	return append(findings, note("memory_recursiveprot", "systemd mounts it so from version 245 and Linux 5.7 on: mount -o remount,memory_recursiveprot "+mount,
		"%s is mounted without: MemoryMin= and MemoryLow= of a slice protect only units in it that have their own", mount))
}

// cgroupMounts reads /proc/self/mountinfo (Documentation/filesystems/proc.rst) for what is mounted at the mount, where
// else cgroup2 is, and which controllers cgroup1 has:
//
//	31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
//	35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
//	41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
//
// Of several mounts on one place the last is the one that is seen. Lines that are no such thing are passed over.
func cgroupMounts(text string) (at, elsewhere string, v1 []string) {
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(line, " - ")
		where, what := strings.Fields(before), strings.Fields(after)
		if !ok || len(where) < 5 || len(what) < 3 {
			continue
		}
		switch {
		case where[4] == mount:
			at = what[0]
		case what[0] == "cgroup2":
			elsewhere = where[4]
		case what[0] == "cgroup":
			options := strings.Split(what[2], ",")
			v1 = append(v1, options[len(options)-1])
		}
	}
	slices.Sort(v1)
	return at, elsewhere, slices.Compact(v1)
}

// controller looks whether the root has the memory controller, and gives it to the groups below.
func controller(p Places) Finding {
	const name, on = "memory controller", "cgroup.controllers"
	has, err := p.read(mount + "/" + on)
	if err != nil {
		return bad(name, "", "%s/%s cannot be read: %v", mount, on, cause(err))
	}
	if !slices.Contains(strings.Fields(has), "memory") {
		return bad(name, "boot with cgroup_enable=memory, and without cgroup_disable=memory or a cgroup1 memory hierarchy",
			"it is not in %s/%s, which has %q", mount, on, has)
	}
	gives, err := p.read(mount + "/cgroup.subtree_control")
	if err != nil {
		return note(name, "", "%s/cgroup.subtree_control cannot be read: %v", mount, cause(err))
	}
	if !slices.Contains(strings.Fields(gives), "memory") {
		return bad(name, "DefaultMemoryAccounting=yes in /etc/systemd/system.conf, then systemctl daemon-reexec",
			"it is not on for the groups below the root: cgroup.subtree_control has %q", gives)
	}
	return good(name, "on for the groups below the root")
}
