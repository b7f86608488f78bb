package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"reprieve/configs"
	"reprieve/plugins"
)

// explainedHost is a host: the configuration in etc and lib below root, and a cgroup tree with the text of some files.
func explainedHost(t *testing.T, config, groups map[string]string) (at explainPlaces, root string) {
	t.Helper()
	return explainPlaces{mount: written(t, groups), dirs: []string{"etc", "lib"}}, written(t, config)
}

// shippedConfig is what is installed in lib, and files of an administrator's in etc.
func shippedConfig(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"reprieve.toml", "slices/-.slice.toml", "slices/user.slice.toml", "slices/system.slice.toml"} {
		text, err := os.ReadFile("../../configs/shipped/" + name)
		if err != nil {
			t.Fatal(err)
		}
		all["lib/"+name] = string(text)
	}
	for name, text := range files {
		all[name] = text
	}
	return all
}

// tellExplain runs explain in root, so that no name of a directory of the test is in what it says.
func tellExplain(t *testing.T, at explainPlaces, root string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	t.Run("in root", func(t *testing.T) {
		t.Chdir(root)
		code = explainAt(args, &out, &errs, at)
	})
	return out.String(), errs.String(), code
}

// unfolded is a text with each item of a list in one line.
func unfolded(text string) string { return strings.ReplaceAll(text, "\n    ", " ") }

// busyHost is a host with some of everything.
func busyHost() map[string]string {
	return map[string]string{
		"init.scope/":                                                                     "",
		"a.slice/memory.max":                                                              "max\n",
		"batch.slice/memory.current":                                                      "4294967296\n",
		"batch.slice/memory.max":                                                          "8589934592\n",
		"batch.slice/batch-a.slice/x.service/inner/":                                      "",
		"batch.slice/batch-a.slice/ssh.service/":                                          "",
		"batch.slice/batch-b.slice/y.service/":                                            "",
		"batch.slice/batch-b.slice/batch-b-low.slice/":                                    "",
		"batch.slice/beside.service/memory.oom.group":                                     "1\n",
		"batch.slice/docker/":                                                             "",
		"system.slice/ssh.service/":                                                       "",
		"system.slice/cron.service/":                                                      "",
		"system.slice/system-getty.slice/getty@tty1.service/":                             "",
		"user.slice/user-1000.slice/session-2.scope/":                                     "",
		"user.slice/user-1000.slice/user@1000.service/init.scope/":                        "",
		"user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-1.scope/":     "",
		"user.slice/user-1000.slice/user@1000.service/session.slice/gnome-shell.service/": "",
	}
}

// Ensure the text of each kind of slice is the one that is on record; run with -update to write it anew.
func TestExplain_Golden(t *testing.T) {
	batch := map[string]string{
		"etc/slices/batch.slice.toml": "priority = 50\n[pressure]\nfull = \"20%\"\nevents = [\"max\", \"oom\"]\n" +
			"[stop]\npick = [\"priority\", \"largest\"]\n",
		"etc/slices/batch.slice.d/50-wait.toml": "hold.delay = \"1m\"\nhold.squeeze = \"5%\"\nstop.grace = \"5s\"\n",
		"lib/slices/batch.slice.toml":           "pressure.some = \"10%\"\n",
		"etc/slices/batch-b-low.slice.toml":     "priority = 5\npressure.full = \"50%\"\n",
		"etc/slices/batch-.slice.d/10-low.toml": "priority = 30\n",
		"etc/slices/batch-gone.slice.toml":      "priority = 1\n",
		"etc/slices/slice.d/10-settle.toml":     "stop.settle = \"10s\"\n",
	}
	ladder := map[string]string{
		"etc/reprieve.toml": "observe = true\n",
		"etc/slices/web.slice.toml": "[pressure]\nsome = \"12.5%\"\nwindow = \"2s\"\n[hold]\ndelay = \"30s\"\non = \"slice\"\n" +
			"[[hold.step]]\nby = \"signal\"\nunit = \"cache.service\"\ndelay = \"2s\"\n" +
			"[[hold.step]]\nby = \"signal\"\nunit = \"cache.service\"\nsignal = \"HUP\"\nto = \"all\"\ndelay = \"2s\"\n" +
			"[[hold.step]]\nby = \"start\"\nunit = \"drop.service\"\ndelay = \"3s\"\n" +
			"[[hold.step]]\nby = \"raise\"\ndelay = \"3s\"\n[[hold.step]]\nby = \"none\"\ndelay = \"1s\"\n[[hold.step]]\nby = \"freeze\"\ndelay = \"4s\"\n" +
			"[[hold.step]]\nby = \"throttle\"\ndelay = \"5s\"\n[stop]\nfrom = \"units\"\nmin = \"64M\"\nrevive = \"never\"\narm = false\nhooks = \"0\"\n",
	}
	for _, tt := range []struct {
		name, slice string
		config      map[string]string
		code        int
	}{
		{"batch", "batch.slice", batch, exitOK},
		{"root", "-.slice", nil, exitOK},
		{"user", "user.slice", nil, exitOK},
		{"ladder", "web.slice", ladder, exitOK},
		{"raise", "a.slice", map[string]string{"etc/slices/a.slice.toml": "pressure.left = \"5s\"\n[hold]\nby = \"raise\"\nlend = \"1G\"\n"}, exitOK},
		{"now", "a.slice", map[string]string{
			"etc/slices/a.slice.toml": "pressure.left = \"0\"\npressure.events = [\"oom_kill\"]\nhold.delay = \"0\"\nstop.min = \"0\"\nstop.revive_max = \"1/1d\"\n",
		}, exitOK},
		{"masked", "system.slice", map[string]string{"etc/slices/system.slice.toml": ""}, exitOK},
		{"emptied", "batch.slice", map[string]string{"etc/slices/batch.slice.toml": ""}, exitOK},
		{"unwatched", "system-getty.slice", map[string]string{"etc/slices/system-.slice.d/10.toml": "priority = 20\n"}, exitOK},
		{"ranked", "batch.slice", map[string]string{"etc/slices/batch.slice.toml": "priority = 20\n", "lib/slices/-.slice.toml": ""}, exitOK},
		{"root-masked", "-.slice", map[string]string{"etc/slices/-.slice.toml": ""}, exitOK},
		{"unknown", "bathc.slice", map[string]string{"etc/slices/batch.slice.toml": "priority = 20\n"}, exitFindings},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, root := explainedHost(t, shippedConfig(t, tt.config), busyHost())
			got, errs, code := tellExplain(t, at, root, tt.slice)
			if errs != "" || code != tt.code {
				t.Errorf("explain %s: stderr %q, exit code %d, want none, %d", tt.slice, errs, code, tt.code)
			}
			golden(t, "explain/"+tt.name+".txt", got)
		})
	}
}

// Ensure --json has the settings with their places and what they match, and no list in it is null.
func TestExplain_JSON(t *testing.T) {
	at, root := explainedHost(t, map[string]string{
		"etc/reprieve.toml":             "protect = [\"ssh.service\"]\n",
		"etc/slices/batch.slice.toml":   "[pressure]\nfull = \"20%\"\n",
		"etc/slices/batch-a.slice.toml": "priority = 7\n",
	}, busyHost())
	out, errs, code := tellExplain(t, at, root, "--json", "batch.slice")
	if errs != "" || code != exitOK {
		t.Fatalf("explain --json: stderr %q, exit code %d", errs, code)
	}
	var got struct {
		Slice    string
		Watched  bool
		Settings []map[string]string
		Matches  map[string]any
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Slice != "batch.slice" || !got.Watched || len(got.Settings) < 26 {
		t.Errorf("explain --json has slice %q, watched %v, %d settings", got.Slice, got.Watched, len(got.Settings))
	}
	if diff := cmp.Diff(map[string]string{"key": "pressure.full", "value": "20%", "origin": "etc/slices/batch.slice.toml:2"}, got.Settings[1]); diff != "" {
		t.Errorf("pressure.full: -want +got\n%s", diff)
	}
	want := map[string]any{
		"files":  []any{map[string]any{"file": "etc/slices/batch.slice.toml", "stem": "batch.slice", "masks": false, "hidden": "", "inForce": 1.0}},
		"cgroup": "/batch.slice", "there": true, "usageBytes": 4294967296.0, "maxBytes": 8589934592.0, "leaves": 4.0,
		"above": []any{}, "selfProtect": "", "armed": 0.0, "preferences": []any{},
		"protected": []any{map[string]any{
			"unit": "batch-a.slice", "path": "/batch.slice/batch-a.slice", "entry": "ssh.service", "by": "ssh.service", "last": false,
		}},
		"oomGroups": []any{map[string]any{"unit": "beside.service", "path": "/batch.slice/beside.service"}},
		"slices": []any{map[string]any{
			"slice": "batch-a.slice", "priority": 7.0, "origin": "etc/slices/batch-a.slice.toml:1", "watched": false, "there": true,
		}},
	}
	if diff := cmp.Diff(want, got.Matches); diff != "" {
		t.Errorf("matches: -want +got\n%s", diff)
	}
	out, _, _ = tellExplain(t, at, root, "--json", "other.slice")
	if strings.Contains(strings.NewReplacer(`"usageBytes": null`, "", `"maxBytes": null`, "").Replace(out), "null") {
		t.Errorf("explain --json of a slice without files has a null:\n%s", out)
	}
}

// Ensure whoever is never stopped, comes last or goes first is told, and whose wish counts for nobody.
func TestExplain_Spared(t *testing.T) {
	config := map[string]string{
		"etc/reprieve.toml":          "protect = [\"session.slice\", \"safe*.service\", \"keep.slice\"]\n",
		"etc/slices/-.slice.toml":    "pressure.full = \"50%\"\n",
		"etc/slices/keep.slice.toml": "pressure.full = \"50%\"\n",
	}
	groups := busyHost()
	for _, dir := range []string{"a.slice/safe1.service/", "a.slice/x.service/", "keep.slice/y.service/", "b.slice/b-b.slice/y.service/",
		"b.slice/z.service/"} {
		groups[dir] = ""
	}
	at, root := explainedHost(t, config, groups)
	for dir, name := range map[string]string{
		"b.slice": "user.oomd_avoid", "b.slice/z.service": "user.oomd_omit", "a.slice/x.service": "user.oomd_prefer", "b.slice/b-b.slice": "user.oomd_prefer",
	} {
		if err := unix.Setxattr(filepath.Join(at.mount, dir), name, []byte("1"), 0); err != nil {
			t.Fatalf("set %s: %v (TMPDIR must lie on a file system with user extended attributes)", name, err)
		}
	}
	out, _, _ := tellExplain(t, at, root, "-.slice")
	for _, want := range []string{
		"  - a.slice for safe1.service: by \"safe*.service\"\n",
		"  - keep.slice: by \"keep.slice\"\n",
		"  - init.scope: a service manager lives in it\n",
		"  - gnome-shell.service of user 1000 for session.slice: by \"session.slice\", but a user chose the name: it comes last\n",
		"  - b.slice, avoid: comes last, with all in it\n",
		"  - z.service, omit: is never stopped\n",
		"  - b-b.slice, prefer: goes first, with all in it\n",
		"  - x.service, prefer: does not count: a.slice is stopped as a whole\n",
	} {
		if !strings.Contains(unfolded(out), want) {
			t.Errorf("explain -.slice lacks %q:\n%s", want, out)
		}
	}
	out, _, _ = tellExplain(t, at, root, "keep.slice")
	for _, want := range []string{"The entry \"keep.slice\" of protect names keep.slice", "nothing in it is held or", "y.service for keep.slice: by \"keep.slice\""} {
		if !strings.Contains(unfolded(out), want) {
			t.Errorf("explain keep.slice lacks %q:\n%s", want, out)
		}
	}
}

// Ensure the wish of a user for a group in a slice of root's is told, and that it does not count.
func TestExplain_Forged(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory to somebody else")
	}
	at, root := explainedHost(t, map[string]string{"etc/slices/a.slice.toml": "pressure.full = \"50%\"\n"}, map[string]string{"a.slice/x.service/": ""})
	dir := filepath.Join(at.mount, "a.slice/x.service")
	err := unix.Setxattr(dir, "user.oomd_omit", []byte("1"), 0)
	if err == nil {
		err = os.Chown(dir, 1000, 1000)
	}
	if err != nil {
		t.Fatalf("%v (TMPDIR must lie on a file system with user extended attributes)", err)
	}
	out, _, _ := tellExplain(t, at, root, "a.slice")
	if want := "  - x.service, omit: does not count: it belongs to user 1000, "; !strings.Contains(unfolded(out), want) {
		t.Errorf("explain a.slice lacks %q:\n%s", want, out)
	}
}

// Ensure long lists are cut in the text, and whole in JSON.
func TestExplain_Bounded(t *testing.T) {
	groups := map[string]string{}
	for i := range 25 {
		groups[fmt.Sprintf("batch.slice/ssh@%02d.service/", i)] = ""
	}
	at, root := explainedHost(t, shippedConfig(t, map[string]string{"etc/slices/batch.slice.toml": "pressure.full = \"20%\"\n"}), groups)
	out, _, _ := tellExplain(t, at, root, "batch.slice")
	if !strings.Contains(out, "ssh@19.service") || strings.Contains(out, "ssh@20.service") || !strings.Contains(out, "  - and 5 more; --json has all\n") {
		t.Errorf("explain of 25 protected leaves is\n%s", out)
	}
	if out, _, _ = tellExplain(t, at, root, "--json", "batch.slice"); !strings.Contains(out, "ssh@24.service") {
		t.Errorf("explain --json of 25 protected leaves has not all:\n%s", out)
	}
}

// Ensure what is wrong is said, with the exit code that goes with it.
func TestExplain_Wrong(t *testing.T) {
	at, root := explainedHost(t, map[string]string{"etc/slices/batch.slice.toml": "pressure.full = \"20%\"\n"}, busyHost())
	broken, brokenRoot := explainedHost(t, map[string]string{"etc/slices/batch.slice.toml": "pressure.full = 20\n"}, nil)
	nowhere := at
	nowhere.mount = "none"
	for _, tt := range []struct {
		name, root string
		at         explainPlaces
		args       []string
		code       int
		stderr     string
	}{
		{"no slice", root, at, []string{"batch.service"}, exitUsage, `"batch.service" is no slice`},
		{"a prefix", root, at, []string{"user-.slice"}, exitUsage, "user-1000.slice"},
		{"errors", brokenRoot, broken, []string{"batch.slice"}, exitFindings, "etc/slices/batch.slice.toml:1: pressure.full"},
		{"no tree", root, nowhere, []string{"batch.slice"}, exitFindings, "list the cgroup tree: stat none: no such file or directory"},
	} {
		if _, errs, code := tellExplain(t, tt.at, tt.root, tt.args...); code != tt.code || !strings.Contains(errs, tt.stderr) {
			t.Errorf("%s: explain %q: exit code %d, stderr %q, want %d, %q", tt.name, tt.args, code, errs, tt.code, tt.stderr)
		}
	}
}

// Ensure every picker and every counter has words.
func TestExplain_Words(t *testing.T) {
	for _, name := range plugins.PickNames() {
		if picks[name] == "" {
			t.Errorf("no words for stop.pick = %q", name)
		}
	}
	for _, name := range []string{"max", "oom", "high", "low", "oom_kill"} {
		if events[name] == "" {
			t.Errorf("no words for pressure.events = [%q]", name)
		}
	}
	for _, by := range plugins.HoldNames() {
		e := explanation{Slice: "a.slice", policy: configs.Policy{Hold: configs.Hold{By: by, On: "growers"}}}
		if text := e.hold(false, by); !strings.Contains(text, "("+by) {
			t.Errorf("hold.by = %q is told as %q", by, text)
		}
	}
}

// Ensure observe has every sentence that does something in the conditional, and no other word changes.
func TestExplain_Observe(t *testing.T) {
	slices := map[string]string{"etc/slices/a.slice.toml": "pressure.full = \"20%\"\n"}
	at, root := explainedHost(t, slices, nil)
	really, _, _ := tellExplain(t, at, root, "a.slice")
	slices["etc/reprieve.toml"] = "observe = true\n"
	at, root = explainedHost(t, slices, nil)
	would, _, _ := tellExplain(t, at, root, "a.slice")
	if n := strings.Count(would, "would be"); n < 8 || !strings.Contains(would, "reprieved only observes (observe = true, etc/reprieve.toml:1)") {
		t.Errorf("observe has %d times \"would be\", want many and a sentence on observe:\n%s", n, would)
	}
	if strings.Contains(really, "would be held") || strings.Contains(really, "only observes") {
		t.Errorf("without observe it says:\n%s", really)
	}
}
