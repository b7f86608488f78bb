package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"reprieve/controller"
	"reprieve/internal/worker"
)

// crowded is a shell whose w.slice has more leaves than are kept open: two of
// newShell's, and n of 10 MiB each, w-l000.slice and on.
func crowded(t *testing.T, policy string, n int, more ...map[string]int) *shell {
	groups := map[string]int{}
	for i := range n {
		groups[fmt.Sprintf("w.slice/w-l%03d.slice", i)] = 10
	}
	return newShell(t, policy, append(more, groups)...)
}

// census counts the leaves of w.slice that are open, being opened and far.
func (s *shell) count() (open, opening, far int) {
	s.onLoop(func() {
		one := s.d.slices[0]
		for _, lf := range one.leaves {
			if lf.leaf == nil {
				opening++
			} else {
				open++
			}
		}
		far = len(one.far)
	})
	return open, opening, far
}

// breach makes the counter rise and wakes the loop.
func (s *shell) breach() {
	s.t.Helper()
	s.write("w.slice", "memory.events", "max 109")
	s.onLoop(func() { s.d.slices[0].dirty = true })
	s.wait("the breach", func() bool { return strings.Contains(s.told.String(), "w.slice is in breach") })
}

// calmly is watchOnly for an episode that ends soon.
const calmly = "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"1m\"\ncalm = \"4s\"\n"

// Ensure no more leaves are kept open than the budget has; that at a breach the
// largest of the others are opened, one that grows is held, and some time after
// the episode all of these are closed again, armed as they were.
func TestFar_OpenedForAnEpisode(t *testing.T) {
	s := crowded(t, calmly, 400)
	s.wait("all that are kept open to be", func() bool { open, opening, _ := s.count(); return open == readyLeaves && opening == 0 })
	if _, _, far := s.count(); far != 402-readyLeaves {
		t.Fatalf("%d leaves are far, want %d", far, 402-readyLeaves)
	}
	s.wait("the far to be armed", func() bool { return s.read("w.slice/w-l399.slice/memory.oom.group") == "1" })

	s.idle()
	before := s.held().fds
	s.breach()
	s.wait("the largest to be opened", func() bool { open, opening, _ := s.count(); return open == readyLeaves+moreLeaves/2 && opening == 0 })
	var grower string
	s.onLoop(func() {
		for n := range s.d.slices[0].far {
			grower = n.Path
		}
	})
	s.write(grower, "memory.current", "104857600") // from 10 MiB: it is opened, and what it had before counts
	s.wait("the grower to be held", func() bool { return s.read(grower, "memory.high") != none })
	s.wait("the relief", func() bool { return strings.Contains(s.told.String(), "w.slice is calm again") })
	s.wait("the old limit", func() bool { return s.read(grower, "memory.high") == none })

	s.onLoop(func() {
		if at := s.d.slices[0].census.closeAt; at < s.d.now()+closeAfter/2 {
			t.Errorf("those opened are closed at %s, now it is %s, want them open for a while", at, s.d.now())
		}
	})
	s.wait("those opened to be closed", func() bool {
		s.onLoop(func() { s.d.slices[0].census.closeAt = s.d.now() }) // again, should one have been busy
		open, _, far := s.count()
		return open == readyLeaves && far == 402-readyLeaves
	})
	s.wait("as few descriptors as before", func() bool { return s.held().fds <= before })
	s.onLoop(func() {
		if b := s.d.crowd.budget; b.used[moreSlot] != 0 || b.used[readySlot] != readyLeaves || s.d.slices[0].anyMore() {
			t.Errorf("budget %+v, want %d ready, none more", b.used, readyLeaves)
		}
	})
	if got := s.read(grower, "memory.oom.group"); got != "1" {
		t.Errorf("memory.oom.group of the grower = %q when it is closed, want it armed still", got)
	}
}

// Ensure a far leaf can be the choice: it is compared with all others, opened
// for it, and stopped.
func TestFar_Chosen(t *testing.T) {
	s := crowded(t, "[pressure]\nevents = [\"max\"]\n[hold]\nby = \"none\"\ndelay = \"0s\"\n[stop]\nsettle = \"1s\"\n", 300,
		map[string]int{"w.slice/w-z.slice": 800, "w.slice/w-y.slice": 700})
	_, _, far := s.count()
	all := s.weighed("largest")
	if got := names(all[:3]); far == 0 || got != "w-z.slice, w-y.slice, w-a.slice" && got != "w-z.slice, w-y.slice, w-b.slice" {
		t.Errorf("first %s of %d far leaves, want w-z.slice and w-y.slice", got, far)
	}
	s.write("w.slice", "memory.events", "max 109")
	s.onLoop(func() { s.d.slices[0].dirty = true })
	s.wait("the kill", func() bool { return s.read("w.slice/w-z.slice/cgroup.kill") == "1" })
	s.write("w.slice/w-z.slice/cgroup.events", "populated 0")
	s.wait("the end of it", func() bool { return strings.Contains(s.told.String(), "after the stop of w-z.slice") })
	for _, other := range []string{"w-y.slice", "w-a.slice", "w-l299.slice"} {
		if got := s.read("w.slice", other, "cgroup.kill"); got != "" {
			t.Errorf("cgroup.kill of %s = %q, want nothing", other, got)
		}
	}
}

// Ensure a far leaf that is just being opened is compared with the others all the same: it is in neither list then.
func TestFar_BeingOpened(t *testing.T) {
	s := crowded(t, watchOnly, 300, map[string]int{"w.slice/w-z.slice": 800})
	s.opened()
	gate := make(chan bool)
	var first string
	s.onLoop(func() {
		one, d := s.d.slices[0], s.d
		d.later(func() worker.Answer { <-gate; return nil }) // nothing is opened before it
		f := one.far[d.tree.Lookup("/w.slice/w-z.slice")]
		if f == nil {
			t.Error("w-z.slice is not far")
			return
		}
		d.crowd.budget.take(moreSlot)
		d.openFar(one, f)
		w := d.weighing(one, controller.Scale{Order: one.m.Rules().Order})
		w.Run()
		first = w.all[0].Unit
		d.dismiss(w)
	})
	close(gate)
	if first != "w-z.slice" {
		t.Errorf("first %q while w-z.slice is being opened, want that one", first)
	}
}

// Ensure what protects a leaf protects a far one: its name, what is in it, its
// extended attribute; and that what comes into it later counts.
func TestFar_Spared(t *testing.T) {
	s := crowded(t, watchOnly, 300, map[string]int{"w.slice/w-z.slice": 800, "w.slice/w-y.slice": 700, "w.slice/w-x.slice": 600})
	if err := os.Mkdir(filepath.Join(s.root, "w.slice/w-z.slice/systemd-journald.service"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.setxattr("w.slice/w-y.slice", "user.oomd_omit")
	s.onLoop(func() { s.d.treeReady(0) })
	if got, want := s.weighed("largest")[0].Unit, "w-x.slice"; got != want {
		t.Errorf("first %s, want %s: the larger are spared", got, want)
	}
}

// Ensure a subtree of far leaves counts with all of them.
func TestFar_Subtree(t *testing.T) {
	more := map[string]int{"w.slice/w-y.slice": 300}
	for i := range 20 {
		more[fmt.Sprintf("w.slice/w-z.slice/w-z-%02d.slice", i)] = 20 + i
	}
	s := crowded(t, watchOnly, 300, more)
	if got, want := s.weighed("largest")[0].Unit, "w-z-19.slice"; got != want {
		t.Errorf("first %s, want %s: together they are larger", got, want)
	}
}

// Ensure whose processes the kernel killed is known of far leaves as well.
func TestFar_KernelKills(t *testing.T) {
	s := crowded(t, watchOnly, 300, map[string]int{"w.slice/w-z.slice": 50})
	s.wait("the far to be counted", func() bool {
		counted := true
		s.onLoop(func() {
			for _, f := range s.d.slices[0].far {
				counted = counted && f.counted
			}
		})
		return counted
	})
	s.write("w.slice/w-z.slice", "memory.events", "max 0\noom 0\nhigh 0\noom_kill 7")
	var kills uint64
	s.onLoop(func() {
		one := s.d.slices[0]
		w := s.d.weighing(one, controller.Scale{Order: one.m.Rules().Order, Kernel: true})
		w.Run()
		for i := range w.all {
			if w.all[i].Unit == "w-z.slice" {
				kills = w.all[i].Kills
			}
		}
		w.keepKills()
		s.d.dismiss(w)
		if got := one.far[s.d.tree.Lookup("/w.slice/w-z.slice")].kills; got != 7 {
			t.Errorf("oom_kill of w-z.slice remembered as %d, want 7", got)
		}
	})
	if kills != 7 {
		t.Errorf("w-z.slice: %d kills, want 7", kills)
	}
}

// Ensure a small limit on open files leaves room for all else, and a large one
// is not used up.
func TestNewBudget(t *testing.T) {
	for _, tt := range []struct {
		files       uint64
		ready, more int
	}{{1 << 19, 256, 256}, {20_000, 256, 256}, {4096, 118, 118}, {1024, 29, 29}, {64, 1, 1}, {0, 0, 0}} {
		b := newBudget(tt.files)
		if b.most[readySlot] != tt.ready || b.most[moreSlot] != tt.more {
			t.Errorf("newBudget(%d) = %d ready and %d more, want %d and %d", tt.files, b.most[readySlot], b.most[moreSlot], tt.ready, tt.more)
		}
		if all := uint64(tt.ready+tt.more) * leafFds; all > tt.files {
			t.Errorf("newBudget(%d): leaves take %d files", tt.files, all)
		}
	}
	if want := 1 + len(leafFiles); leafFds != want {
		t.Errorf("leafFds = %d, want %d: the directory and leafFiles", leafFds, want)
	}
}

func (s *shell) setxattr(dir, name string) {
	s.t.Helper()
	if err := unix.Setxattr(filepath.Join(s.root, dir), name, []byte("1"), 0); err != nil {
		s.t.Fatal(err)
	}
}
