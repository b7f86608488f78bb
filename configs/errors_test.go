package configs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure each wrong value is told with its place, what was read and what is allowed.
func TestLoad_WrongValues(t *testing.T) {
	const share = `allowed: a share from "0.1%" to "100%" such as `
	const two = ", with at most two decimals"
	const picks = `allowed: "growth", "largest", "newest", "offender", "priority", "reclaim", "stall" or "swap", ` +
		`or a list of at least one of them, each at most once`
	const sizes = `allowed: a share such as "2%", a size such as "512M" (K, M, G, T of 1024), or a number of bytes`
	const lend = `allowed: a size from "1M" to "1T" such as "256M" (K, M, G, T of 1024), or a number of bytes`
	const rates = `allowed: a rate such as "3/1h", from 1 to 1000 times in a duration from 1s to 24h`
	for _, test := range []struct{ text, want string }{
		{`priority = 1001`, `priority: read 1001, allowed: a whole number from -1000 to 1000`},
		{`priority = -1001`, `priority: read -1001, allowed: a whole number from -1000 to 1000`},
		{`priority = "100"`, `priority: read "100", allowed: a whole number from -1000 to 1000`},
		{`priority = 1.0`, `priority: read 1, allowed: a whole number from -1000 to 1000`},
		{`pressure.full = "0.05%"`, `pressure.full: read "0.05%", ` + share + `"20%"` + two},
		{`pressure.full = 20`, `pressure.full: read 20, ` + share + `"20%"` + two},
		{`pressure.some = "60"`, `pressure.some: read "60", ` + share + `"60%"` + two},
		{`pressure.window = "499ms"`, `pressure.window: read "499ms", allowed: a duration from 500ms to 10s such as "1s"`},
		{`pressure.window = "11s"`, `pressure.window: read "11s", allowed: a duration from 500ms to 10s such as "1s"`},
		{`pressure.events = ["max", "foo"]`, `pressure.events: read ["max", "foo"], allowed: a list of "max", "oom", "high", "low" and "oom_kill", each at most once`},
		{`pressure.events = ["max", "max"]`, `pressure.events: read ["max", "max"], allowed: a list of "max", "oom", "high", "low" and "oom_kill", each at most once`},
		{`pressure.events = "max"`, `pressure.events: read "max", allowed: a list of "max", "oom", "high", "low" and "oom_kill", each at most once`},
		{`pressure.events = [1]`, `pressure.events: read [1], allowed: a list of "max", "oom", "high", "low" and "oom_kill", each at most once`},
		{`pressure = true`, `pressure: read true, allowed: a table`},
		{`[[pressure]]`, `pressure: read a list of tables, allowed: a table`},
		{`hold.by = "throtle"`, `hold.by: read "throtle", allowed: "throttle", "freeze", "raise" or "none"; did you mean "throttle"?`},
		{`hold.by = "signal"`, `hold.by: read "signal", allowed: "throttle", "freeze", "raise" or "none"`},
		{`hold.on = "all"`, `hold.on: read "all", allowed: "growers" or "slice"`},
		{`hold.delay = "10x"`, `hold.delay: read "10x", allowed: a duration from 0s to 10m such as "10s"`},
		{`hold.delay = "1d"`, `hold.delay: read "1d", allowed: a duration from 0s to 10m such as "10s"`},
		{`hold.delay = "-1s"`, `hold.delay: read "-1s", allowed: a duration from 0s to 10m such as "10s"`},
		{`hold.delay = 10`, `hold.delay: read 10, allowed: a duration from 0s to 10m such as "10s"`},
		{`hold.delay = {}`, `hold.delay: read a table, allowed: a duration from 0s to 10m such as "10s"`},
		{`hold.delay = 10:00:00`, `hold.delay: read a date or time, allowed: a duration from 0s to 10m such as "10s"`},
		{`hold.calm = "100ms"`, `hold.calm: read "100ms", allowed: a duration from 200ms to 5m such as "2s"`},
		{`hold.urgent = "101%"`, `hold.urgent: read "101%", allowed: a share from "0%" to "100%" such as "30%", with at most two decimals`},
		{`pressure.scarce = "101%"`, `pressure.scarce: read "101%", allowed: a share from "0%" to "100%" such as "10%", with at most two decimals`},
		{`pressure.scarce = 0`, `pressure.scarce: read 0, allowed: a share from "0%" to "100%" such as "10%", with at most two decimals`},
		{`pressure.left = "61s"`, `pressure.left: read "61s", allowed: a duration from 0s to 1m such as "3s"`},
		{`hold.squeeze = "50.01%"`, `hold.squeeze: read "50.01%", allowed: a share from "0%" to "50%" such as "5%", with at most two decimals`},
		{`hold.lend = "10%"`, `hold.lend: read "10%", ` + lend},
		{`hold.lend = "1023K"`, `hold.lend: read "1023K", ` + lend},
		{`hold.lend = 1048575`, `hold.lend: read 1048575, ` + lend},
		{`hold.lend = "1025G"`, `hold.lend: read "1025G", ` + lend},
		{`hold.lend = -1`, `hold.lend: read -1, ` + lend},
		{`hold.lend = "0%"`, `hold.lend: read "0%", ` + lend},
		{`stop.hooks = "11s"`, `stop.hooks: read "11s", allowed: a duration from 0s to 10s such as "1s"`},
		{`stop.pick = "smallest"`, `stop.pick: read "smallest", ` + picks},
		{`stop.pick = "larges"`, `stop.pick: read "larges", ` + picks + `; did you mean "largest"?`},
		{`stop.pick = ["priority", "Newest"]`, `stop.pick: read ["priority", "Newest"], ` + picks + `; did you mean "newest"?`},
		{`stop.pick = ["priority", "priority"]`, `stop.pick: read ["priority", "priority"], ` + picks},
		{`stop.pick = []`, `stop.pick: read [], ` + picks},
		{`stop.pick = ""`, `stop.pick: read "", ` + picks},
		{`stop.pick = ["swap", 1]`, `stop.pick: read ["swap", 1], ` + picks},
		{`stop.pick = {}`, `stop.pick: read a table, ` + picks},
		{`stop.min = "2 %"`, `stop.min: read "2 %", ` + sizes},
		{`stop.min = "101%"`, `stop.min: read "101%", ` + sizes},
		{`stop.min = -1`, `stop.min: read -1, ` + sizes},
		{`stop.from = "leaves"`, `stop.from: read "leaves", allowed: "slices" or "units"`},
		{`stop.grace = "61s"`, `stop.grace: read "61s", allowed: a duration from 0s to 1m such as "5s"`},
		{`stop.settle = "6m"`, `stop.settle: read "6m", allowed: a duration from 0s to 5m such as "5s"`},
		{`stop.revive = "always"`, `stop.revive: read "always", allowed: "never", "calm" or "restart"`},
		{`stop.revive = true`, `stop.revive: read true, allowed: "never", "calm" or "restart"`},
		{`stop.revive_after = "61m"`, `stop.revive_after: read "61m", allowed: a duration from 0s to 1h such as "30s"`},
		{`stop.revive_max = "0/1h"`, `stop.revive_max: read "0/1h", ` + rates},
		{`stop.revive_max = "1001/1h"`, `stop.revive_max: read "1001/1h", ` + rates},
		{`stop.revive_max = "3/999ms"`, `stop.revive_max: read "3/999ms", ` + rates},
		{`stop.revive_max = "3/1d1s"`, `stop.revive_max: read "3/1d1s", ` + rates},
		{`stop.revive_max = "3"`, `stop.revive_max: read "3", ` + rates},
		{`stop.revive_max = 3`, `stop.revive_max: read 3, ` + rates},
		{`stop.arm = "yes"`, `stop.arm: read "yes", allowed: true or false`},
		{`hold.by = "` + strings.Repeat("x", 100) + `"`, `hold.by: read "` + strings.Repeat("x", 80) + `"..., allowed: "throttle", "freeze", "raise" or "none"`},
		{`hold.by = "a\nb"`, `hold.by: read "a\nb", allowed: "throttle", "freeze", "raise" or "none"`},
	} {
		got := loadErrors(t, map[string]string{"etc/slices/a.slice.toml": test.text})
		if want := "etc/slices/a.slice.toml:1: " + test.want; got != want {
			t.Errorf("Load(%q)\n got %s\nwant %s", test.text, got, want)
		}
	}
}

// Ensure each wrong value of the daemon is told in the same way.
func TestLoad_WrongDaemonValues(t *testing.T) {
	const globs = `allowed: a list of names of units with their type such as "ssh.service", or globs such as "ssh@*.service"`
	const sizes = `allowed: a share such as "2%", a size such as "512M" (K, M, G, T of 1024), or a number of bytes`
	const guards = `allowed: a duration from 500ms to 1m such as "2s", or "0s" for off`
	for _, test := range []struct{ text, want string }{
		{`observe = "yes"`, `observe: read "yes", allowed: true or false`},
		{`protect = "ssh.service"`, `protect: read "ssh.service", ` + globs},
		{`protect = ["sshd"]`, `protect: read ["sshd"], ` + globs},
		{`protect = ["[.service"]`, `protect: read ["[.service"], ` + globs},
		{`protect = ["system.slice/ssh.service"]`, `protect: read ["system.slice/ssh.service"], ` + globs},
		{`trace = "/run/reprieve/traces"`, ``},
		{`trace = ""`, ``},
		{`trace = "traces"`, `trace: read "traces", allowed: an absolute path such as "/run/reprieve/traces", or ""`},
		{`trace = "/run/../etc"`, `trace: read "/run/../etc", allowed: an absolute path such as "/run/reprieve/traces", or ""`},
		{`trace = true`, `trace: read true, allowed: an absolute path such as "/run/reprieve/traces", or ""`},
		{`guard = "500ms"`, ``},
		{`guard = "0s"`, ``},
		{`guard = "0"`, ``},
		{`guard = "499ms"`, `guard: read "499ms", ` + guards},
		{`guard = "61s"`, `guard: read "61s", ` + guards},
		{`guard = "-1s"`, `guard: read "-1s", ` + guards},
		{`guard = 0`, `guard: read 0, ` + guards},
		{`guard = ""`, `guard: read "", ` + guards},
		{`host.available = "2"`, ``},
		{`host.available = "2 %"`, `host.available: read "2 %", ` + sizes},
		{`host.swap = -1`, `host.swap: read -1, ` + sizes},
		{`host.swap = 0.5`, `host.swap: read 0.5, ` + sizes},
		{`priority = 1`, `priority: unknown key, allowed: observe, protect, trace, guard, records, host.available, host.swap, compat.managed_oom`},
		{`swap = "1%"`, `swap: unknown key, did you mean host.swap?`},
	} {
		files := map[string]string{"etc/reprieve.toml": test.text}
		if test.want == "" {
			load(t, files)
			continue
		}
		if got, want := loadErrors(t, files), "etc/reprieve.toml:1: "+test.want; got != want {
			t.Errorf("Load(%q)\n got %s\nwant %s", test.text, got, want)
		}
	}
}

// Ensure an unknown key is told with the one that was probably meant.
func TestLoad_UnknownKeys(t *testing.T) {
	const all = "allowed: priority, pressure.full, pressure.some, pressure.window, pressure.events, pressure.scarce, pressure.left, hold.by, hold.on, " +
		"hold.delay, hold.calm, hold.urgent, hold.futile, hold.squeeze, hold.lend, hold.step, stop.pick, stop.from, stop.min, stop.grace, stop.settle, stop.revive, " +
		"stop.revive_after, stop.revive_max, stop.arm, stop.hooks"
	for text, want := range map[string]string{
		"prioritty = 1":             "1: prioritty: unknown key, did you mean priority?",
		"[[hold.stepp]]\nx = 1":     "1: hold.stepp: unknown key, did you mean hold.step?",
		"\nhold.dealy = '1s'":       "2: hold.dealy: unknown key, did you mean hold.delay?",
		"Hold.Delay = '1s'":         "1: Hold: unknown key, did you mean hold?",
		"[stop]\ndelay = '1s'":      "2: stop.delay: unknown key, did you mean hold.delay?",
		"delay = '1s'":              "1: delay: unknown key, did you mean hold.delay?",
		"\n[presure]\nfull = '20%'": "2: presure: unknown key, did you mean pressure?",
		"\npresure.full = '20%'":    "2: presure: unknown key, did you mean pressure?",
		"zebra = 1":                 "1: zebra: unknown key, " + all,
		"[zebra]\na = 1\nb = 2":     "1: zebra: unknown key, allowed: pressure, hold, stop",
		"[bolt]":                    "1: bolt: unknown key, allowed: pressure, hold, stop",
		"\"hold.delay\" = '1s'":     "1: \"hold.delay\": unknown key, did you mean hold.delay?",
		"on = 1":                    "1: on: unknown key, did you mean hold.on?",
		strings.Repeat("k", 1e5) + " = 1": "1: " + strings.Repeat("k", 1e5) + ": unknown key, " +
			all,
	} {
		got := loadErrors(t, map[string]string{"etc/slices/a.slice.toml": text})
		if want := "etc/slices/a.slice.toml:" + want; got != want {
			t.Errorf("Load(%.80q)\n got %.300s\nwant %.300s", text, got, want)
		}
	}
}

// Ensure all errors of all files are told at once, in order, each once, and the good keys beside them do no harm.
func TestLoad_AllErrorsAtOnce(t *testing.T) {
	got := loadErrors(t, map[string]string{
		"etc/reprieve.toml":            "observe = 1\n",
		"lib/reprieve.toml.d/10.toml":  "observe =\n",
		"etc/slices/a.slice.toml":      "priority = 1\n[hold]\ndelay = \"x\"\nby = \"y\"\nzebras = 1\n[stop]\npick = 1\n",
		"etc/slices/b.slice.toml":      "[hold]\ncalm = \"20s\"\n",
		"lib/slices/b.slice.d/10.toml": "priority = \"1\"\n", // A contradiction is not looked for in b.slice.
		"lib/slices/slice.d/10.toml":   "hold.on = 1\n",      // Of every slice, and told once.
		"run/slices/x.toml":            "",
	})
	want := []string{
		`etc/reprieve.toml:1: observe: read 1, allowed: true or false`,
		`etc/slices/a.slice.toml:3: hold.delay: read "x", allowed: a duration from 0s to 10m such as "10s"`,
		`etc/slices/a.slice.toml:4: hold.by: read "y", allowed: "throttle", "freeze", "raise" or "none"`,
		`etc/slices/a.slice.toml:5: hold.zebras: unknown key, allowed: priority, pressure.full, pressure.some, pressure.window, ` +
			`pressure.events, pressure.scarce, pressure.left, hold.by, hold.on, hold.delay, hold.calm, hold.urgent, hold.futile, ` +
			`hold.squeeze, hold.lend, hold.step, stop.pick, stop.from, stop.min, stop.grace, stop.settle, ` +
			`stop.revive, stop.revive_after, stop.revive_max, stop.arm, stop.hooks`,
		`etc/slices/a.slice.toml:7: stop.pick: read 1, allowed: "growth", "largest", "newest", "offender", "priority", "reclaim", ` +
			`"stall" or "swap", or a list of at least one of them, each at most once`,
		`lib/reprieve.toml.d/10.toml:1: not TOML: expected value but found '\n' instead`,
		`lib/slices/b.slice.d/10.toml:1: priority: read "1", allowed: a whole number from -1000 to 1000`,
		`lib/slices/slice.d/10.toml:1: hold.on: read 1, allowed: "growers" or "slice"`,
		`run/slices/x.toml: not the name of a slice, allowed: NAME.slice.toml for a slice, or a folder NAME.slice.d, ` +
			`PREFIX-.slice.d or slice.d with drop-ins`,
	}
	if diff := cmp.Diff(want, strings.Split(got, "\n")); diff != "" {
		t.Errorf("Load: -want +got\n%s", diff)
	}
}

// Ensure a file of nothing but unknown keys is told in bounded space and time.
func TestLoad_ManyUnknownKeys(t *testing.T) {
	var text strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&text, "z.k%d = 1\nk%d = 1\n", i, i)
	}
	lines := strings.Split(loadErrors(t, map[string]string{"etc/slices/a.slice.toml": text.String()}), "\n")
	// One is z as a whole; the sum has no line and comes first.
	if want := "etc/slices/a.slice.toml: unknown key: 29901 more of them"; len(lines) != 1+maxUnknown || lines[0] != want {
		t.Errorf("Load told %d errors, first %q, want %d, first %q", len(lines), lines[0], 1+maxUnknown, want)
	}
}

// Ensure the caller's plugins are what a file may name, and what a message lists.
func TestLoad_Names(t *testing.T) {
	o := searched(tree(t, map[string]string{"etc/slices/a.slice.toml": "hold.by = \"freeze\"\nstop.pick = \"largest\"\n"}))
	o.Names = Names{Picks: []string{"oldest"}, Holds: []string{"freeze", "x", "y"}}
	_, err := Load(o)
	if want := `stop.pick: read "largest", allowed: "oldest", or a list of at least one of them, each at most once`; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("Load = %v, want %s", err, want)
	}
}
