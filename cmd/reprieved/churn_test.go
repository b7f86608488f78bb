package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// churnPairs is how many groups TestChurn makes and removes; CHURN in the
// environment is another number (a million takes some minutes).
const churnPairs = 20_000

// churnName is that of this process: two may run at a time.
func churnName() string { return "reprievechurn" + strconv.Itoa(os.Getpid()) }

// groundForChurn is where groups are made: where Linux mounts cgroup2, alone or beside
// cgroup1, with or without a memory controller; elsewhere a directory.
func groundForChurn(t *testing.T) string {
	for _, mount := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var fs unix.Statfs_t
		if err := unix.Statfs(mount, &fs); err != nil || fs.Type != unix.CGROUP2_SUPER_MAGIC {
			continue
		}
		probe := filepath.Join(mount, churnName()+".slice")
		if err := os.Mkdir(probe, 0o755); err == nil || os.IsExist(err) {
			t.Cleanup(func() { _ = os.Remove(probe) })
			return mount
		}
	}
	return t.TempDir()
}

// held is what a daemon has in use.
type held struct {
	fds, watches, nodes, leaves, far, byLeaf, psi, watched, taking, backlog int
	heapBytes                                                               uint64
}

func (s *shell) held() held {
	var h held
	s.onLoop(func() {
		d := s.d
		h = held{
			byLeaf: len(d.byLeaf), psi: len(d.psi), watched: len(d.crowd.watched), taking: len(d.taking),
			backlog: len(d.backlog) + len(d.dropped) + d.owed,
		}
		if n := d.tree.Lookup(churnName() + ".slice"); n != nil {
			h.nodes = len(n.Children()) // others may make groups beside it
		}
		for _, one := range d.slices {
			h.leaves, h.far = h.leaves+len(one.leaves), h.far+len(one.far)
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(d.tree.Fd()))
		if err != nil {
			s.t.Error(err)
		}
		h.watches = bytes.Count(info, []byte("inotify wd:"))
	})
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		s.t.Fatal(err)
	}
	h.fds = len(fds)
	s.told.forget()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.heapBytes = m.HeapAlloc
	return h
}

// idle waits until nothing is under way, and the rosters of what is gone are closed.
func (s *shell) idle() {
	s.t.Helper()
	s.wait("nothing to be under way", func() bool {
		idle := false
		s.onLoop(func() {
			s.d.treeReady(0)
			idle = s.d.rearmAt == 0 && s.d.owed == 0 && len(s.d.backlog) == 0 && len(s.d.dropped) == 0 && !s.d.dropping.busy
		})
		return idle
	})
}

// Ensure groups that come and go, thousands a second, leave nothing behind:
// neither in a watched slice, where some stay open, nor as one that is watched.
func TestChurn(t *testing.T) {
	pairs := churnPairs
	if text := os.Getenv("CHURN"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("CHURN=%q: want how many groups to make and remove", text)
		}
		pairs = n
	}
	mount := groundForChurn(t)
	slice := filepath.Join(mount, churnName()+".slice")
	s := newShellAt(t, mount, map[string]string{churnName() + ".slice": "[pressure]\nfull = \"50%\"\n", churnName() + "-9.slice": "[pressure]\nfull = \"50%\"\n"})
	t.Cleanup(func() {
		left, _ := filepath.Glob(filepath.Join(slice, "*.slice"))
		for _, dir := range left {
			_ = os.Remove(dir)
		}
	})
	const together = 32
	some := func(n int) {
		for i := 0; i < n; i += together {
			each := func(do func(dir string) error) {
				for k := range together {
					if err := do(filepath.Join(slice, fmt.Sprintf("%s-%d.slice", churnName(), (i+k)%300))); err != nil {
						t.Fatal(err)
					}
				}
			}
			each(func(dir string) error { return os.Mkdir(dir, 0o755) })
			s.onLoop(func() { s.d.treeReady(0) }) // all of them are seen, and are being opened
			each(os.Remove)
		}
		s.idle()
	}
	some(min(pairs/4, 2000)) // what is made once
	before := s.held()
	began := time.Now()
	some(pairs)
	t.Logf("%d pairs on %s in %s, %.0f a second", pairs, mount, time.Since(began).Round(time.Millisecond), float64(pairs)/time.Since(began).Seconds())
	s.same(before)
}

// same compares what is in use with what was.
func (s *shell) same(before held) {
	s.t.Helper()
	after := s.held()
	s.t.Logf("before %+v", before)
	s.t.Logf("after  %+v", after)
	const noise = 1 << 20 // of the runtime and of the test
	if after.heapBytes > before.heapBytes+noise {
		s.t.Errorf("heap of %d bytes after it, %d before", after.heapBytes, before.heapBytes)
	}
	after.heapBytes, before.heapBytes = 0, 0
	if after != before {
		s.t.Errorf("in use\n  after %+v\nbefore %+v", after, before)
	}
}
