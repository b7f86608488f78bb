//go:build guest

package scenarios

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reprieve/test/watch"
)

// read returns a file of a slice's cgroup, without the last newline; "" when the cgroup is gone.
func (g *guest) read(slice, file string) string {
	g.t.Helper()
	text, err := watch.Read(slice, file)
	if err != nil {
		g.t.Fatal(err)
	}
	return text
}

// bytes is read for files that hold one number; 0 when the cgroup is gone.
func (g *guest) bytes(slice, file string) int64 {
	g.t.Helper()
	n, err := watch.Bytes(slice, file)
	if err != nil {
		g.t.Fatal(err)
	}
	return n
}

// stalled returns how long a slice's tasks have stalled since it was made.
func (g *guest) stalled(slice string) watch.Stall {
	g.t.Helper()
	stall, err := watch.Stalled(slice)
	if err != nil {
		g.t.Fatal(err)
	}
	return stall
}

// readAll returns one file, such as memory.high, of every cgroup that has it, by path.
func readAll(t *testing.T, file string) map[string]string {
	t.Helper()
	values := map[string]string{}
	err := filepath.WalkDir(watch.CgroupRoot, func(path string, entry fs.DirEntry, err error) error {
		if err != nil && !watch.Gone(err) {
			return err
		}
		if entry == nil || !entry.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path + "/" + file)
		if err == nil {
			values[path] = strings.TrimSpace(string(text))
			return nil
		}
		if watch.Gone(err) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// limits returns what else somebody could have changed of batch.slice and the leaves below it, by path. Not memory.oom.group: it is
// armed while the daemon runs, see checkDisarmed.
func (g *guest) limits() map[string]string {
	g.t.Helper()
	limits := map[string]string{}
	for _, slice := range []string{"batch.slice", "batch-a.slice", "batch-b.slice", "batch-c.slice"} {
		for _, file := range []string{"memory.high", "memory.max", "memory.low", "memory.min", "memory.swap.max", "cgroup.freeze"} {
			if text := g.read(slice, file); text != "" {
				limits[watch.SlicePath(slice)+"/"+file] = text
			}
		}
	}
	return limits
}

// checkHighs asserts that no memory.high was left behind: each is what it was, and none where there was none.
func (g *guest) checkHighs() {
	g.t.Helper()
	for path, got := range readAll(g.t, "memory.high") {
		want, ok := g.highs[path]
		if !ok {
			want = "max"
		}
		if got != want {
			g.t.Errorf("memory.high of %s = %s, want %s", path, got, want)
		}
	}
}

// checkDisarmed asserts that no memory.oom.group is armed: the daemon has ended, or only observes.
func (g *guest) checkDisarmed() {
	g.t.Helper()
	for path, got := range readAll(g.t, "memory.oom.group") {
		want, ok := g.groups[path]
		if !ok {
			want = "0"
		}
		if got != want {
			g.t.Errorf("memory.oom.group of %s = %s, want %s as without the daemon", path, got, want)
		}
	}
}

// awaitGroup returns when memory.oom.group of these slices is so.
func (g *guest) awaitGroup(want string, names ...string) {
	g.t.Helper()
	for _, slice := range names {
		g.wait("memory.oom.group of "+slice+" to be "+want, func() bool { return g.read(slice, "memory.oom.group") == want })
	}
}

// setGroup writes memory.oom.group of a slice, as an administrator does, or systemd at a daemon-reload.
func (g *guest) setGroup(slice, value string) {
	g.t.Helper()
	if err := os.WriteFile(watch.SlicePath(slice)+"/memory.oom.group", []byte(value), 0); err != nil {
		g.t.Fatal(err)
	}
	g.groups[watch.SlicePath(slice)] = value
}

// checkNoHolds asserts that the daemon has no record of a hold in force.
func (g *guest) checkNoHolds() {
	g.t.Helper()
	entries, err := os.ReadDir("/run/reprieve/holds")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.t.Fatal(err)
	}
	for _, entry := range entries {
		g.t.Errorf("/run/reprieve/holds/%s was left behind", entry.Name())
	}
}

// vmstat returns one counter of /proc/vmstat.
func vmstat(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("/proc/vmstat has no %s", name)
	return ""
}
