package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/plugins"
)

// groupFiles is what a planted group has.
func groupFiles(usage int) map[string]string {
	return map[string]string{
		"memory.current": strconv.Itoa(usage << 20), "memory.high": none, "memory.pressure": "some total=0\nfull total=0",
		"memory.events": "max 0\noom 0\nhigh 0\noom_kill 0", "memory.events.local": "high 0", "memory.stat": "active_anon " + strconv.Itoa(usage<<20),
		"memory.swap.current": "0", "memory.min": "0", "memory.low": "0", "memory.oom.group": "0", "cgroup.events": "populated 1", "cgroup.procs": "", "cgroup.kill": "",
	}
}

// weighed weighs the slice's leaves by an order and returns them as they were ranked.
func (s *shell) weighed(order ...string) []controller.Candidate {
	s.t.Helper()
	s.opened()
	c := make(chan []controller.Candidate)
	s.d.desk.Post(func() {
		w := s.d.weighing(s.d.slices[0], controller.Scale{Order: plugins.Order(order)})
		w.Run()
		all := w.all
		s.d.dismiss(w)
		c <- all
	})
	return <-c
}

// opened waits until all leaves are open.
func (s *shell) opened() {
	s.t.Helper()
	s.wait("all leaves to be open", func() bool {
		return s.ask(func() bool {
			open := true
			for _, lf := range s.d.slices[0].leaves {
				open = open && lf.leaf != nil
			}
			return open
		})
	})
}

// ask asks something on the loop.
func (s *shell) ask(what func() bool) bool {
	c := make(chan bool)
	s.d.desk.Post(func() { c <- what() })
	return <-c
}

func names(all []controller.Candidate) string {
	var s []string
	for i := range all {
		text := all[i].Unit
		if why := all[i].Excluded(); why != "" {
			text += " (" + why + ")"
		}
		s = append(s, text)
	}
	return strings.Join(s, ", ")
}

const watchOnly = "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"5m\"\n"

// Ensure a subtree with memory.oom.group is one candidate, with all that is in it, and one that we armed is not.
func TestWeighing_OOMGroup(t *testing.T) {
	s := newShell(t, watchOnly, map[string]int{"w.slice/w-g.slice": 170, "w.slice/w-g.slice/w-g-x.slice": 80, "w.slice/w-g.slice/w-g-y.slice": 90})
	if got, want := names(s.weighed("largest")), "w-g-y.slice, w-g-x.slice, w-a.slice, w-b.slice"; got != want {
		t.Errorf("candidates %s, want %s", got, want)
	}
	s.write("w.slice/w-g.slice", "memory.oom.group", "1")
	all := s.weighed("largest")
	if got, want := names(all), "w-g.slice, w-a.slice, w-b.slice"; got != want {
		t.Fatalf("candidates with memory.oom.group %s, want %s", got, want)
	}
	if got := all[0].Score.FootprintBytes; got != 170<<20 || len(all[0].Leaves) != 2 {
		t.Errorf("w-g.slice: footprint %d with %d leaves, want 170 MiB and 2", got, len(all[0].Leaves))
	}
	if err := unix.Setxattr(filepath.Join(s.root, "w.slice/w-g.slice"), "user.reprieve_armed", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	if got := names(s.weighed("largest")); strings.Contains(got, "w-g.slice") {
		t.Errorf("candidates with a group that we armed: %s, want its leaves", got)
	}
}

// Ensure what lies in a protected slice is protected with it, also where that slice is the one that is watched.
func TestWeighing_ProtectedSlice(t *testing.T) {
	s := newShell(t, watchOnly)
	s.onLoop(func() {
		s.d.conf.Protect = append(s.d.conf.Protect, "w.slice")
		s.d.restale()
	})
	if got, want := names(s.weighed("largest")), "w-a.slice (protected (w.slice)), w-b.slice (protected (w.slice))"; got != want {
		t.Errorf("candidates %s, want %s", got, want)
	}
}

// Ensure the extended attributes of systemd-oomd count, those of a group above too, and not where an unprivileged owner set them.
func TestWeighing_Preferences(t *testing.T) {
	s := newShell(t, watchOnly, map[string]int{
		"w.slice/w-p.slice": 20, "w.slice/w-v.slice": 300, "w.slice/w-o.slice": 400, "w.slice/w-o.slice/w-o-x.slice": 400, "w.slice/w-f.slice": 350, "w.slice/w-z.slice": 120,
	})
	for dir, name := range map[string]string{"w-p.slice": "user.oomd_prefer", "w-v.slice": "user.oomd_avoid", "w-o.slice": "user.oomd_omit", "w-f.slice": "user.oomd_omit"} {
		if err := unix.Setxattr(filepath.Join(s.root, "w.slice", dir), name, []byte("1"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(filepath.Join(s.root, "w.slice/w-f.slice"), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	const want = "w-p.slice, w-f.slice, w-z.slice, w-a.slice, w-b.slice, w-v.slice, w-o-x.slice (left out by user.oomd_omit)"
	all := s.weighed("largest")
	if got := names(all); got != want {
		t.Errorf("candidates\n got %s\nwant %s", got, want)
	}
	for i := range all {
		if got, want := all[i].Forged, all[i].Unit == "w-f.slice"; got != want {
			t.Errorf("%s: forged %v, want %v", all[i].Unit, got, want)
		}
	}
}

// Ensure memory.low keeps a group from being the largest, and that only those are read closer that can still win.
func TestWeighing_ProtectionAndCost(t *testing.T) {
	s := newShell(t, watchOnly, map[string]int{"w.slice/w-c.slice": 500, "w.slice/w-d.slice": 300, "w.slice/w-e.slice": 30, "w.slice/w-h.slice": 20})
	s.write("w.slice/w-c.slice", "memory.low", strconv.Itoa(490<<20))
	all := s.weighed("largest")
	if all[0].Unit != "w-d.slice" {
		t.Errorf("first %s, want w-d.slice: w-c.slice is protected but for 10 MiB", all[0].Unit)
	}
	measured := map[string]bool{}
	for i := range all {
		measured[all[i].Unit] = all[i].Measured
	}
	if !measured["w-c.slice"] || !measured["w-d.slice"] || measured["w-e.slice"] || measured["w-a.slice"] {
		t.Errorf("memory.stat was read of %v, want of w-c.slice and w-d.slice alone", measured)
	}
}

// Ensure what a group has in memory and in swap at once counts once: otherwise who is being swapped seems larger than it is.
func TestWeighing_SwapCached(t *testing.T) {
	s := newShell(t, watchOnly, map[string]int{"w.slice/w-c.slice": 150, "w.slice/w-d.slice": 170})
	s.write("w.slice/w-c.slice", "memory.swap.current", strconv.Itoa(40<<20))
	s.write("w.slice/w-c.slice", "memory.stat", fmt.Sprintf("active_anon %d\nswapcached %d", 150<<20, 40<<20))
	if got := s.weighed("largest"); got[0].Unit != "w-d.slice" || got[1].Score.FootprintBytes != 150<<20 {
		t.Errorf("first %s, then %s with %d bytes, want w-d.slice, then w-c.slice with 150 MiB", got[0].Unit, got[1].Unit, got[1].Score.FootprintBytes)
	}
}

// BenchmarkWeigh is what a choice costs: reads of memory.current and memory.swap.current grow with the leaves, those of memory.stat do not.
func BenchmarkWeigh(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			r := benchLeaves(b, n)
			b.ResetTimer()
			stats := 0
			for b.Loop() {
				w := r.weighing()
				w.mount, w.scale = filepath.Dir(r.self.Path), controller.Scale{Order: plugins.Order([]string{"largest"})}
				w.Run()
				stats += w.reads
				r.giveBack(nil, w)
			}
			b.ReportMetric(float64(stats)/float64(b.N), "memory.stat/op")
			b.ReportMetric(float64(2*n), "memory.current+swap.current/op")
		})
	}
}

// benchLeaves plants leaves of ordinary files, linked to save inodes, and opens what a choice reads of them. A thousand of them are
// real, for the sake of the limit on open files; beyond that each is read several times.
func benchLeaves(b *testing.B, n int) *roster {
	b.Helper()
	root := b.TempDir()
	sizes := make([]string, 16)
	for i := range sizes {
		sizes[i] = filepath.Join(root, strconv.Itoa(i))
		if err := os.WriteFile(sizes[i], []byte(strconv.Itoa((10+i)<<20)+"\n"), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for name, text := range map[string]string{"stat": "active_anon 25165824\n", "events": "populated 1\n", "zero": "0\n", "procs": ""} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	r := &roster{entries: make([]entry, n), levels: make([]controller.Level, n), depth: n}
	open := func(dir string, files ...memcg.File) *memcg.Group {
		g, err := memcg.Open(root, dir)
		if err == nil {
			err = g.Prepare(files...)
		}
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(g.Release)
		return g
	}
	for i := range min(n, 1000) {
		dir := fmt.Sprintf("/w-%05d.slice", i)
		if err := os.Mkdir(root+dir, 0o755); err != nil {
			b.Fatal(err)
		}
		for file, from := range map[string]string{
			"memory.current": sizes[i%len(sizes)], "memory.swap.current": root + "/zero", "memory.stat": root + "/stat",
			"cgroup.events": root + "/events", "cgroup.procs": root + "/procs",
		} {
			if err := os.Link(from, root+dir+"/"+file); err != nil {
				b.Fatal(err)
			}
		}
		g := open(dir, memcg.Current, memcg.SwapCurrent, memcg.StatFile, memcg.CgroupEvents)
		for j := i; j < n; j += 1000 {
			inode := uint64(j + 1)
			l := controller.NewLeaf(dir[1:], dir, inode)
			r.levels[j] = controller.Level{Unit: l.Unit, Path: dir, Inode: inode}
			r.entries[j] = entry{
				lf: &leaf{leaf: l, group: g}, group: g, way: []int{j},
				candidate: controller.Candidate{Unit: l.Unit, Path: dir, Inode: inode, Leaves: []*controller.Leaf{l}},
			}
		}
	}
	r.self = open("/")
	r.spare = []*weighing{r.another()}
	return r
}
