package probe

import "testing"

// Ensure the hierarchies that hosts have are told apart, and that the memory controller is looked for where groups get it.
func TestHierarchy(t *testing.T) {
	const (
		info    = "proc/self/mountinfo"
		unifies = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
		hybrid  = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n" +
			"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n" +
			"33 31 0:30 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
		cgroup2 = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
	)
	whole := map[string]string{
		info: unifies, "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n", "sys/fs/cgroup/cgroup.subtree_control": "cpu memory pids\n",
	}
	const root = "systemd.unified_cgroup_hierarchy=1"
	compare(t, []looked{
		{"unified", whole, "good cgroup2, good memory controller, good memory_recursiveprot", nil},
		{"without recursive protection", with(whole, info, "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"),
			"good cgroup2, good memory controller, note memory_recursiveprot *", []string{"memory_recursiveprot"}},
		{"hybrid", with(whole, info, hybrid+cgroup2), "bad cgroup2 *", []string{root, "/sys/fs/cgroup/unified", "cpu, memory"}},
		{"legacy", with(whole, info, hybrid), "bad cgroup2 *", []string{root, "cgroup1 alone"}},
		{"cgroup1 beside", with(whole, info, unifies+"50 23 0:40 / /mnt/net rw - cgroup cgroup rw,net_cls\n"),
			"note cgroup2 *, good memory controller, good memory_recursiveprot", []string{"net_cls"}},
		{"something else there", with(whole, info, "30 23 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"), "bad cgroup2 *", []string{"tmpfs is mounted"}},
		{"mounted over", with(whole, info, "30 23 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"+unifies), "good cgroup2, good memory controller, good memory_recursiveprot", nil},
		{"nothing", with(whole, info, "nonsense\n\n"), "bad cgroup2 *", []string{"nothing is mounted"}},
		{"no /proc", with(whole, info, "-"), "bad cgroup2 *", []string{"mountinfo"}},
		{"controller disabled", with(whole, "sys/fs/cgroup/cgroup.controllers", "cpu pids\n"),
			"good cgroup2, bad memory controller *, good memory_recursiveprot", []string{`"cpu pids"`, "cgroup_enable=memory"}},
		{"controller kept at the root", with(whole, "sys/fs/cgroup/cgroup.subtree_control", "\n"),
			"good cgroup2, bad memory controller *, good memory_recursiveprot", []string{"DefaultMemoryAccounting=yes"}},
	}, Hierarchy)
}
