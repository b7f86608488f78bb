package memcg

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// child makes this test binary a process whose main thread has exited.
const child = "MEMCG_TEST_HEADLESS"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		headless()
	}
	os.Exit(m.Run())
}

const headlessBytes = 64 << 20

func headless() {
	runtime.LockOSThread()
	if unix.Gettid() != os.Getpid() {
		fmt.Fprintln(os.Stderr, "the main goroutine is not on the main thread")
		os.Exit(1)
	}
	area := make([]byte, headlessBytes)
	for i := 0; i < len(area); i += 4096 {
		area[i] = 1
	}
	go func() {
		for {
			time.Sleep(time.Hour)
			runtime.KeepAlive(area)
		}
	}()
	_, _, _ = unix.Syscall(unix.SYS_EXIT, 0, 0, 0)
}

// started runs a command until the test ends.
func started(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd.Process.Pid
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after 20 s: %s", what)
		}
	}
}

func group(t *testing.T, pids ...int) *Group {
	t.Helper()
	var list strings.Builder
	for _, pid := range pids {
		fmt.Fprintln(&list, pid)
	}
	return opened(t, plant(t, map[string]string{"a.slice/cgroup.procs": list.String()}), "/a.slice")
}

// Ensure Sweep kills every process in the group and below, and those alone.
func TestGroup_Sweep(t *testing.T) {
	var in []*exec.Cmd
	for range 2 {
		cmd := exec.Command("sleep", "600")
		started(t, cmd)
		in = append(in, cmd)
	}
	out := started(t, exec.Command("sleep", "600"))
	root := plant(t, map[string]string{
		"a.slice/cgroup.procs":           fmt.Sprintf("%d\n", in[0].Process.Pid),
		"a.slice/x.service/cgroup.procs": fmt.Sprintf("%d\n4194305\n", in[1].Process.Pid), // above the largest pid there is
		"b.slice/cgroup.procs":           fmt.Sprintf("%d\n", out),
	})
	did, err := opened(t, root, "/a.slice").Sweep()
	if did.Killed != 2 || len(did.Left) != 0 || err != nil {
		t.Errorf("Sweep() = %+v, %v, want 2 processes killed and none left", did, err)
	}
	for _, cmd := range in {
		if err := cmd.Wait(); err == nil {
			t.Errorf("process %d ended by itself, want it killed", cmd.Process.Pid)
		}
	}
	if err := unix.Kill(out, 0); err != nil {
		t.Errorf("the process of the other group: %v, want it alive", err)
	}
}

// Ensure a group that is gone, and one without processes, are swept at once.
func TestGroup_SweepNobody(t *testing.T) {
	root := plant(t, map[string]string{"a.slice/cgroup.procs": "", "b.slice/cgroup.procs": ""})
	empty, gone := opened(t, root, "/a.slice"), opened(t, root, "/b.slice")
	if err := os.RemoveAll(filepath.Join(root, "b.slice")); err != nil {
		t.Fatal(err)
	}
	for _, g := range []*Group{empty, gone} {
		if did, err := g.Sweep(); did.Killed != 0 || did.Left != nil || err != nil {
			t.Errorf("%s: Sweep() = %+v, %v, want nothing", g.Path, did, err)
		}
	}
}

// Ensure more processes than are held at once are all killed.
func TestGroup_SweepMany(t *testing.T) {
	var pids []int
	for range sweepBatch + reapMax + 3 {
		pids = append(pids, started(t, exec.Command("sleep", "600")))
	}
	g := group(t, pids...)
	before := openFiles(t)
	did, err := g.Sweep()
	if did.Killed != len(pids) || err != nil {
		t.Errorf("Sweep() = %+v, %v, want %d killed", did, err, len(pids))
	}
	// Those that are not waited for may take longer; Cleanup waits for all.
	if after := openFiles(t); after > before {
		t.Errorf("%d descriptors are open after the sweep, %d before it", after, before)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// Ensure the memory of a process that was killed and cannot end yet comes back
// by reaping, is measured, and that the process is named. Its tracer keeps it
// before its exit, as a wait in the kernel would.
func TestGroup_SweepReaps(t *testing.T) {
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	cmd := exec.Command("tail") // keeps its input: one endless line
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pid := started(t, cmd)
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil || !status.Stopped() {
		t.Fatalf("Wait4() = %v, status %#x, want it stopped after exec", err, status)
	}
	if err := unix.PtraceSetOptions(pid, unix.PTRACE_O_TRACEEXIT); err != nil {
		t.Fatal(err)
	}
	if err := unix.PtraceCont(pid, 0); err != nil {
		t.Fatal(err)
	}
	const held = 32 << 20
	if _, err := io.CopyN(input, zeros{}, held); err != nil {
		t.Fatal(err)
	}
	page := uint64(os.Getpagesize())
	until(t, "tail holds its input", func() bool { return residentPages(pid)*page >= held*9/10 })

	did, err := group(t, pid).Sweep()
	if did.Killed != 1 || did.Reaped != 1 || did.FreedBytes < held*8/10 || err != nil {
		t.Errorf("Sweep() = %+v, %v, want one process reaped of about %d bytes", did, err, held)
	}
	if want := (Process{PID: pid, Name: "tail", State: 't'}); !slices.Equal(did.Left, []Process{want}) {
		t.Errorf("Sweep() left %+v, want %+v", did.Left, want)
	}
	if err := unix.PtraceDetach(pid); err != nil {
		t.Errorf("let the traced process go: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Ensure a process whose main thread has exited, which cgroup.kill leaves, is
// seen with its memory, named while it lives, and killed.
func TestGroup_SweepHeadless(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), child+"=1")
	cmd.Stderr = os.Stderr
	pid := started(t, cmd)
	until(t, "the main thread has exited and another holds the memory", func() bool {
		p, threads, ok := statOf(fmt.Sprintf("/proc/%d", pid))
		return ok && p.State == 'Z' && threads > 1
	})
	if got, want := residentPages(pid)*uint64(os.Getpagesize()), uint64(headlessBytes*9/10); got < want {
		t.Errorf("residentPages() = %d bytes, want at least %d", got, want)
	}
	if p, ok := describe(pid); !ok || p.PID != pid || dead(p.State) {
		t.Errorf("describe() = %+v, %v, want it alive", p, ok)
	}
	did, err := group(t, pid).Sweep()
	if did.Killed != 1 || err != nil {
		t.Errorf("Sweep() = %+v, %v, want it killed", did, err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGKILL {
		t.Errorf("Wait() = %v, want SIGKILL", err)
	}
}

// Ensure all of many small processes are reaped in one sweep: those that wait in the kernel give nothing back by themselves.
func TestSweep_ReapsMany(t *testing.T) {
	const many = 50
	s := sweep{group: group(t)}
	defer s.close()
	for range many {
		pid := started(t, exec.Command("sleep", "600"))
		until(t, "sleep is in memory", func() bool { return residentPages(pid) > 0 })
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.keep(dying{pid: pid, fd: fd, pages: residentPages(pid)})
	}
	reaped := map[int]bool{}
	s.reap(func(fd int) error { reaped[fd] = true; return nil })
	if len(reaped) != many || s.did.Reaped != many || s.first != nil {
		t.Errorf("reap() asked for %d processes and counts %d, %v; want %d", len(reaped), s.did.Reaped, s.first, many)
	}
}

// Ensure a sweep ends that takes long to reap: the rest is for the next one.
func TestSweep_ReapBound(t *testing.T) {
	s := sweep{group: group(t)}
	defer s.close()
	for range 3 {
		pid := started(t, exec.Command("sleep", "600"))
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.keep(dying{pid: pid, fd: fd, pages: residentPages(pid)})
	}
	calls := 0
	s.reap(func(int) error { calls++; time.Sleep(reapBound + time.Millisecond); return nil })
	if calls != 1 || s.did.Reaped != 1 || s.first != nil {
		t.Errorf("reap() made %d calls and counts %d, %v; want one, since the first took longer than the bound", calls, s.did.Reaped, s.first)
	}
}

// Ensure what process_mrelease answers becomes an error only where it tells an
// operator something.
func TestSweep_ReapErrors(t *testing.T) {
	var pids []int
	for range 3 {
		pids = append(pids, started(t, exec.Command("sleep", "600")))
	}
	for _, tt := range []struct {
		name    string
		answers []error
		earlier error // noted before
		calls   int
		reaped  int
		want    error
	}{
		{name: "all reaped", answers: []error{nil, nil, nil}, calls: 3, reaped: 3},
		{name: "no such call", answers: []error{unix.ENOSYS}, calls: 1},
		{name: "ended, dumping, busy", answers: []error{unix.ESRCH, unix.EINVAL, unix.EAGAIN}, calls: 3},
		{name: "forbidden", answers: []error{unix.EPERM, unix.EPERM, unix.EPERM}, calls: 3, want: unix.EPERM},
		{name: "forbidden for some", answers: []error{unix.EPERM, nil, unix.EPERM}, calls: 3, reaped: 1},
		{name: "forbidden after another error", answers: []error{unix.EPERM, unix.ESRCH, unix.ESRCH}, earlier: ErrMalformed, calls: 3, want: ErrMalformed},
		{name: "another", answers: []error{unix.EPERM, unix.EBADF, nil}, calls: 3, reaped: 1, want: unix.EBADF},
	} {
		s := sweep{group: group(t), first: tt.earlier}
		for _, pid := range pids {
			fd, err := unix.PidfdOpen(pid, 0)
			if err != nil {
				t.Fatal(err)
			}
			s.keep(dying{pid: pid, fd: fd, pages: residentPages(pid)})
		}
		calls := 0
		s.reap(func(int) error { calls++; return tt.answers[calls-1] })
		s.close()
		if calls != tt.calls || s.did.Reaped != tt.reaped || !errors.Is(s.first, tt.want) || tt.want == nil && s.first != nil {
			t.Errorf("%s: %d calls, %d reaped, error %v; want %d, %d, %v", tt.name, calls, s.did.Reaped, s.first, tt.calls, tt.reaped, tt.want)
		}
		if tt.want == unix.EPERM && !strings.Contains(s.first.Error(), "process_mrelease") {
			t.Errorf("%s: error %q does not name the call", tt.name, s.first)
		}
	}
}

// Ensure the largest are held on to, in their order.
func TestSweep_Keep(t *testing.T) {
	s := sweep{}
	for i := range reapMax + 4 {
		fd, err := unix.PidfdOpen(os.Getpid(), 0)
		if err != nil {
			t.Fatal(err)
		}
		s.keep(dying{fd: fd, pages: uint64(i * 7 % (reapMax + 4))})
	}
	defer s.close()
	for i, d := range s.large {
		if want := uint64(reapMax + 3 - i); d.pages != want {
			t.Errorf("place %d has %d pages, want %d", i, d.pages, want)
		}
	}
	if len(s.large) != reapMax {
		t.Errorf("%d are held on to, want %d", len(s.large), reapMax)
	}
}

// Ensure the living are described, at most eight, and a zombie is not.
func TestGroup_Left(t *testing.T) {
	ended := exec.Command("true")
	zombie := started(t, ended)
	until(t, "true has ended", func() bool {
		p, _, ok := statOf(fmt.Sprintf("/proc/%d", zombie))
		return ok && p.State == 'Z'
	})
	pids := []int{zombie}
	for range leftMax + 2 {
		pids = append(pids, started(t, exec.Command("sleep", "600")))
	}
	until(t, "all sleep", func() bool {
		return !slices.ContainsFunc(pids[1:], func(pid int) bool { p, _ := describe(pid); return p.Name != "sleep" || p.State != 'S' })
	})
	left := group(t, pids...).left()
	if len(left) != leftMax {
		t.Fatalf("left() describes %d, want %d", len(left), leftMax)
	}
	for i, p := range left {
		if want := (Process{PID: pids[i+1], Name: "sleep", State: 'S'}); p != want {
			t.Errorf("left()[%d] = %+v, want %+v", i, p, want)
		}
	}
}
