package memcg

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Ensure a group's files give their values, and a missing one its own error.
func TestGroup_Readings(t *testing.T) {
	root := plant(t, map[string]string{
		"a.slice/memory.current":      "104857600\n",
		"a.slice/memory.high":         "max\n",
		"a.slice/memory.events":       "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 5\n",
		"a.slice/memory.events.local": "low 0\nhigh 9\nmax 0\noom 0\noom_kill 0\n",
		"a.slice/memory.stat":         "anon 1\ninactive_anon 2\nactive_anon 3\nunevictable 4\nslab_unreclaimable 5\nkernel_stack 6\nsock 7\nfile 900\n",
		"a.slice/cgroup.events":       "populated 1\nfrozen 0\n",
	})
	g := opened(t, root, "/a.slice")
	var buf Buffer
	if got, err := g.Usage(&buf); got != 100<<20 || err != nil {
		t.Errorf("Usage() = %v, %v, want 100M", got, err)
	}
	if got, err := g.High(&buf); got != Max || err != nil {
		t.Errorf("High() = %v, %v, want max", got, err)
	}
	if got, err := g.Swap(&buf); got != 0 || err != nil {
		t.Errorf("Swap() = %v, %v without the file, want 0", got, err)
	}
	if got, err := g.Events(&buf); got != (Events{High: 1, Max: 2, OOM: 3, OOMKill: 4, OOMGroupKill: 5}) || err != nil {
		t.Errorf("Events() = %+v, %v", got, err)
	}
	if got, err := g.LocalEvents(&buf); got.High != 9 || err != nil {
		t.Errorf("LocalEvents().High = %v, %v, want 9", got.High, err)
	}
	if got, err := g.Stat(&buf); got.Footprint() != 2+3+4+5+6+7 || err != nil {
		t.Errorf("Stat().Footprint() = %v, %v, want 27", got.Footprint(), err)
	}
	if got, err := g.Populated(&buf); !got || err != nil {
		t.Errorf("Populated() = %v, %v, want true", got, err)
	}
	if err := g.Kill(); !errors.Is(err, ErrAbsent) {
		t.Errorf("Kill() = %v without cgroup.kill, want ErrAbsent", err)
	}
}

// Ensure the readings of a tick do not allocate.
func TestGroup_Allocations(t *testing.T) {
	root := plant(t, map[string]string{
		"memory.current": "1\n", "memory.high": "max\n", "memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n",
		"memory.stat": "inactive_anon 2\npgscan 3\n", "cgroup.events": "populated 1\nfrozen 0\n", "memory.pressure": "some total=0\nfull total=0\n",
	})
	g := opened(t, root, "/")
	buf := new(Buffer)
	n := testing.AllocsPerRun(100, func() {
		_, _ = g.Usage(buf)
		_, _ = g.Swap(buf)
		_, _ = g.High(buf)
		_, _ = g.Events(buf)
		_, _ = g.Stat(buf)
		_, _ = g.Populated(buf)
		_, _ = g.PressureText(buf)
	})
	if n != 0 {
		t.Errorf("a tick's readings allocate %v times, want 0", n)
	}
}

// Ensure a group that is not there, or goes, is ErrGone and nothing else.
func TestOpen_Gone(t *testing.T) {
	_, err := Open(t.TempDir(), "/nobody.slice")
	var fe *FileError
	if !IsGone(err) || !errors.As(err, &fe) || fe.Path != "/nobody.slice" {
		t.Errorf("Open() = %v, want a FileError of /nobody.slice that is ErrGone", err)
	}
	if err := fail("/a", "memory.current", "read", unix.ENODEV); !IsGone(err) {
		t.Errorf("ENODEV is %v, want ErrGone", err)
	}
}

// Ensure a link cannot lead a group elsewhere.
func TestOpen_Link(t *testing.T) {
	root := plant(t, map[string]string{"real/memory.current": "1\n"})
	if err := os.Symlink(filepath.Join(root, "real"), filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if g, err := Open(root, "/link"); err == nil {
		g.Release()
		t.Error("Open() follows a link, want an error")
	}
}

// Ensure the last release closes, and not the first of two.
func TestGroup_Release(t *testing.T) {
	root := plant(t, map[string]string{"memory.current": "7\n"})
	g, err := Open(root, "/")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Prepare(Current); err != nil {
		t.Fatal(err)
	}
	g.Retain()
	g.Release()
	var buf Buffer
	if got, err := g.Usage(&buf); got != 7 || err != nil {
		t.Errorf("Usage() = %v, %v while it is still used, want 7", got, err)
	}
	dir := g.Dir()
	g.Release()
	if err := unix.Fstat(dir, new(unix.Stat_t)); err != unix.EBADF {
		t.Errorf("the directory is open after the last release (%v)", err)
	}
}
