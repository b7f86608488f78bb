package memcg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// Ensure a tree that gets no more watches goes on, counts what it cannot follow,
// and catches up when it looks again.
func TestTree_Unwatched(t *testing.T) {
	root := t.TempDir()
	mkdir(t, root, "a.slice/a-b.slice")
	mkdir(t, root, "c.slice")
	tree := newTree(t, root)
	if got := tree.Unwatched(); got != 0 {
		t.Fatalf("Unwatched() = %d with watches for all, want 0", got)
	}
	tree.most = len(tree.byWatch)
	mkdir(t, root, "d.slice/d-e.slice")
	if got, want := drained(t, tree), []string{"+/d.slice", "+/d.slice/d-e.slice"}; !cmp.Equal(got, want) {
		t.Fatalf("changes %q, want %q", got, want)
	}
	if got := tree.Unwatched(); got != 2 {
		t.Errorf("Unwatched() = %d, want d.slice and d-e.slice", got)
	}
	mkdir(t, root, "d.slice/d-f.slice")
	if got := drained(t, tree); len(got) != 0 {
		t.Errorf("changes %q in a slice without a watch, want none", got)
	}
	relist := func() (got []string) {
		t.Helper()
		if err := tree.Relist(func(c Change) { got = append(got, c.Node.Path) }); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got, want := relist(), []string{"/d.slice/d-f.slice"}; !cmp.Equal(got, want) {
		t.Errorf("Relist told %q, want %q", got, want)
	}
	if err := os.RemoveAll(filepath.Join(root, "d.slice")); err != nil {
		t.Fatal(err)
	}
	drained(t, tree)
	if tree.Unwatched() != 0 || tree.Lookup("/d.slice") != nil {
		t.Errorf("%d unwatched after d.slice went, want none", tree.Unwatched())
	}
	mkdir(t, root, "g.slice")
	drained(t, tree)
	tree.most = 0
	if relist(); tree.Unwatched() != 0 {
		t.Errorf("%d unwatched when there are watches again, want none", tree.Unwatched())
	}
}

// Ensure a tree takes half of the watches there are, and all where it cannot tell.
func TestWatchesOf(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int
	}{{"8192\n", 4096}, {"1\n", 1}, {"0\n", 1}, {"-1\n", 0}, {"many\n", 0}} {
		file := filepath.Join(t.TempDir(), "max")
		if err := os.WriteFile(file, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := watchesOf(file); got != tt.want {
			t.Errorf("watchesOf(%q) = %d, want %d", tt.text, got, tt.want)
		}
	}
	if got := watchesOf(filepath.Join(t.TempDir(), "none")); got != 0 {
		t.Errorf("watchesOf(no file) = %d, want 0", got)
	}
}

// Ensure a node knows whether slices are in it and whether it is still there,
// and the tree how many it has.
func TestTree_Counts(t *testing.T) {
	root := t.TempDir()
	mkdir(t, root, "a.slice/x.service")
	tree := newTree(t, root)
	a := tree.Lookup("/a.slice")
	if a.HasInner() || !a.There() || tree.Size() != 3 {
		t.Errorf("a.slice: HasInner %v, There %v, Size %d, want false, true, 3", a.HasInner(), a.There(), tree.Size())
	}
	mkdir(t, root, "a.slice/a-b.slice")
	drained(t, tree)
	if !a.HasInner() || tree.Size() != 4 {
		t.Errorf("with a-b.slice: HasInner %v, Size %d, want true, 4", a.HasInner(), tree.Size())
	}
	if err := os.Remove(filepath.Join(root, "a.slice/a-b.slice")); err != nil {
		t.Fatal(err)
	}
	drained(t, tree)
	if a.HasInner() {
		t.Error("HasInner() = true after a-b.slice went, want false")
	}
	if err := os.RemoveAll(filepath.Join(root, "a.slice")); err != nil {
		t.Fatal(err)
	}
	drained(t, tree)
	if a.There() || tree.Size() != 1 {
		t.Errorf("after a.slice went: There %v, Size %d, want false, 1", a.There(), tree.Size())
	}
}

// Ensure a look in passing reads what is there, leaves nothing open, and takes
// no later group of the same path for the one that was meant.
func TestGlance(t *testing.T) {
	root := plant(t, map[string]string{
		"w.slice/memory.current": "4096\n", "w.slice/memory.swap.current": "8192\n", "w.slice/memory.events": "oom_kill 3\n",
		"bare.slice/memory.events": "oom_kill 0\n", "odd.slice/memory.current": "many\n",
	})
	var st unix.Stat_t
	inode := func(dir string) uint64 {
		if err := unix.Stat(filepath.Join(root, dir), &st); err != nil {
			t.Fatal(err)
		}
		return st.Ino
	}
	if err := unix.Setxattr(filepath.Join(root, "w.slice"), "user.oomd_avoid", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	var buf Buffer
	before := openFiles(t)
	got, err := Glance(root, "/w.slice", inode("w.slice"), &buf)
	if want := (Glimpse{UsageBytes: 4096, SwapBytes: 8192, Preference: Avoid, Owner: uint32(os.Getuid())}); err != nil || got != want {
		t.Errorf("Glance(w.slice) = %+v, %v, want %+v", got, err, want)
	}
	if e, err := GlanceEvents(root, "/w.slice", inode("w.slice"), &buf); err != nil || e.OOMKill != 3 {
		t.Errorf("GlanceEvents(w.slice) = %+v, %v, want three kills", e, err)
	}
	for _, tt := range []struct {
		path  string
		inode uint64
		want  error
	}{
		{"/w.slice", inode("w.slice") + 1, ErrGone},
		{"/none.slice", 1, ErrGone},
		{"/bare.slice", inode("bare.slice"), ErrAbsent},
		{"/odd.slice", inode("odd.slice"), ErrMalformed},
	} {
		if _, err := Glance(root, tt.path, tt.inode, &buf); !errors.Is(err, tt.want) {
			t.Errorf("Glance(%s, %d) = %v, want %v", tt.path, tt.inode, err, tt.want)
		}
	}
	if _, err := OpenAs(root, "/w.slice", inode("w.slice")+1, Current); !errors.Is(err, ErrGone) {
		t.Errorf("OpenAs of another inode = %v, want %v", err, ErrGone)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files open after it, want %d as before", after, before)
	}
}

// crowd makes n slices in a directory.
func crowd(b *testing.B, dir string, n int) {
	b.Helper()
	for i := range n {
		if err := os.Mkdir(filepath.Join(dir, fmt.Sprintf("w-%05d.slice", i)), 0o755); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTree is what the tree costs: to open it over so many slices, and to
// take in as many that are made.
func BenchmarkTree(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run("open/"+strconv.Itoa(n), func(b *testing.B) {
			root := b.TempDir()
			crowd(b, root, n)
			b.ReportAllocs()
			for b.Loop() {
				tree, err := OpenTree(root, isSlice)
				if err != nil {
					b.Fatal(err)
				}
				if tree.Size() != n+1 {
					b.Fatalf("Size() = %d, want %d", tree.Size(), n+1)
				}
				tree.Close()
			}
		})
		b.Run("drain/"+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				root := b.TempDir()
				tree, err := OpenTree(root, isSlice)
				if err != nil {
					b.Fatal(err)
				}
				crowd(b, root, n)
				b.StartTimer()
				if err := tree.Drain(func(Change) {}); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if tree.Size() != n+1 {
					b.Fatalf("Size() = %d, want %d", tree.Size(), n+1)
				}
				tree.Close()
				b.StartTimer()
			}
		})
	}
}
