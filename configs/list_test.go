package configs

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everyKey is a slice file that has each key there is, with a value that is not its default.
const everyKey = `priority = 7
[pressure]
full = "12.5%"
some = "61%"
window = "2s"
events = ["max", "oom_kill"]
scarce = "11%"
left = "4s"
[hold]
by = "freeze"
on = "slice"
delay = "1m30s"
calm = "3s"
urgent = "31%"
futile = "700ms"
squeeze = "6%"
lend = "300M"
[stop]
pick = ["swap", "newest"]
from = "units"
min = "17M"
grace = "6s"
settle = "7s"
revive = "calm"
revive_after = "1h"
revive_max = "2/1m"
arm = false
hooks = "2s"
`

// everyDaemonKey is the same for reprieve.toml.
const everyDaemonKey = `observe = true
protect = ["a.service", "b*.service"]
trace = "/run/reprieve/traces"
guard = "3s"
records = 12
[host]
available = "512M"
swap = "6%"
[compat]
managed_oom = true
`

// written returns the values of a text by their keys, without quotes and brackets.
func written(text string) map[string]string {
	values, table := map[string]string{}, ""
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), " = ")
		if ok {
			values[table+key] = strings.NewReplacer(`"`, "", "[", "", "]", "").Replace(value)
		} else {
			table = strings.Trim(key, "[]") + "."
		}
	}
	return values
}

// checkSettings compares settings with the text of a file, each key with a line of its own.
func checkSettings(t *testing.T, got []Setting, file, text string) {
	t.Helper()
	values := map[string]string{}
	for _, s := range got {
		values[s.Key] = s.Value
		if s.Origin.File != file || s.Origin.Line == 0 {
			t.Errorf("%s is from %+v, want a line of %s", s.Key, s.Origin, file)
		}
	}
	if diff := cmp.Diff(written(text), values); diff != "" {
		t.Errorf("Settings: -want +got\n%s", diff)
	}
}

// Ensure the list has each key of the table, in its order, and the value that a file gives it.
func TestPolicy_Settings(t *testing.T) {
	set, root := load(t, map[string]string{"etc/slices/a.slice.toml": everyKey})
	p := set.Policy("a.slice")
	got := p.Settings()
	at := slices.IndexFunc(got, func(s Setting) bool { return s.Key == "hold.step" })
	if at < 0 || got[at].Value != "" {
		t.Fatalf("Settings has hold.step at %d, want one with nothing in it", at)
	}
	checkSettings(t, slices.Delete(slices.Clone(got), at, at+1), root+"/etc/slices/a.slice.toml", everyKey)
	checkOrder(t, got, sliceSettings(Names{}), p.values())
}

// Ensure the list has each key of reprieve.toml as well.
func TestDaemon_Settings(t *testing.T) {
	set, root := load(t, map[string]string{"etc/reprieve.toml": everyDaemonKey})
	d := set.Daemon()
	checkSettings(t, d.Settings(), root+"/etc/reprieve.toml", everyDaemonKey)
	checkOrder(t, d.Settings(), daemonSettings(), d.values())
}

// checkOrder compares the keys of a list with those of a table, and with those that have a value.
func checkOrder[T any](t *testing.T, got []Setting, table []setting[T], values map[string]string) {
	t.Helper()
	var keys, want []string
	for _, s := range got {
		keys = append(keys, s.Key)
	}
	for _, s := range table {
		if !s.table {
			want = append(want, s.key)
		}
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("keys of Settings: -table +got\n%s", diff)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(values))); diff != "" {
		t.Errorf("keys with a value: -table +got\n%s", diff)
	}
}

// Ensure the text above has no value that is a default: else the test of the list could not tell one from the other.
func TestPolicy_SettingsDiffer(t *testing.T) {
	set, _ := load(t, map[string]string{"etc/slices/a.slice.toml": everyKey})
	p, other := set.Policy("a.slice"), set.Policy("b.slice")
	for key, value := range p.values() {
		if value == other.values()[key] && key != "hold.step" {
			t.Errorf("%s is %q in the text, its default", key, value)
		}
	}
}

// Ensure what is not set, what is counted from other values, and ladders can be told.
func TestPolicy_SettingsOf(t *testing.T) {
	const ladder = "hold.step = [{ by = 'signal', unit = 'c.service', delay = '2s' }, { by = 'start', unit = 'd.service', delay = '500ms' }, " +
		"{ by = 'throttle', delay = '1s' }]\n"
	set, root := load(t, map[string]string{
		"etc/slices/a.slice.toml":     ladder + "priority = 3\n",
		"etc/slices/a.slice.d/b.toml": "priority = 4\npressure.events = []\npressure.some = '1%'\n",
	})
	p := set.Policy("a.slice")
	got := map[string]Setting{}
	for _, s := range p.Settings() {
		got[s.Key] = s
	}
	main, dropIn := root+"/etc/slices/a.slice.toml", root+"/etc/slices/a.slice.d/b.toml"
	for _, want := range []Setting{
		{"priority", "4", Origin{dropIn, 1}},
		{"pressure.full", "", Origin{}},
		{"pressure.events", "", Origin{dropIn, 2}},
		{"hold.step", "signal SIGUSR1 to main of c.service 2s, start d.service 500ms, throttle 1s", Origin{main, 1}},
		{"hold.delay", "3.5s", Origin{}},
		{"hold.calm", "1.75s", Origin{}},
		{"stop.pick", "largest", Origin{}},
	} {
		if got[want.Key] != want {
			t.Errorf("Settings has %+v, want %+v", got[want.Key], want)
		}
	}
}
