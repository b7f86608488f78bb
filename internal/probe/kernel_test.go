package probe

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Ensure each thing that a kernel may lack is asked for by itself, and is as bad as what goes without it.
func TestKernel(t *testing.T) {
	const init = "sys/fs/cgroup/init.scope/"
	whole := map[string]string{
		"proc/sys/kernel/osrelease": "6.12.43+deb13-amd64\n", init + "cgroup.controllers": "memory\n", init + "cgroup.kill": "", init + "cgroup.freeze": "0\n",
		init + "memory.current": "1\n", init + "memory.oom.group": "0\n",
	}
	able := Calls{Mrelease: func() error { return unix.EBADF }, Populate: func() error { return nil }}
	compare(t, []looked{
		{"whole", whole, "good kernel, good cgroup.kill, good cgroup.freeze, good memory.oom.group, good process_mrelease, good MADV_POPULATE_READ",
			[]string{"6.12.43+deb13-amd64"}},
		{"5.10", with(whole, init+"cgroup.kill", "-", "proc/sys/kernel/osrelease", "5.10.0\n"),
			"good kernel, bad cgroup.kill *, good cgroup.freeze, good memory.oom.group, good process_mrelease, good MADV_POPULATE_READ",
			[]string{"Linux 5.10.0", "from Linux 5.14 on"}},
		{"without the memory controller", with(whole, init+"memory.current", "-", init+"memory.oom.group", "-"),
			"good kernel, good cgroup.kill, good cgroup.freeze, note memory.oom.group, good process_mrelease, good MADV_POPULATE_READ", nil},
		{"a group with the controller is preferred", with(whole, "sys/fs/cgroup/a.slice/cgroup.controllers", ""),
			"good kernel, good cgroup.kill, good cgroup.freeze, good memory.oom.group, good process_mrelease, good MADV_POPULATE_READ", nil},
		{"no groups of cgroup2", map[string]string{"sys/fs/cgroup/cpu/cgroup.procs": ""},
			"good kernel, note cgroup files, good process_mrelease, good MADV_POPULATE_READ", []string{"of unknown version"}},
	}, func(p Places) []Finding { return Kernel(p, able) })
	compare(t, []looked{{"old calls", whole,
		"good kernel, good cgroup.kill, good cgroup.freeze, good memory.oom.group, note process_mrelease *, note MADV_POPULATE_READ *",
		[]string{"5.15", "5.14", "invalid argument"}}},
		func(p Places) []Finding {
			return Kernel(p, Calls{Mrelease: func() error { return unix.ENOSYS }, Populate: func() error { return unix.EINVAL }})
		})
	compare(t, []looked{{"a filter", whole,
		"good kernel, good cgroup.kill, good cgroup.freeze, good memory.oom.group, note process_mrelease, good MADV_POPULATE_READ",
		[]string{"operation not permitted"}}},
		func(p Places) []Finding {
			return Kernel(p, Calls{Mrelease: func() error { return unix.EPERM }, Populate: able.Populate})
		})
}

// Ensure the real calls do nothing, and that their answers are those that tell a kernel with them from one without.
func TestSystemCalls(t *testing.T) {
	c := SystemCalls()
	if err := c.Mrelease(); err != unix.EBADF && err != unix.ENOSYS && err != unix.EPERM {
		t.Errorf("process_mrelease of no process: %v, want EBADF, ENOSYS or EPERM", err)
	}
	if err := c.Populate(); err != nil && err != unix.EINVAL {
		t.Errorf("MADV_POPULATE_READ: %v, want none or EINVAL", err)
	}
}
