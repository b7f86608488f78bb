package probe

import (
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/pressure"
)

const (
	calm  = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
	batch = "sys/fs/cgroup/batch.slice/"
)

// Ensure missing stall information is told with the word that the kernel's command line wants, and a slice's that is off by its name.
func TestPressure(t *testing.T) {
	whole := map[string]string{
		"proc/pressure/memory": calm, "proc/cmdline": "quiet psi=1\n", "sys/fs/cgroup/memory.pressure": calm, "sys/fs/cgroup/cgroup.pressure": "1\n",
		batch + "memory.pressure": calm, batch + "memory.high": "max\n", batch + "cgroup.pressure": "1\n",
	}
	watched := []Group{{"-.slice", "/"}, {"batch.slice", "/batch.slice"}}
	compare(t, []looked{
		{"whole", whole, "good psi", nil},
		{"a kernel without cgroup.pressure", with(whole, batch+"cgroup.pressure", "-", "sys/fs/cgroup/cgroup.pressure", "-"), "good psi", nil},
		{"off in a slice", with(whole, batch+"cgroup.pressure", "0\n", batch+"memory.pressure", "-"), "good psi, bad psi of batch.slice *",
			[]string{"echo 1 >/sys/fs/cgroup/batch.slice/cgroup.pressure"}},
		{"unreadable in a slice", with(whole, batch+"memory.pressure", "-", batch+"memory.pressure/", ""), "good psi, bad psi of batch.slice", []string{"is a directory"}},
		{"a slice without the controller", with(whole, batch+"memory.high", "-"), "good psi, bad memory of batch.slice *", []string{"MemoryAccounting=yes"}},
		{"a slice that went", with(whole, batch+"memory.pressure", "-", batch+"memory.high", "-", batch+"cgroup.pressure", "-"), "good psi", nil},
		{"psi=0", with(whole, "proc/pressure/memory", "-", "proc/cmdline", "psi=0\n"), "bad psi *", []string{"take psi=0 away", "CONFIG_PSI=y"}},
		{"none", with(whole, "proc/pressure/memory", "-", "proc/cmdline", "-"), "bad psi *", []string{"add psi=1"}},
		{"malformed", with(whole, "proc/pressure/memory", "some\n"), "bad psi *", []string{"malformed"}},
	}, func(p Places) []Finding { return Pressure(p, watched) })
}

// Ensure stall information that is compiled in and off is told from one that is not there.
func TestWithoutPSI(t *testing.T) {
	err := &os.PathError{Op: "open", Path: "/proc/pressure/memory", Err: unix.EOPNOTSUPP}
	got := []Finding{withoutPSI(err, nil)}
	if short(got) != "bad psi *" || !says(got, "it is off", "add psi=1") {
		t.Errorf("withoutPSI(%v) = %+v, want it off and psi=1", err, got)
	}
}

// Ensure a trigger is opened as the daemon opens one, and that a host without the file is told so.
func TestTrigger(t *testing.T) {
	p := host(t, map[string]string{"proc/pressure/memory": ""})
	if got := Trigger(p, true); got.State != Good {
		t.Errorf("Trigger() = %+v, want good", got)
	}
	wrote, err := os.ReadFile(p.at("/proc/pressure/memory"))
	if want := "some 900000 1000000\n"; string(wrote) != want {
		t.Errorf("Trigger() wrote %q, %v, want %q", wrote, err, want)
	}
	for _, files := range []map[string]string{{}, {"proc/pressure": ""}, {"proc/pressure/": ""}} {
		if got := []Finding{Trigger(host(t, files), true)}; short(got) != "bad triggers *" {
			t.Errorf("Trigger() without a file = %+v, want bad", got)
		}
	}
}

// Ensure what the kernel answers to a trigger is told from what only root may.
func TestJudgeTrigger(t *testing.T) {
	step := func(err error) error { return &pressure.TriggerError{Step: "open", Err: err} }
	for _, tt := range []struct {
		window time.Duration
		err    error
		root   bool
		want   State
		word   string
	}{
		{time.Second, nil, true, Good, "any length"},
		{2 * time.Second, nil, true, Note, "in a container"},
		{2 * time.Second, nil, false, Note, "sudo"},
		{0, step(unix.EACCES), false, Note, "sudo"},
		{0, step(unix.EACCES), true, Bad, "permission denied"},
		{0, step(unix.EINVAL), false, Note, "sudo"},
		{0, step(unix.EINVAL), true, Bad, "in a container"},
		{0, step(pressure.ErrNoPSI), false, Bad, "no pressure stall"},
		{0, step(unix.ENOENT), true, Bad, "no pressure stall"},
		{0, step(unix.ENOMEM), false, Bad, "cannot allocate memory"},
	} {
		t.Run(fmt.Sprint(tt.window, tt.err, tt.root), func(t *testing.T) {
			got := judgeTrigger(tt.window, tt.err, tt.root)
			if got.State != tt.want || !says([]Finding{got}, tt.word) {
				t.Errorf("judgeTrigger(%v, %v, %v) = %+v, want %s with %q", tt.window, tt.err, tt.root, got, tt.want, tt.word)
			}
		})
	}
}
