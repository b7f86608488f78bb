package configs

import (
	"testing"
	"time"
)

// Ensure values that contradict each other are told once, at the one that is set, with the place of the other.
func TestLoad_Contradictions(t *testing.T) {
	const limit = "pressure.full = \"20%\"\n"
	const noLimit = "pressure: read a table without a limit, allowed: at least one of pressure.full, pressure.some, " +
		"pressure.events and pressure.left, or no [pressure] at all"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string // "" for none.
	}{
		{"a [pressure] table without a limit", map[string]string{"etc/slices/a.slice.toml": "\n[pressure]\n"},
			"etc/slices/a.slice.toml:2: " + noLimit},
		{"a window is no limit", map[string]string{"etc/slices/a.slice.toml": "pressure.window = \"2s\"\n"},
			"etc/slices/a.slice.toml:1: " + noLimit},
		{"an empty list of events neither", map[string]string{"etc/slices/a.slice.toml": "pressure = {events = []}\n"},
			"etc/slices/a.slice.toml:1: " + noLimit},
		{"a time left of 0 neither", map[string]string{"etc/slices/a.slice.toml": "pressure = {left = \"0\"}\n"},
			"etc/slices/a.slice.toml:1: " + noLimit},
		{"a scarce host neither", map[string]string{"etc/slices/a.slice.toml": "pressure.scarce = \"5%\"\n"},
			"etc/slices/a.slice.toml:1: " + noLimit},
		{"a time left that somebody set is one", map[string]string{"etc/slices/a.slice.toml": "pressure.left = \"3s\"\n"}, ""},
		{"one of everybody's is told once", map[string]string{
			"etc/slices/slice.d/10.toml": "pressure.window = \"2s\"\n",
			"etc/slices/a.slice.toml":    "priority = 1\n", "etc/slices/b.slice.toml": "priority = 1\n", "etc/slices/c-.slice.d/1.toml": "priority = 1\n",
		}, "etc/slices/slice.d/10.toml:1: " + noLimit},
		{"a limit in another file will do", map[string]string{
			"etc/slices/a.slice.toml": "pressure.window = \"2s\"\n", "run/slices/a.slice.d/10.toml": limit}, ""},
		{"but not in one that is masked", map[string]string{
			"etc/slices/a.slice.toml": "pressure.window = \"2s\"\n", "run/slices/a.slice.d/10.toml": limit,
			"etc/slices/a.slice.d/10.toml": "-> /dev/null"},
			"etc/slices/a.slice.toml:1: " + noLimit},
		{"a calm longer than the delay", map[string]string{
			"etc/slices/a.slice.toml": "hold.delay = \"5s\"\n", "run/slices/a-.slice.d/10.toml": "hold.calm = \"6s\"\n",
			"etc/slices/a-b.slice.toml": "\nhold.delay = \"5s\"\n"},
			`run/slices/a-.slice.d/10.toml:1: hold.calm: read "6s", allowed: at most hold.delay, which is "5s" (etc/slices/a-b.slice.toml:2)`},
		{"a calm longer than the default delay", map[string]string{"etc/slices/a.slice.toml": "hold.calm = \"1m\"\n"},
			`etc/slices/a.slice.toml:1: hold.calm: read "1m", allowed: at most hold.delay, which is "10s" (default)`},
		{"a delay shorter than the default calm", map[string]string{"etc/slices/a.slice.toml": "hold.delay = \"1s\"\n"}, ""},
		{"a delay of 0", map[string]string{"etc/slices/a.slice.toml": "hold = {delay = \"0\", calm = \"1m\"}\n"}, ""},
		{"a calm as long as the delay", map[string]string{"etc/slices/a.slice.toml": "hold = {delay = \"3s\", calm = \"3s\"}\n"}, ""},
		{"the root cannot be held as a whole", map[string]string{"etc/slices/-.slice.toml": limit + "hold.on = \"slice\"\n"},
			`etc/slices/-.slice.toml:2: hold.on: read "slice", allowed: for -.slice only "growers", since the root cgroup has neither memory.high nor cgroup.freeze; say so in slices/-.slice.toml`},
		{"also when everybody is", map[string]string{"etc/slices/slice.d/10.toml": limit + "hold.on = \"slice\"\n"},
			`etc/slices/slice.d/10.toml:2: hold.on: read "slice", allowed: for -.slice only "growers", since the root cgroup has neither memory.high nor cgroup.freeze; say so in slices/-.slice.toml`},
		{"unless the root is taken out", map[string]string{
			"etc/slices/slice.d/10.toml": limit + "hold.on = \"slice\"\n", "etc/slices/-.slice.toml": "-> /dev/null"}, ""},
		{"or not held at all", map[string]string{"etc/slices/-.slice.toml": limit + "hold = {on = \"slice\", by = \"none\"}\n"}, ""},
		{"the root has no events", map[string]string{"etc/slices/-.slice.toml": limit + "pressure.events = [\"max\", \"oom\"]\n"},
			`etc/slices/-.slice.toml:2: pressure.events: read ["max", "oom"], allowed: for -.slice only [], since the root cgroup has no memory.events; say so in slices/-.slice.toml`},
		{"nor as a whole by a step", map[string]string{"etc/slices/-.slice.toml": limit + "hold = {on = \"slice\", step = [{by = \"none\", delay = \"1s\"}, {by = \"freeze\", delay = \"1s\"}]}\n"},
			`etc/slices/-.slice.toml:2: hold.on: read "slice", allowed: for -.slice only "growers", since the root cgroup has neither memory.high nor cgroup.freeze; say so in slices/-.slice.toml`},
		{"unless no step holds", map[string]string{"etc/slices/-.slice.toml": limit + "hold = {on = \"slice\", step = [{by = \"none\", delay = \"1s\"}, {by = \"start\", unit = \"a.service\", delay = \"1s\"}]}\n"}, ""},
		{"the root cannot be lent to", map[string]string{"etc/slices/-.slice.toml": limit + "hold.by = \"raise\"\n"},
			`etc/slices/-.slice.toml:2: hold.by: read "raise", allowed: for -.slice another, since the root cgroup has no memory.max; say so in slices/-.slice.toml`},
		{"nor by a step", map[string]string{"etc/slices/-.slice.toml": limit + "hold.step = [{by = \"none\", delay = \"1s\"}, {by = \"raise\", delay = \"1s\"}]\n"},
			`etc/slices/-.slice.toml:2: hold.step: read by = "raise" in step 2, allowed: for -.slice another, since the root cgroup has no memory.max; say so in slices/-.slice.toml`},
		{"but its leaves can be frozen", map[string]string{"etc/slices/-.slice.toml": limit + "hold.by = \"freeze\"\n"}, ""},
		{"what is not watched may say what it wants", map[string]string{"etc/slices/-.slice.toml": "hold.on = \"slice\"\n"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.want == "" {
				load(t, test.files)
				return
			}
			if got := loadErrors(t, test.files); got != test.want {
				t.Errorf("Load\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

// Ensure a calm that nobody set leaves room for relief within a short delay.
func TestLoad_CalmFitsDelay(t *testing.T) {
	for delay, want := range map[string]time.Duration{"0": 2 * time.Second, "1s": 500 * time.Millisecond, "4s": 2 * time.Second, "1m": 2 * time.Second} {
		set, _ := load(t, map[string]string{"etc/slices/a.slice.toml": "hold.delay = \"" + delay + "\"\n"})
		if got := set.Policy("a.slice").Hold.Calm; got != want {
			t.Errorf("a delay of %s: calm = %v, want %v", delay, got, want)
		}
	}
}

// Ensure the host as a whole is judged only while it is short of memory, unless a file says otherwise.
func TestLoad_RootScarce(t *testing.T) {
	for _, test := range []struct {
		files map[string]string
		want  Share
	}{
		{nil, 1000},
		{map[string]string{"etc/slices/-.slice.toml": "pressure.full = \"20%\"\n"}, 1000},
		{map[string]string{"etc/slices/-.slice.toml": "-> /dev/null"}, 1000},
		{map[string]string{"etc/slices/-.slice.toml": "pressure = {full = \"20%\", scarce = \"0%\"}\n"}, 0},
		{map[string]string{"etc/slices/slice.d/10.toml": "pressure = {full = \"20%\", scarce = \"5%\"}\n"}, 500},
	} {
		set, _ := load(t, test.files)
		if got := set.Policy("-.slice").Pressure.Scarce; got != test.want {
			t.Errorf("%v: scarce = %s, want %s", test.files, got, test.want)
		}
		if got := set.Policy("a.slice").Pressure.Scarce; got != 0 && got != 500 {
			t.Errorf("%v: scarce of a.slice = %s, want that of its files alone", test.files, got)
		}
	}
}
