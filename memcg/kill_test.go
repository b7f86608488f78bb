package memcg

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Ensure Kill writes the one the kernel wants.
func TestGroup_Kill(t *testing.T) {
	root := plant(t, map[string]string{"a.slice/cgroup.kill": ""})
	if err := opened(t, root, "/a.slice").Kill(); err != nil {
		t.Fatal(err)
	}
	if got := text(t, root, "a.slice/cgroup.kill"); got != "1" {
		t.Errorf("cgroup.kill = %q, want 1", got)
	}
}

// Ensure one process that may be killed makes a group mortal, and an empty
// group is not immune.
func TestGroup_Immune(t *testing.T) {
	root := plant(t, map[string]string{
		"a.slice/cgroup.procs": fmt.Sprintf("%d\n", os.Getpid()),
		"b.slice/cgroup.procs": "",
	})
	for _, path := range []string{"/a.slice", "/b.slice"} {
		if got, err := opened(t, root, path).Immune(); got || err != nil {
			t.Errorf("%s: Immune() = %v, %v, want false", path, got, err)
		}
	}
}

// Ensure the marks count up from what is there.
func TestGroup_MarkStopped(t *testing.T) {
	root := plant(t, map[string]string{"a.service/cgroup.procs": "1\n2\n", "a.service/inner/cgroup.procs": "3\n"})
	g := opened(t, root, "/a.service")
	for i, want := range []struct{ ooms, kill string }{{"1", "3"}, {"2", "6"}} {
		if err := g.MarkStopped(); err != nil {
			t.Fatalf("MarkStopped(): %v (the test's temporary directory needs user extended attributes)", err)
		}
		for name, want := range map[string]string{"user.oomd_ooms": want.ooms, "user.oomd_kill": want.kill} {
			var buf [32]byte
			n, err := unix.Getxattr(filepath.Join(root, "a.service"), name, buf[:])
			if err != nil || string(buf[:n]) != want {
				t.Errorf("mark %d: %s = %q, %v, want %s", i+1, name, buf[:max(n, 0)], err, want)
			}
		}
	}
}
