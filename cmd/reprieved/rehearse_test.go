package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/plugins"
)

// TestMain makes this test binary a dummy where a rehearsal starts it as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == rehearseFlag {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// stage is a group of the test's own on the real kernel, in which a daemon
// might live. Where no group can be made the test is skipped; TestRehearsal
// of the scenarios does the same in a guest, with the memory controller.
func stage(t *testing.T) (mount, own string) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		where, kind, _ := strings.Cut(line, " - ")
		if fields := strings.Fields(where); strings.HasPrefix(kind, "cgroup2 ") && len(fields) > 4 && unix.Access(fields[4], unix.W_OK) == nil {
			mount = fields[4]
		}
	}
	if mount == "" {
		t.Skip("no cgroup2 that this user may write to; in a guest TestRehearsal of test/scenarios does what this does")
	}
	parent := "/reprieve-test-" + strconv.Itoa(os.Getpid())
	if err := memcg.Make(mount, parent, time.Now().Add(20*time.Second)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := memcg.Remove(mount, parent, time.Now().Add(20*time.Second)); err != nil {
			t.Error(err)
		}
	})
	return mount, parent + "/reprieved.service"
}

// rehearsing is a daemon as far as a rehearsal needs one.
func rehearsing(t *testing.T, mount, own, program string) (*daemon, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "holds")
	ledger, err := memcg.OpenLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &daemon{mount: mount, own: own, program: program, ways: plugins.Holds(ledger)}, dir
}

// patient gives a rehearsal the time that a busy machine may need.
func patient(r *rehearsal) *rehearsal {
	r.until, r.end = time.Now().Add(20*time.Second), time.Now().Add(30*time.Second)
	return r
}

// leftNothing asserts that a rehearsal left no group, no record and no child.
func leftNothing(t *testing.T, mount, own, ledger string) {
	t.Helper()
	if groups, _ := filepath.Glob(mount + filepath.Dir(own) + "/*/"); len(groups) != 0 {
		t.Errorf("groups %v were left behind", groups)
	}
	if records, _ := filepath.Glob(ledger + "/*"); len(records) != 0 {
		t.Errorf("records %v were left behind", records)
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("wait4 = %d, %v, want no child", pid, err)
	}
}

// Ensure a rehearsal can freeze and kill a group on the real kernel, and leave
// nothing behind.
func TestRehearsal_Run(t *testing.T) {
	mount, own := stage(t)
	d, ledger := rehearsing(t, mount, own, "/proc/self/exe")
	p := patient(d.newRehearsal()).run()
	for _, f := range p.failed {
		t.Errorf("%s: %v", f.does, f.err)
	}
	bare := filepath.Dir(own)
	if controllers, _ := os.ReadFile(mount + bare + "/cgroup.subtree_control"); strings.Contains(string(controllers), "memory") {
		bare = ""
	}
	if p.bare != bare {
		t.Errorf("the memory controller is not on in %q, want %q", p.bare, bare)
	}
	if p.took <= 0 {
		t.Errorf("it took %v, want some time", p.took)
	}
	leftNothing(t, mount, own, ledger)
}

// Ensure a group that an earlier start left, frozen and with a process in it,
// does not stand in the way.
func TestRehearsal_Leftover(t *testing.T) {
	mount, own := stage(t)
	d, ledger := rehearsing(t, mount, own, "/proc/self/exe")
	r := patient(d.newRehearsal())
	if err := memcg.Make(mount, r.path, r.until); err != nil {
		t.Fatal(err)
	}
	sleeper := exec.Command("sleep", "600")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"cgroup.procs": strconv.Itoa(sleeper.Process.Pid), "cgroup.freeze": "1"} {
		if err := os.WriteFile(filepath.Join(mount, r.path, file), []byte(text), 0); err != nil {
			t.Fatal(err)
		}
	}
	reaped := make(chan error, 1)
	go func() { reaped <- sleeper.Wait() }()
	for _, f := range r.run().failed {
		t.Errorf("%s: %v", f.does, f.err)
	}
	select {
	case <-reaped:
	case <-time.After(20 * time.Second):
		t.Error("the process of the leftover group lives on")
	}
	leftNothing(t, mount, own, ledger)
}

// Ensure what stands in the way is told by its step, and nothing is left.
func TestRehearsal_Failed(t *testing.T) {
	for _, tt := range []struct {
		name, program string
		prepare       func(t *testing.T, parent string)
		late          bool
		does          string
		want          string
	}{
		{
			name: "no group can be made", program: "/proc/self/exe", does: "make a group", want: "resource temporarily unavailable",
			prepare: func(t *testing.T, parent string) {
				if err := os.WriteFile(parent+"/cgroup.max.descendants", []byte("0"), 0); err != nil {
					t.Fatal(err)
				}
			},
		},
		{name: "no program", program: "/nowhere/reprieved", does: "start a process in it", want: "no such file"},
		{name: "a program that ends", program: "/bin/false", does: "start a process in it", want: ""},
		{name: "late", program: "/proc/self/exe", late: true, does: "start a process in it", want: memcg.ErrLate.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mount, own := stage(t)
			if tt.prepare != nil {
				tt.prepare(t, mount+filepath.Dir(own))
			}
			d, ledger := rehearsing(t, mount, own, tt.program)
			r := patient(d.newRehearsal())
			if tt.late {
				r.until = time.Now()
			}
			p := r.run()
			if len(p.failed) != 1 || p.failed[0].does != tt.does || !strings.Contains(p.failed[0].err.Error(), tt.want) {
				t.Errorf("failed = %v, want the step %q alone with %q", failures(p), tt.does, tt.want)
			}
			leftNothing(t, mount, own, ledger)
		})
	}
}

// unlifted is a way whose holds are not lifted at the first try.
type unlifted struct {
	plugins.Way
	tries int
}

func (u *unlifted) Lift(g *memcg.Group, h memcg.Hold) (memcg.Restored, error) {
	if u.tries++; u.tries == 1 {
		return 0, errors.New("no way")
	}
	return u.Way.Lift(g, h)
}

// Ensure a hold that cannot be lifted is told, stands in the way of nothing
// else, and leaves no record.
func TestRehearsal_Stuck(t *testing.T) {
	mount, own := stage(t)
	d, ledger := rehearsing(t, mount, own, "/proc/self/exe")
	way := &unlifted{Way: d.ways["freeze"]}
	d.ways["freeze"] = way
	r := patient(d.newRehearsal())
	r.until = time.Now().Add(time.Second) // for the thaw that does not come
	p := r.run()
	if len(p.failed) == 0 || p.failed[0].does != "freeze it" || !strings.Contains(p.failed[0].err.Error(), "no way") {
		t.Errorf("failed = %q, want first that it was frozen", failures(p))
	}
	if way.tries != 2 {
		t.Errorf("the hold was lifted %d times, want twice", way.tries)
	}
	leftNothing(t, mount, own, ledger)
}

// Ensure a process that never answers keeps the start no longer than its
// bound, and is told and killed in the end.
func TestRehearse_Silent(t *testing.T) {
	mount, own := stage(t)
	silent := filepath.Join(t.TempDir(), "silent")
	err := os.WriteFile(silent, []byte("#!/bin/sh\nexec sleep 600\n"), 0o755)
	if err != nil {
		t.Fatal(err)
	}
	d, ledger := rehearsing(t, mount, own, silent)
	told := &log{}
	d.tell = newTeller(told)
	d.tell.sender.Close()
	if d.desk, err = worker.NewDesk(); err != nil {
		t.Fatal(err)
	}
	r := d.newRehearsal()
	r.until = time.Now().Add(startBound + time.Second)
	d.perform(r)
	d.tell.drain()
	if want := "the rehearsal goes on in the step start a process in it"; d.unproved != want {
		t.Errorf("unproved = %q, want %q", d.unproved, want)
	}
	if want := "<4>the rehearsal of hold, freeze and kill is not over after 2s"; !strings.HasPrefix(told.String(), want) {
		t.Errorf("told %q, want %q", told, want)
	}
	for end := time.Now().Add(30 * time.Second); strings.HasPrefix(d.unproved, "the rehearsal goes on"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the rehearsal is not over")
		}
		d.desk.Collect()
	}
	d.tell.drain()
	if want := "the kill path failed its proof: start a process in it: wait for process "; !strings.HasPrefix(d.unproved, want) {
		t.Errorf("unproved = %q, want %q", d.unproved, want)
	}
	if want := memcg.ErrLate.Error() + ". What follows: "; !strings.Contains(told.String(), want) {
		t.Errorf("told %q, want %q", told, want)
	}
	leftNothing(t, mount, own, ledger)
}

func failures(p proof) (all []string) {
	for _, f := range p.failed {
		all = append(all, f.does+": "+f.err.Error())
	}
	return all
}

// Ensure every act says what follows from its failure and what to do, and what
// is proved is told in one line.
func TestJudge(t *testing.T) {
	told := &log{}
	d := &daemon{tell: newTeller(told)}
	d.tell.sender.Close()
	for _, a := range append(acts(), *removal()) {
		d.judge(proof{failed: []failure{{&a, errors.New("no\nway")}}})
		d.tell.drain()
		if want := "the " + a.proves + " failed its proof: " + a.does + ": no; way"; d.unproved != want {
			t.Errorf("unproved = %q, want %q", d.unproved, want)
		}
		line := "<3>the " + a.proves + ` failed its proof at the start, in the step "` + a.does + `": no; way. What follows: ` + a.follows + ". What to do: " + a.cure
		if a.follows == "" || a.cure == "" || !strings.Contains(told.String(), line) {
			t.Errorf("told %q, want %q", told, line)
		}
	}
	two := failure{removal(), errors.New("no")}
	d.judge(proof{failed: []failure{two, two}})
	if want := " (and 1 more, see the journal)"; !strings.HasSuffix(d.unproved, want) {
		t.Errorf("unproved = %q, want %q at its end", d.unproved, want)
	}
	for _, tt := range []struct {
		p    proof
		want string
	}{
		{proof{took: 12 * time.Millisecond}, "<6>rehearsed hold, freeze and kill in 12 ms\n"},
		{proof{bare: "/x.slice"}, "<4>rehearsed freeze and kill in 0 ms; hold, choice and memory.oom.group are not proved: the memory controller is not on for the groups in /x.slice"},
	} {
		d.judge(tt.p)
		d.tell.drain()
		if d.unproved != "" || !strings.Contains(told.String(), tt.want) {
			t.Errorf("unproved %q, told %q, want nothing and %q", d.unproved, told, tt.want)
		}
	}
}

// Ensure a dummy takes its memory when it is told to, and ends with the other
// end of its pipe.
func TestPlayDummy(t *testing.T) {
	for _, orders := range []string{"", "\n"} {
		dummy := exec.Command("/proc/self/exe", rehearseFlag)
		dummy.Stdin = strings.NewReader(orders)
		answer, err := dummy.Output()
		if got := dummy.ProcessState.ExitCode(); got != exitFailure {
			t.Errorf("a dummy that hears %q ends with %d (%v), want %d", orders, got, err, exitFailure)
		}
		if string(answer) != orders {
			t.Errorf("a dummy that hears %q answers %q, want the same", orders, answer)
		}
	}
}
