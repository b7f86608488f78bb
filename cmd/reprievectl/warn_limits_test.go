package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/plugins"
)

// configured is a configuration of files below a directory, which comes with it.
func configured(t *testing.T, files map[string]string) (set *configs.Set, dir string) {
	t.Helper()
	dir = written(t, files)
	set, err := configs.Load(configs.Options{Dirs: []string{dir}, Names: plugins.Names()})
	if err != nil {
		t.Fatal(err)
	}
	return set, dir
}

// warned is what warn says on a tree of ordinary files without a systemd that answers and with none of its unit files but
// those given. DIR stands for the configuration's directory.
func warned(t *testing.T, conf, tree, unitFiles map[string]string) string {
	t.Helper()
	set, dir := configured(t, conf)
	at := places{mount: written(t, tree)}
	if unitFiles != nil {
		at.unitDirs = []string{filepath.Join(dir, "missing"), written(t, unitFiles)}
	}
	var stdout, stderr bytes.Buffer
	warn(&stdout, &stderr, set, at)
	if stderr.Len() > 0 {
		t.Errorf("warn: stderr %q, want none", stderr.String())
	}
	return strings.ReplaceAll(stdout.String(), dir, "DIR")
}

// limited has the limits of a group.
func limited(dir, most, high, min, low string) map[string]string {
	return map[string]string{dir + "/memory.max": most, dir + "/memory.high": high, dir + "/memory.min": min, dir + "/memory.low": low}
}

// merged is all of several sets of files.
func merged(sets ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, s := range sets {
		for name, text := range s {
			all[name] = text
		}
	}
	return all
}

// Ensure limits that contradict each other, or the policy, are told with both places that may be changed, and no others are.
func TestWarnLimits(t *testing.T) {
	const m256, m400, m512 = "268435456\n", "419430400\n", "536870912\n"
	watched := func(more string) map[string]string {
		return map[string]string{"slices/batch.slice.toml": "[pressure]\nfull = \"20%\"\n" + more}
	}
	plain := limited("batch.slice", "max\n", "max\n", "0\n", "0\n")
	for _, tt := range []struct {
		name       string
		conf, tree map[string]string
		want       string
	}{
		{"none", watched(""), plain, ""},
		{"max above what is protected", watched(""), merged(limited("batch.slice", m512, "max\n", "0\n", "0\n"),
			limited("batch.slice/docker-a", "max\n", "max\n", m256, m256), limited("batch.slice/docker-b", "max\n", "max\n", m256, m256)), ""},
		{"max below what is protected", watched(""), merged(limited("batch.slice", m512, "max\n", "0\n", "0\n"),
			limited("batch.slice/docker-a", "max\n", "max\n", m400, "0\n"), limited("batch.slice/docker-b", "max\n", "max\n", m256, m256)),
			"warning: batch.slice: MemoryMax= is 512M, less than MemoryMin= protects below it (docker-a 400M, docker-b 256M): reclaim finds nothing there, " +
				"and the kernel kills instead; MemoryMax= by systemctl edit batch.slice, or MemoryMin= of those\n"},
		{"infinite protection of many", watched(""), merged(limited("batch.slice", m512, "max\n", "0\n", "0\n"),
			limited("batch.slice/a", "max\n", "max\n", "0\n", "max\n"), limited("batch.slice/b", "max\n", "max\n", "0\n", "max\n"),
			limited("batch.slice/c", "max\n", "max\n", "0\n", m256), limited("batch.slice/d", "max\n", "max\n", "0\n", m256)),
			"warning: batch.slice: MemoryMax= is 512M, less than MemoryLow= protects below it (a infinity, b infinity, c 256M and 1 more): what it protects is " +
				"reclaimed all the same; MemoryMax= by systemctl edit batch.slice, or MemoryLow= of those\n"},
		{"raise without a limit", watched("[hold]\nby = \"raise\"\n"), plain,
			"warning: batch.slice: raise lends above MemoryMax=, and there is none: it only waits; " +
				"DIR/slices/batch.slice.toml:4: hold.by, or MemoryMax= by systemctl edit batch.slice\n"},
		{"raise with a limit", watched("[hold]\nby = \"raise\"\n"), limited("batch.slice", m512, "max\n", "0\n", "0\n"), ""},
		{"raise in a ladder", watched("[[hold.step]]\nby = \"raise\"\ndelay = \"5s\"\n"), plain,
			"warning: batch.slice: raise lends above MemoryMax=, and there is none: it only waits; " +
				"DIR/slices/batch.slice.toml:3: hold.step, or MemoryMax= by systemctl edit batch.slice\n"},
		{"a limit that brakes", watched(""), limited("batch.slice", "max\n", m256, "0\n", "0\n"),
			"note: batch.slice: MemoryHigh= is 256M: who runs into it stalls, and that counts for a breach; a hold leaves a lower limit as it is; " +
				"DIR/slices/batch.slice.toml:2: pressure.full, or MemoryHigh= by systemctl edit batch.slice\n"},
		{"a limit that brakes, and no throttle", watched("[hold]\nby = \"none\"\n"), limited("batch.slice", "max\n", m256, "0\n", "0\n"), ""},
		{"a limit of a slice that is not watched", watched(""), merged(plain, limited("other.slice", m256, m256, m512, m512),
			limited("other.slice/a", "max\n", "max\n", m512, m512)), ""},
		{"a slice without the controller", watched("[hold]\nby = \"raise\"\n"), map[string]string{"batch.slice/": ""}, ""},
		{"nonsense", watched("[hold]\nby = \"raise\"\n"), limited("batch.slice", "much\n", "max\n", "0\n", "0\n"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, warned(t, tt.conf, tt.tree, nil)); diff != "" {
				t.Errorf("warn, -want +got\n%s", diff)
			}
		})
	}
}

// Ensure a watched slice that nobody knows is told with the file that names it, and with the one that was probably meant.
func TestWarnAbsent(t *testing.T) {
	const full = "pressure.full = \"20%\"\n"
	tree := map[string]string{"batch.slice/batch-a.slice/": "", "system.slice/": ""}
	for _, tt := range []struct {
		name, slice, text string
		tree, files       map[string]string
		want              string
	}{
		{"there", "batch.slice", full, tree, map[string]string{"x/": ""}, ""},
		{"there, below", "batch-a.slice", full, tree, map[string]string{"x/": ""}, ""},
		{"a unit file", "web.slice", full, tree, map[string]string{"web.slice": "[Slice]\n"}, ""},
		{"drop-ins", "web.slice", full, tree, map[string]string{"web.slice.d/": ""}, ""},
		{"drop-ins of a prefix", "user-1000.slice", full, tree, map[string]string{"user-.slice.d/": ""}, ""},
		{"not watched", "web.slice", "priority = 1\n", tree, map[string]string{"x/": ""}, ""},
		{"no tree", "web.slice", full, nil, map[string]string{"x/": ""}, ""},
		{"nobody knows it", "web.slice", full, tree, map[string]string{"x/": ""},
			"note: web.slice: there is no such slice now and no unit file of it; nothing is watched until a unit with Slice=web.slice starts " +
				"(DIR/slices/web.slice.toml:1: pressure)\n"},
		{"a slip of the pen", "bacth-a.slice", full, tree, map[string]string{"x/": ""},
			"note: bacth-a.slice: there is no such slice now and no unit file of it; did you mean batch-a.slice? (DIR/slices/bacth-a.slice.toml:1: pressure)\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conf := map[string]string{"slices/" + tt.slice + ".toml": tt.text}
			set, dir := configured(t, conf)
			at := places{mount: filepath.Join(dir, "missing"), unitDirs: []string{filepath.Join(dir, "missing"), written(t, tt.files)}}
			if tt.tree != nil {
				at.mount = written(t, tt.tree)
			}
			var stdout, stderr bytes.Buffer
			warn(&stdout, &stderr, set, at)
			if got := strings.ReplaceAll(stdout.String(), dir, "DIR"); got != tt.want || stderr.Len() > 0 {
				t.Errorf("warn: stderr %q, stdout\n%s\nwant\n%s", stderr.String(), got, tt.want)
			}
		})
	}
}
