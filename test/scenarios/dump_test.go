//go:build guest

package scenarios

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"reprieve/test/watch"
)

// dump logs, of a scenario that failed, what somebody needs who was not there: the journal of the scenario, the cgroups it loaded, the records of holds.
func (g *guest) dump() {
	if !g.t.Failed() {
		return
	}
	text, _ := try("journalctl", "--after-cursor="+g.journal.Cursor(), "--output=short-monotonic", "--no-hostname", "--priority=info", "--lines=200")
	g.t.Logf("journal of the scenario:\n%s", text)
	text, _ = try("systemctl", "status", "--no-pager", "--lines=0", "reprieved.service")
	g.t.Logf("%s", text)
	for _, slice := range append([]string{"reprieve.slice"}, g.slices...) {
		dumpTree(g, watch.SlicePath(slice), "memory.current", "memory.swap.current", "memory.high", "memory.max", "memory.oom.group", "memory.events", "memory.pressure", "cgroup.events", "cgroup.procs")
	}
	dumpTree(g, "/run/reprieve", "*")
	text, _ = try("sh", "-c", "head /proc/pressure/memory /proc/swaps; head -n 5 /proc/meminfo; dmesg | tail -n 20")
	g.t.Logf("%s", text)
}

// dumpTree logs the named files, or all for *, of a directory and those below, one line a file.
func dumpTree(g *guest, root string, names ...string) {
	var out strings.Builder
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		for _, name := range names {
			if name != "*" && name != entry.Name() {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				text = []byte(err.Error())
			}
			out.WriteString(path + ": " + strings.Join(strings.Fields(string(text)), " ") + "\n")
		}
		return nil
	})
	if out.Len() > 0 {
		g.t.Logf("%s", out.String())
	}
}
