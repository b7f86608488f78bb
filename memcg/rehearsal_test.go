package memcg

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// realMount is where cgroup2 is mounted here, where this process may make
// groups. Elsewhere the test is skipped: the scenarios do the same in a guest.
func realMount(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		where, kind, _ := strings.Cut(line, " - ")
		if fields := strings.Fields(where); strings.HasPrefix(kind, "cgroup2 ") && len(fields) > 4 && unix.Access(fields[4], unix.W_OK) == nil {
			return fields[4]
		}
	}
	t.Skip("no cgroup2 that this user may write to; in a guest TestRehearsal of test/scenarios does what this does")
	return ""
}

// made makes a group of the test's own, until the test ends.
func made(t *testing.T) (mount, path string) {
	t.Helper()
	mount, path = realMount(t), "/reprieve-memcg-test-"+strconv.Itoa(os.Getpid())
	if err := Make(mount, path, soon()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Remove(mount, path, soon()); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(mount + path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("Stat of the removed group = %v, want that it is not there", err)
		}
	})
	return mount, path
}

func soon() time.Time { return time.Now().Add(20 * time.Second) }

// sleeper starts a process in the group.
func sleeper(t *testing.T, g *Group) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if err := g.Admit(started(t, cmd)); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func killed(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != unix.SIGKILL {
		t.Errorf("the process ended by %v, want SIGKILL", cmd.ProcessState)
	}
}

// Ensure a process that was admitted is seen, frozen, thawed and killed, on the real kernel.
func TestGroup_Admit(t *testing.T) {
	mount, path := made(t)
	g := opened(t, mount, path)
	cmd := sleeper(t, g)
	var buf Buffer
	if populated, err := g.Populated(&buf); !populated || err != nil {
		t.Errorf("Populated() = %v, %v, want true", populated, err)
	}
	if err := g.AwaitEmpty(time.Now()); !errors.Is(err, ErrLate) {
		t.Errorf("AwaitEmpty of a group with a process = %v, want ErrLate", err)
	}
	for _, frozen := range []bool{true, false} {
		if err := g.AwaitFrozen(frozen, time.Now().Add(10*time.Millisecond)); frozen && !errors.Is(err, ErrLate) {
			t.Errorf("AwaitFrozen(%v) before = %v, want ErrLate", frozen, err)
		}
		if err := g.write(Freeze, map[bool]string{true: "1", false: "0"}[frozen]); err != nil {
			t.Fatal(err)
		}
		if err := g.AwaitFrozen(frozen, soon()); err != nil {
			t.Errorf("AwaitFrozen(%v) = %v", frozen, err)
		}
	}
	if err := g.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := g.AwaitEmpty(soon()); err != nil {
		t.Errorf("AwaitEmpty() = %v", err)
	}
	killed(t, cmd)
}

// Ensure a group that an earlier process left, its process frozen, is ended
// before it is made anew, and that what is gone needs nothing.
func TestMake_Leftover(t *testing.T) {
	mount, path := made(t)
	g := opened(t, mount, path)
	cmd := sleeper(t, g)
	if err := g.write(Freeze, "1"); err != nil {
		t.Fatal(err)
	}
	if err := Make(mount, path, soon()); err != nil {
		t.Fatalf("Make over a group with a frozen process = %v", err)
	}
	killed(t, cmd)
	if again := opened(t, mount, path); again.Inode == g.Inode {
		t.Errorf("inode %d as before, want a new group", g.Inode)
	}
	if err := g.AwaitEmpty(soon()); err != nil {
		t.Errorf("AwaitEmpty of a group that is gone = %v", err)
	}
	if err := g.AwaitFrozen(true, soon()); !IsGone(err) {
		t.Errorf("AwaitFrozen of a group that is gone = %v, want ErrGone", err)
	}
}

// Ensure a group that cannot be made or removed is told with its path and why.
func TestMake_Refused(t *testing.T) {
	mount, path := made(t)
	if err := os.WriteFile(filepath.Join(mount, path, "cgroup.max.descendants"), []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	err := Make(mount, path+"/inner", soon())
	var fe *FileError
	if !errors.Is(err, unix.EAGAIN) || !errors.As(err, &fe) || fe.Path != path+"/inner" {
		t.Errorf("Make below cgroup.max.descendants=0 = %v, want EAGAIN with the path", err)
	}
	if err := Make(mount, path+"/nowhere/inner", soon()); !IsGone(err) {
		t.Errorf("Make in a group that is not there = %v, want ErrGone", err)
	}
	if err := Remove(mount, path+"/inner", soon()); err != nil {
		t.Errorf("Remove of a group that is not there = %v", err)
	}
}

// Ensure the removal of a group that cannot be emptied ends with its deadline.
func TestRemove_Late(t *testing.T) {
	mount, path := made(t)
	if err := Make(mount, path+"/inner", soon()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(mount + path + "/inner") }) // before that of made
	if err := Remove(mount, path, time.Now()); !errors.Is(err, ErrLate) || !errors.Is(err, unix.EBUSY) {
		t.Errorf("Remove of a group with one in it = %v, want ErrLate and EBUSY", err)
	}
}

// Ensure the question whether process_mrelease is permitted harms nobody.
func TestMayRelease(t *testing.T) {
	if err := MayRelease(); err != nil {
		t.Errorf("MayRelease() = %v", err)
	}
}
