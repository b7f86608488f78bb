package memcg

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func isSlice(name string) bool { return strings.HasSuffix(name, ".slice") }

func drained(t *testing.T, tree *Tree) []string {
	t.Helper()
	var got []string
	if err := tree.Drain(func(c Change) {
		sign := "+"
		if c.Gone {
			sign = "-"
		}
		got = append(got, sign+c.Node.Path)
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func mkdir(t *testing.T, parts ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(parts...), 0o755); err != nil {
		t.Fatal(err)
	}
}

func newTree(t *testing.T, root string) *Tree {
	t.Helper()
	tree, err := OpenTree(root, isSlice)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree
}

// Ensure the tree knows what is there, descends into slices only, and follows
// what comes and goes.
func TestTree_Follows(t *testing.T) {
	root := t.TempDir()
	mkdir(t, root, "a.slice/a-b.slice/x.service/inner")
	mkdir(t, root, "init.scope")
	tree := newTree(t, root)
	if n := tree.Lookup("/a.slice/a-b.slice/x.service"); n == nil || n.Inner {
		t.Fatalf("Lookup(x.service) = %v, want it, not descended into", n)
	}
	if n := tree.Lookup("/a.slice/a-b.slice/x.service/inner"); n != nil {
		t.Errorf("the inside of a service is known (%v), want it left alone", n)
	}
	mkdir(t, root, "a.slice/a-c.slice/y.service")
	mkdir(t, root, "init.scope/sub")
	if got, want := drained(t, tree), []string{"+/a.slice/a-c.slice", "+/a.slice/a-c.slice/y.service"}; !cmp.Equal(got, want) {
		t.Errorf("changes %q, want %q", got, want)
	}
	if err := os.RemoveAll(filepath.Join(root, "a.slice/a-b.slice")); err != nil {
		t.Fatal(err)
	}
	got := drained(t, tree)
	if len(got) != 2 || got[len(got)-1] != "-/a.slice/a-b.slice" || tree.Lookup("/a.slice/a-b.slice") != nil {
		t.Errorf("changes %q, want x.service and then a-b.slice gone", got)
	}
}

// Ensure a group made again under its name is another group, and an event that
// is older than what was listed changes nothing.
func TestTree_MadeAgain(t *testing.T) {
	root := t.TempDir()
	mkdir(t, root, "a.slice")
	tree := newTree(t, root)
	was := tree.Lookup("/a.slice")
	// A directory in between keeps the file system from giving the inode again.
	for _, step := range []func() error{
		func() error { return os.Remove(filepath.Join(root, "a.slice")) },
		func() error { return os.Mkdir(filepath.Join(root, "other"), 0o755) },
		func() error { return os.Mkdir(filepath.Join(root, "a.slice"), 0o755) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	got := drained(t, tree)
	want := []string{"-/a.slice", "+/a.slice"}
	if is := tree.Lookup("/a.slice"); is == was || is == nil {
		t.Errorf("Lookup(a.slice) = %v after it was made again, want another node", is)
	}
	if i := indexOf(got, want[0]); i < 0 || i+1 >= len(got) || indexOf(got[i:], want[1]) < 0 {
		t.Errorf("changes %q, want %q among them in this order", got, want)
	}
	if again := drained(t, tree); len(again) != 0 {
		t.Errorf("changes %q with nothing new, want none", again)
	}
}

func indexOf(all []string, one string) int {
	for i, s := range all {
		if s == one {
			return i
		}
	}
	return -1
}

// Ensure an overflow of the kernel's queue loses nothing.
func TestTree_Overflow(t *testing.T) {
	root := t.TempDir()
	mkdir(t, root, "a.slice/old.slice")
	tree := newTree(t, root)
	if err := os.Remove(filepath.Join(root, "a.slice/old.slice")); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		mkdir(t, root, fmt.Sprintf("a.slice/new%d.slice", i))
	}
	var gone, made int
	count := func(c Change) {
		if c.Gone {
			gone++
		} else {
			made++
		}
	}
	overflow := make([]byte, unix.SizeofInotifyEvent)
	overflow[0], overflow[1], overflow[2], overflow[3] = 0xff, 0xff, 0xff, 0xff
	overflow[5] = byte(unix.IN_Q_OVERFLOW >> 8)
	if err := tree.take(overflow, count); err != nil {
		t.Fatal(err)
	}
	if gone != 1 || made != 50 {
		t.Errorf("after an overflow %d gone and %d made, want 1 and 50", gone, made)
	}
	drained(t, tree) // the old events come after
	if got := len(tree.Lookup("/a.slice").Children()); got != 50 {
		t.Errorf("a.slice has %d children, want 50", got)
	}
}

// Ensure each probe names what is missing and how to get it.
func TestProbe_NotCgroup2(t *testing.T) {
	err := Probe(t.TempDir())
	var missing *MissingError
	if !asMissing(err, &missing) || missing.Cure == "" {
		t.Errorf("Probe() = %v, want a MissingError with a cure", err)
	}
}

func asMissing(err error, to **MissingError) bool {
	m, ok := err.(*MissingError)
	*to = m
	return ok
}

// Ensure the root is known by its inode as every other group is: who opens it compares.
func TestTree_RootInode(t *testing.T) {
	root := t.TempDir()
	g, err := Open(root, "/")
	if err != nil {
		t.Fatal(err)
	}
	defer g.Release()
	if got := newTree(t, root).Root.Inode; got != g.Inode || got == 0 {
		t.Errorf("Root.Inode = %d, want %d", got, g.Inode)
	}
}
