package configs

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Ensure that without any file nothing is watched and all is default.
func TestLoad_NoFiles(t *testing.T) {
	set, err := Load(Options{Dirs: []string{filepath.Join(t.TempDir(), "missing")}})
	must(t, err)
	got := set.Policy("batch.slice")
	want := Policy{
		Slice:    "batch.slice",
		Priority: 100,
		Pressure: Pressure{Window: time.Second, Left: 3 * time.Second},
		Hold:     Hold{By: "throttle", On: "growers", Delay: 10 * time.Second, Calm: 2 * time.Second, Urgent: 3000, Futile: time.Second, LendBytes: 256 << 20},
		Stop: Stop{Pick: []string{"largest"}, From: "slices", Min: Size{Share: 200}, Settle: 5 * time.Second,
			Revive: "restart", ReviveAfter: 30 * time.Second, ReviveMax: Rate{3, time.Hour}, Arm: true, Hooks: time.Second},
		Origins: map[string]Origin{},
	}
	for _, key := range []string{"priority", "pressure.full", "pressure.some", "pressure.window", "pressure.events", "pressure.scarce", "pressure.left",
		"hold.by", "hold.on", "hold.delay", "hold.calm", "hold.urgent", "hold.futile", "hold.squeeze", "hold.lend", "hold.step", "stop.pick", "stop.from", "stop.min", "stop.grace", "stop.settle",
		"stop.revive", "stop.revive_after", "stop.revive_max", "stop.arm", "stop.hooks"} {
		want.Origins[key] = Origin{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Policy: -want +got\n%s", diff)
	}
	if set.Named() != nil || set.Patterns() != nil || set.Files() != nil {
		t.Errorf("Named, Patterns, Files = %q, %q, %q, want none", set.Named(), set.Patterns(), set.Files())
	}
}

// Ensure every key of a slice arrives where it belongs, and remembers its line.
func TestLoad_EveryKey(t *testing.T) {
	set, root := load(t, map[string]string{"run/slices/batch.slice.toml": `priority = -5
[pressure]
full = "20.5%"
some = "60%"
window = "2s"
events = ["oom", "max"]
scarce = "15%"
left = "0"
[hold]
by = "none"
on = "slice"
delay = "1m"
calm = "3s"
urgent = "40%"
futile = "1500ms"
squeeze = "12.5%"
lend = "1G"
step = []
[stop]
pick = ["priority", "newest"]
from = "units"
min = "64M"
grace = "7s"
settle = "0"
revive = "calm"
revive_after = "1m"
revive_max = "5/1d"
arm = false
hooks = "0"
`})
	file := filepath.Join(root, "run/slices/batch.slice.toml")
	want := Policy{
		Slice:    "batch.slice",
		Priority: -5,
		Watched:  true,
		Pressure: Pressure{Full: 2050, Some: 6000, Window: 2 * time.Second, Events: []string{"oom", "max"}, Scarce: 1500},
		Hold: Hold{By: "none", On: "slice", Delay: time.Minute, Calm: 3 * time.Second, Urgent: 4000, Futile: 1500 * time.Millisecond,
			Squeeze: 1250, LendBytes: 1 << 30},
		Stop: Stop{Pick: []string{"priority", "newest"}, From: "units", Min: Size{Bytes: 64 << 20}, Grace: 7 * time.Second,
			Revive: "calm", ReviveAfter: time.Minute, ReviveMax: Rate{5, 24 * time.Hour}},
		Origins: map[string]Origin{},
	}
	for i, key := range []string{"priority", "pressure", "pressure.full", "pressure.some", "pressure.window", "pressure.events",
		"pressure.scarce", "pressure.left", "hold", "hold.by", "hold.on", "hold.delay", "hold.calm", "hold.urgent", "hold.futile",
		"hold.squeeze", "hold.lend", "hold.step",
		"stop", "stop.pick", "stop.from", "stop.min", "stop.grace", "stop.settle",
		"stop.revive", "stop.revive_after", "stop.revive_max", "stop.arm", "stop.hooks"} {
		want.Origins[key] = Origin{File: file, Line: i + 1}
	}
	if diff := cmp.Diff(want, set.Policy("batch.slice")); diff != "" {
		t.Errorf("Policy: -want +got\n%s", diff)
	}
	if got, want := set.Policy("batch.slice").Origins["stop.arm"].String(), file+":28"; got != want {
		t.Errorf("origin = %q, want %q", got, want)
	}
}

// Ensure files are found, laid over each other and masked as systemd does it with units.
func TestLoad_Merge(t *testing.T) {
	const p = "priority = "
	for _, test := range []struct {
		name  string
		files map[string]string
		want  map[string]string // By slice: the priority and where it is from.
	}{
		{"the earlier directory wins", map[string]string{
			"etc/slices/a.slice.toml": p + "1", "run/slices/a.slice.toml": "not TOML, and not read", "lib/slices/b.slice.toml": p + "3",
		}, map[string]string{"a.slice": "1 etc/slices/a.slice.toml:1", "b.slice": "3 lib/slices/b.slice.toml:1", "c.slice": "100 default"}},
		{"a drop-in of a later directory goes over the file", map[string]string{
			"etc/slices/a.slice.toml": p + "1", "lib/slices/a.slice.d/10.toml": p + "2",
		}, map[string]string{"a.slice": "2 lib/slices/a.slice.d/10.toml:1"}},
		{"drop-ins in the order of their names", map[string]string{
			"etc/slices/a.slice.d/10.toml": p + "1", "lib/slices/a.slice.d/20.toml": p + "2", "run/slices/a.slice.d/5.toml": p + "3",
		}, map[string]string{"a.slice": "3 run/slices/a.slice.d/5.toml:1"}},
		{"of one name the earlier directory", map[string]string{
			"etc/slices/a.slice.d/10.toml": p + "1", "run/slices/a.slice.d/10.toml": "not TOML, and not read",
		}, map[string]string{"a.slice": "1 etc/slices/a.slice.d/10.toml:1"}},
		{"of one name the more specific folder, then the earlier directory", map[string]string{
			"etc/slices/a-.slice.d/10.toml": p + "1", "etc/slices/a-b-.slice.d/10.toml": p + "2", "run/slices/a-b-c.slice.d/10.toml": p + "3",
		}, map[string]string{
			"a-b-c.slice": "2 etc/slices/a-b-.slice.d/10.toml:1", "a-b.slice": "1 etc/slices/a-.slice.d/10.toml:1",
			"a-x-y.slice": "1 etc/slices/a-.slice.d/10.toml:1", "a.slice": "100 default", "ab-c.slice": "100 default",
		}},
		{"slice.d after all others", map[string]string{
			"etc/slices/slice.d/10.toml": p + "1", "lib/slices/a-.slice.d/10.toml": p + "2", "lib/slices/-.slice.d/10.toml": p + "3",
		}, map[string]string{
			"a-b.slice": "2 lib/slices/a-.slice.d/10.toml:1", "b.slice": "1 etc/slices/slice.d/10.toml:1",
			"-.slice": "3 lib/slices/-.slice.d/10.toml:1",
		}},
		{"but a later name of slice.d goes over a file", map[string]string{
			"etc/slices/slice.d/10.toml": p + "1", "etc/slices/a.slice.toml": p + "2",
		}, map[string]string{"a.slice": "1 etc/slices/slice.d/10.toml:1"}},
		{"a masked drop-in takes the place of the file", map[string]string{
			"etc/slices/a-.slice.d/10.toml": "-> /dev/null", "run/slices/a-.slice.d/10.toml": p + "1", "run/slices/slice.d/5.toml": p + "2",
		}, map[string]string{"a-b.slice": "2 run/slices/slice.d/5.toml:1"}},
		{"a masked file masks its drop-ins too", map[string]string{
			"etc/slices/a-b.slice.toml": "-> /dev/null", "run/slices/a-b.slice.toml": p + "1",
			"etc/slices/a-b.slice.d/10.toml": p + "2", "etc/slices/a-.slice.d/10.toml": p + "3", "etc/slices/slice.d/1.toml": p + "4",
		}, map[string]string{"a-b.slice": "100 default", "a-c.slice": "3 etc/slices/a-.slice.d/10.toml:1"}},
		{"an empty file masks", map[string]string{
			"etc/slices/a.slice.toml": "", "run/slices/a.slice.toml": p + "1", "etc/slices/a.slice.d/10.toml": p + "2",
		}, map[string]string{"a.slice": "100 default"}},
		{"a file of comments does not", map[string]string{
			"etc/slices/a.slice.toml": "# Nothing.\n", "etc/slices/a.slice.d/10.toml": p + "2",
		}, map[string]string{"a.slice": "2 etc/slices/a.slice.d/10.toml:1"}},
		{"a link is read", map[string]string{
			"etc/slices/a.slice.toml": "-> ../b", "etc/b": p + "1",
		}, map[string]string{"a.slice": "1 etc/slices/a.slice.toml:1"}},
		{"what is no slice has no drop-ins", map[string]string{
			"etc/slices/slice.d/10.toml": p + "1",
		}, map[string]string{"a.service": "100 default", "": "100 default", "a-.slice": "1 etc/slices/slice.d/10.toml:1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, root := load(t, test.files)
			got := map[string]string{}
			for slice := range test.want {
				p := set.Policy(slice)
				got[slice] = strings.ReplaceAll(fmt.Sprintf("%d %s", p.Priority, p.Origins["priority"]), root+"/", "")
				if p.Slice != slice {
					t.Errorf("Policy(%q).Slice = %q", slice, p.Slice)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("priorities: -want +got\n%s", diff)
			}
		})
	}
}

// Ensure settings merge key by key, and a list is replaced as a whole.
func TestLoad_KeyByKey(t *testing.T) {
	set, _ := load(t, map[string]string{
		"lib/slices/a.slice.toml":      "[pressure]\nfull = \"20%\"\nevents = [\"max\", \"oom\"]\n[hold]\ndelay = \"20s\"\n",
		"etc/slices/a.slice.d/10.toml": "hold.calm = \"5s\"\n[pressure]\nevents = [\"high\"]\n",
	})
	got := set.Policy("a.slice")
	if diff := cmp.Diff(Pressure{Full: 2000, Window: time.Second, Events: []string{"high"}, Left: 3 * time.Second}, got.Pressure); diff != "" {
		t.Errorf("Pressure: -want +got\n%s", diff)
	}
	if got.Hold.Delay != 20*time.Second || got.Hold.Calm != 5*time.Second {
		t.Errorf("Hold = %+v, want a delay of 20s, a calm of 5s", got.Hold)
	}
}

// Ensure one name to pick by is a list of one, and a list keeps its order.
func TestLoad_Pick(t *testing.T) {
	for text, want := range map[string][]string{
		`"largest"`:               {"largest"},
		`["largest"]`:             {"largest"},
		`["swap", "priority"]`:    {"swap", "priority"},
		`["stall", "oldest", ""]`: nil,
	} {
		o := searched(tree(t, map[string]string{"etc/slices/a.slice.toml": "stop.pick = " + text + "\n"}))
		set, err := Load(o)
		if want == nil {
			if err == nil {
				t.Errorf("Load(%s) = %q, want an error", text, set.Policy("a.slice").Stop.Pick)
			}
			continue
		}
		must(t, err)
		if diff := cmp.Diff(want, set.Policy("a.slice").Stop.Pick); diff != "" {
			t.Errorf("Pick of %s: -want +got\n%s", text, diff)
		}
	}
}

// Ensure a slice is watched when its own, its prefix's or everybody's settings have a [pressure] table, and no other.
func TestLoad_Watched(t *testing.T) {
	const limit = "[pressure]\nfull = \"20%\"\n"
	set, root := load(t, map[string]string{
		"etc/slices/a.slice.toml":           limit,
		"etc/slices/ranked.slice.toml":      "priority = 1\n[hold]\ndelay = \"5s\"\n",
		"etc/slices/user-.slice.d/10.toml":  "pressure.some = \"50%\"\n",
		"etc/slices/user-1.slice.toml":      "-> /dev/null",
		"etc/slices/inline.slice.toml":      "pressure = { events = [\"oom\"] }\n",
		"etc/slices/user-2.slice.d/20.toml": "priority = 1\n", // Beside 10.toml of the prefix.
	})
	for slice, want := range map[string]bool{
		"a.slice": true, "ranked.slice": false, "user-1000.slice": true, "user-1000-x.slice": true, "user.slice": false,
		"user-1.slice": false, "user-2.slice": true, "inline.slice": true, "other.slice": false, "-.slice": false,
	} {
		if got := set.Policy(slice).Watched; got != want {
			t.Errorf("Policy(%q).Watched = %v, want %v", slice, got, want)
		}
	}
	if got, want := set.Policy("user-1.slice").Masked, filepath.Join(root, "etc/slices/user-1.slice.toml"); got != want {
		t.Errorf("Masked = %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"a.slice", "inline.slice", "ranked.slice", "user-1.slice", "user-2.slice"}, set.Named()); diff != "" {
		t.Errorf("Named(): -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"user-.slice"}, set.Patterns()); diff != "" {
		t.Errorf("Patterns(): -want +got\n%s", diff)
	}
}

// Ensure the daemon's settings lie over the shipped ones, key by key, and know their places.
func TestLoad_Daemon(t *testing.T) {
	shipped, err := Load(Options{Dirs: []string{t.TempDir()}})
	must(t, err)
	set, root := load(t, map[string]string{
		"etc/reprieve.toml":           "observe = true\ntrace = \"/run/t\"\nguard = \"0s\"\n",
		"lib/reprieve.toml":           "not TOML, and not read",
		"run/reprieve.toml.d/10.toml": "[host]\navailable = \"512M\"\n",
		"lib/reprieve.toml.d/20.toml": "host.swap = 4096\n",
	})
	got := set.Daemon()
	want := shipped.Daemon()
	want.Observe, want.Trace, want.Guard, want.Host = true, "/run/t", 0, Host{Available: Size{Bytes: 512 << 20}, Swap: Size{Bytes: 4096}}
	want.Origins["observe"] = Origin{filepath.Join(root, "etc/reprieve.toml"), 1}
	want.Origins["trace"] = Origin{filepath.Join(root, "etc/reprieve.toml"), 2}
	want.Origins["guard"] = Origin{filepath.Join(root, "etc/reprieve.toml"), 3}
	want.Origins["host.available"] = Origin{filepath.Join(root, "run/reprieve.toml.d/10.toml"), 2}
	want.Origins["host.swap"] = Origin{filepath.Join(root, "lib/reprieve.toml.d/20.toml"), 1}
	want.Origins["host"] = want.Origins["host.swap"]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Daemon(): -want +got\n%s", diff)
	}
	if origin := got.Origins["protect"]; origin.String() != "built in" || !got.Protected("ssh.service") {
		t.Errorf("protect is from %s and has ssh.service: %v, want built in, true", origin, got.Protected("ssh.service"))
	}
	masked, _ := load(t, map[string]string{"etc/reprieve.toml": "-> /dev/null", "etc/reprieve.toml.d/10.toml": "observe = true"})
	if diff := cmp.Diff(shipped.Daemon(), masked.Daemon()); diff != "" {
		t.Errorf("Daemon() of a masked file: -want +got\n%s", diff)
	}
}

// Ensure a caller cannot change a set by what it got from it.
func TestSet_ReturnsCopies(t *testing.T) {
	set, _ := load(t, map[string]string{"etc/slices/a.slice.toml": "pressure.events = [\"max\"]\nstop.pick = [\"swap\"]\nhold.step = [{by = \"none\", delay = \"1s\"}]\n"})
	p, d := set.Policy("a.slice"), set.Daemon()
	p.Pressure.Events[0], p.Stop.Pick[0], p.Hold.Steps[0].By, p.Origins["priority"] = "x", "x", "x", Origin{File: "x"}
	d.Protect[0], d.Origins["observe"] = "x", Origin{File: "x"}
	set.Named()[0], set.Files()[0] = "x", "x"
	if q := set.Policy("a.slice"); q.Pressure.Events[0] != "max" || q.Stop.Pick[0] != "swap" || q.Hold.Steps[0].By != "none" || q.Origins["priority"].File != "" {
		t.Errorf("Policy = %+v after its copy was changed", q)
	}
	if e := set.Daemon(); e.Protect[0] == "x" || e.Origins["observe"].File == "x" {
		t.Errorf("Daemon = %+v after its copy was changed", e)
	}
	if set.Named()[0] == "x" || set.Files()[0] == "x" {
		t.Errorf("Named, Files = %q, %q after their copies were changed", set.Named(), set.Files())
	}
}

// Ensure globs of protect cover what they say.
func TestDaemon_Protected(t *testing.T) {
	d := Daemon{Protect: []string{"ssh.service", "ssh@*.service", `a\\x2db.service`}}
	for unit, want := range map[string]bool{
		"ssh.service": true, "ssh@1-a:22.service": true, `a\x2db.service`: true,
		"ssh.socket": false, "xssh.service": false, "sshd@1.service": false, "": false,
	} {
		if got := d.Protected(unit); got != want {
			t.Errorf("Protected(%q) = %v, want %v", unit, got, want)
		}
	}
}

// Ensure the errors can be told apart by a program.
func TestLoad_ErrorTypes(t *testing.T) {
	root := tree(t, map[string]string{"etc/slices/a.slice.toml": "x = 1\n", "etc/slices/b.slice.toml": "=\n"})
	_, err := Load(searched(root))
	var errs Errors
	var key *KeyError
	if !errors.As(err, &errs) || len(errs) != 2 || !errors.As(err, &key) || key.Key != "x" {
		t.Errorf("Load = %v, want two Errors, the first about x", err)
	}
	if !errors.Is(err, ErrUnknownKey) || !errors.Is(err, ErrSyntax) || errors.Is(err, ErrName) {
		t.Errorf("Load = %v, want it to be ErrUnknownKey and ErrSyntax alone", err)
	}
}
