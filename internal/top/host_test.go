package top

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
)

// plant makes groups, each with a pressure and a usage, on a host without a daemon.
func plant(t *testing.T, groups ...string) Host {
	t.Helper()
	root := t.TempDir()
	for _, g := range groups {
		dir := filepath.Join(root, g)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		const line = " avg10=1.00 avg60=1.00 avg300=1.00 total=7\n"
		for name, text := range map[string]string{"memory.pressure": "some" + line + "full" + line, "memory.current": "4096\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return Host{Gauge: gauge.Host{Mount: root, Meminfo: "/nonexistent"}, Client: control.Client{Socket: filepath.Join(root, "none")}}
}

// paths lists what a look has read, in order.
func paths(l Look) []string {
	var all []string
	walk(l.Roots, func(g *Group, _ int) { all = append(all, g.Path) })
	slices.Sort(all)
	return all
}

// Ensure what is configured to be watched is shown without a daemon, with the groups below, what is folded left out, and
// everything where nothing is watched.
func TestHost_Look(t *testing.T) {
	h := plant(t, "a.slice", "a.slice/a-b.slice/x.service", "a.slice/y.service", "c.slice/z.service", "init.scope")
	h.Priority = func(unit string) int { return len(unit) }
	watch := func(units ...string) {
		h.Watched = func(unit string) bool { return slices.Contains(units, unit) }
	}
	for _, tt := range []struct {
		name    string
		watched []string
		folds   Folds
		want    string
	}{
		{"a slice", []string{"a.slice"}, Folds{}, "/a.slice /a.slice/a-b.slice /a.slice/y.service"},
		{"nested", []string{"a.slice", "a-b.slice"}, Folds{}, "/a.slice /a.slice/a-b.slice /a.slice/a-b.slice/x.service /a.slice/y.service"},
		{"the root", []string{"-.slice"}, Folds{}, "/ /a.slice /c.slice /init.scope"},
		{"the root and one", []string{"-.slice", "c.slice"}, Folds{}, "/ /a.slice /c.slice /c.slice/z.service /init.scope"},
		{"folded by hand", []string{"a.slice"}, Folds{ByHand: map[string]bool{"/a.slice": false}}, "/a.slice"},
		{"unfolded by hand", []string{"a.slice"}, Folds{ByHand: map[string]bool{"/a.slice/a-b.slice": true}},
			"/a.slice /a.slice/a-b.slice /a.slice/a-b.slice/x.service /a.slice/y.service"},
		{"none", []string{"-.slice", "a-b.slice"}, Folds{None: true}, "/ /a.slice /c.slice /init.scope"},
		{"all", []string{"a.slice"}, Folds{All: true}, "/a.slice /a.slice/a-b.slice /a.slice/a-b.slice/x.service /a.slice/y.service"},
		{"nothing watched", nil, Folds{None: true}, "/a.slice /a.slice/a-b.slice /a.slice/y.service /c.slice /c.slice/z.service"},
		{"watched and not there", []string{"gone.slice"}, Folds{ByHand: map[string]bool{"/a.slice": false, "/c.slice": false}}, "/a.slice /c.slice"},
	} {
		watch(tt.watched...)
		l := h.Look(t.Context(), tt.folds)
		if diff := cmp.Diff(strings.Fields(tt.want), paths(l)); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
		if l.Status != nil || l.Trouble != "reprieved does not run" {
			t.Errorf("%s: the daemon answered %v, %q", tt.name, l.Status, l.Trouble)
		}
	}
	watch("a.slice")
	g := h.Look(t.Context(), Folds{}).Roots[0]
	if g.Unit != "a.slice" || !g.Inner || !g.Ranked || g.Priority != len("a.slice") || g.UsageBytes != 4096 || g.Full.TotalUsec != 7 {
		t.Errorf("a.slice is %+v", g)
	}
}

// Ensure a look is bounded, and says how much it left out.
func TestHost_LookMany(t *testing.T) {
	var groups []string
	for i := range groupsMost + 50 {
		groups = append(groups, fmt.Sprintf("a.slice/%d.service", i))
	}
	h := plant(t, groups...)
	h.Watched = func(unit string) bool { return unit == "a.slice" }
	l := h.Look(t.Context(), Folds{})
	if got := len(paths(l)); got != groupsMost || l.Unread != 51 {
		t.Errorf("a look reads %d groups and leaves %d, want %d and 51", got, l.Unread, groupsMost)
	}
}
