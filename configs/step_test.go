package configs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Ensure a ladder has its steps in order, with their defaults, its place, and the time that they need.
func TestLoad_Ladder(t *testing.T) {
	const second = time.Second
	want := []Step{
		{By: "signal", Delay: 2 * second, Unit: "cache.service", Signal: "SIGUSR1", To: "main"},
		{By: "signal", Delay: second, Unit: "batch.slice", Signal: "SIGRTMIN+3", To: "all"},
		{By: "start", Delay: 500 * time.Millisecond, Unit: "drop@all.service"},
		{By: "freeze", Delay: 3 * second},
	}
	for name, text := range map[string]string{
		"headings": `[hold]
on = "slice"
[[hold.step]] # The first.
by = "signal"
unit = "cache.service"
delay = "2s"
[[hold.step]]
by = "signal"
unit = "batch.slice"
signal = "RTMIN+3"
to = "all"
delay = "1s"
[[hold.step]]
delay = "500ms"
unit = "drop@all.service"
by = "start"
[[hold.step]]
by = "freeze"
delay = "3s"
`,
		"one value": `[hold]
on = "slice"
step = [
  {by = "signal", unit = "cache.service", delay = "2s", signal = "USR1", to = "main"},
  {by = "signal", unit = "batch.slice", delay = "1s", signal = "SIGRTMIN+3", to = "all"},
  {by = "start", unit = "drop@all.service", delay = "500ms"},
  {by = "freeze", delay = "3s"},
]
`,
	} {
		set, root := load(t, map[string]string{"etc/slices/a.slice.toml": text})
		p := set.Policy("a.slice")
		if diff := cmp.Diff(want, p.Hold.Ladder()); diff != "" {
			t.Errorf("%s: Ladder: -want +got\n%s", name, diff)
		}
		if got := p.Origins["hold.step"]; got != (Origin{root + "/etc/slices/a.slice.toml", 3}) {
			t.Errorf("%s: the ladder is from %s, want line 3", name, got)
		}
		if p.Hold.Delay != 6500*time.Millisecond || p.Hold.Calm != 2*second || p.Hold.On != "slice" {
			t.Errorf("%s: Hold = %+v, want a delay of 6.5s, a calm of 2s, on slice", name, p.Hold)
		}
	}
}

// Ensure a hold without steps is a ladder of one.
func TestHold_Ladder(t *testing.T) {
	h := Hold{By: "throttle", Delay: time.Minute}
	if diff := cmp.Diff([]Step{{By: "throttle", Delay: time.Minute}}, h.Ladder()); diff != "" {
		t.Errorf("Ladder: -want +got\n%s", diff)
	}
}

// Ensure a later file with steps replaces the whole list, with none takes it away, and steps go before hold.by.
func TestLoad_LadderMerge(t *testing.T) {
	const two = "[[hold.step]]\nby = \"none\"\ndelay = \"1s\"\n[[hold.step]]\nby = \"freeze\"\ndelay = \"2s\"\n"
	for _, test := range []struct {
		dropIn string
		want   string
		delay  time.Duration
	}{
		{"priority = 1\n", "none 1s, freeze 2s", 3 * time.Second},
		{"[[hold.step]]\nby = \"throttle\"\ndelay = \"5s\"\n", "throttle 5s", 5 * time.Second},
		{"hold.step = []\n", "throttle 10s", 10 * time.Second},
		{"hold.by = \"raise\"\n", "none 1s, freeze 2s", 3 * time.Second},
		{"hold = {step = [], by = \"raise\"}\n", "raise 10s", 10 * time.Second},
		{"hold.delay = \"1m\"\n", "none 1s, freeze 2s", time.Minute},
	} {
		set, _ := load(t, map[string]string{"lib/slices/a.slice.toml": two, "etc/slices/a.slice.d/10.toml": test.dropIn})
		hold := set.Policy("a.slice").Hold
		var got []string
		for _, s := range hold.Ladder() {
			got = append(got, s.By+" "+s.Delay.String())
		}
		if text := strings.Join(got, ", "); text != test.want || hold.Delay != test.delay {
			t.Errorf("with %q: %s in %s, want %s in %s", test.dropIn, text, hold.Delay, test.want, test.delay)
		}
	}
}

// Ensure each thing that is wrong in a step is told with its step, its line, what was read and what is allowed.
func TestLoad_WrongSteps(t *testing.T) {
	const head = "[[hold.step]]\n"
	const good = head + "by = \"none\"\ndelay = \"1s\"\n"
	const by = `"throttle", "freeze", "raise", "none", "signal" or "start"`
	const delay = `a duration from 100ms to 10m such as "5s"`
	const unit = `the name of one unit with its type such as "cache.service", no glob and no template`
	const signal = `"HUP", "INT", "QUIT", "USR1", "USR2", "TERM", "WINCH" or "CONT", or "RTMIN" to "RTMIN+30", with or without SIG in front`
	const list = "tables with the heading [[hold.step]], at most 16 of them"
	for _, test := range []struct{ text, want string }{
		{good + head + "by = \"freez\"\ndelay = \"1s\"\n" + good, `5: hold.step[2].by: read "freez", allowed: ` + by + `; did you mean "freeze"?`},
		{head + "by = \"none\"\n\ndelay = \"99ms\"\n" + good, `4: hold.step[1].delay: read "99ms", allowed: ` + delay},
		{good + good + head + "delay = \"1s\"\n", `7: hold.step[3].by: read nothing, allowed: ` + by},
		{good + head + "by = \"none\"\n" + good, `4: hold.step[2].delay: read nothing, allowed: ` + delay},
		{good + head, "4: hold.step[2].by: read nothing, allowed: " + by + "\n4: hold.step[2].delay: read nothing, allowed: " + delay},
		{good + "dealy = \"1s\"\n" + good, `4: hold.step[1].dealy: unknown key, did you mean delay?`},
		{good + "zebra = 1\n" + good, `4: hold.step[1].zebra: unknown key, allowed: by, delay, unit, signal, to`},
		{good + "[hold.step.more]\nx = 1\n" + good, `4: hold.step[1].more: unknown key, allowed: by, delay, unit, signal, to`},
		{good + "unit = \"a.service\"\n" + good, `4: hold.step[1].unit: read "a.service", allowed: only with by = "signal" or "start"`},
		{good + "signal = \"HUP\"\nto = \"all\"\n", "4: hold.step[1].signal: read \"HUP\", allowed: only with by = \"signal\"\n" +
			`5: hold.step[1].to: read "all", allowed: only with by = "signal"`},
		{head + "by = \"start\"\ndelay = \"1s\"\n" + good, `1: hold.step[1].unit: read nothing, allowed: ` + unit},
		{head + "by = \"signal\"\ndelay = \"1s\"\nunit = \"a@*.service\"\n" + good, `4: hold.step[1].unit: read "a@*.service", allowed: ` + unit},
		{head + "by = \"signal\"\ndelay = \"1s\"\nunit = \"a.service\"\nsignal = \"KILL\"\n" + good, `5: hold.step[1].signal: read "KILL", allowed: ` + signal},
		{head + "by = \"signal\"\ndelay = \"1s\"\nunit = \"a.service\"\nto = \"control\"\n", `5: hold.step[1].to: read "control", allowed: "main" or "all"`},
		{head + "by = \"signal\"\ndelay = \"1s\"\nunit = \"a.slice\"\n" + good, `4: hold.step[1].to: read "main", allowed: "all" for a.slice, only a service has a main process`},
		{"[hold.step]\nby = \"none\"\n", "1: hold.step: read a table, allowed: " + list},
		{"hold.step = \"freeze\"\n", `1: hold.step: read "freeze", allowed: ` + list},
		{"[hold]\nstep = [1]\n", `2: hold.step: read [1], allowed: ` + list},
		{"[hold]\nstep = [\n{by = \"none\", delay = \"1s\"},\n{by = \"x\", delay = \"1s\"}]\n", `2: hold.step[2].by: read "x", allowed: ` + by},
		{strings.Repeat(good, 17), "49: hold.step: read 17 tables, allowed: " + list},
		{"# " + strings.Repeat("\n", 9) + strings.ReplaceAll(good+head+"by = \"x\"\ndelay = \"1s\"\n", "\n", "\r\n") + good, `14: hold.step[2].by: read "x", allowed: ` + by},

		{"[hold]\nby = \"raise\"\n" + good, `2: hold.by: hold.by has no meaning beside [[hold.step]], read "raise"`},
		{"[hold]\ndelay = \"2s\"\n" + good + good + good, `3: hold.step: read delays of "3s" together, allowed: at most hold.delay, which is "2s" (etc/slices/a.slice.toml:2)`},
		{"[hold]\ndelay = \"0\"\ncalm = \"1s\"\n" + good, `2: hold.delay: read "0s", allowed: at least the delays of all steps, which are "1s" together (etc/slices/a.slice.toml:4), or no [[hold.step]]`},
		{"[hold]\ncalm = \"1500ms\"\n" + good, `2: hold.calm: read "1.5s", allowed: at most the delays of all steps, which are "1s" together (etc/slices/a.slice.toml:3)`},
		{"[hold]\ncalm = \"3s\"\ndelay = \"1m\"\n" + good, `2: hold.calm: read "3s", allowed: at most the delays of all steps, which are "1s" together (etc/slices/a.slice.toml:4)`},
		{strings.Repeat(strings.ReplaceAll(good, "1s", "6m"), 2), `1: hold.step: read delays of "12m" together, allowed: at most 10m`},
	} {
		got := strings.ReplaceAll(loadErrors(t, map[string]string{"etc/slices/a.slice.toml": test.text}), "\netc/slices/a.slice.toml:", "\n")
		if want := "etc/slices/a.slice.toml:" + test.want; got != want {
			t.Errorf("Load(%q)\n got %s\nwant %s", test.text, got, want)
		}
	}
}

// Ensure a name of a signal is read with and without its SIG, and has its number.
func TestSignals(t *testing.T) {
	for text, want := range map[string]string{
		"HUP": "SIGHUP 1", "INT": "SIGINT 2", "QUIT": "SIGQUIT 3", "USR1": "SIGUSR1 10", "SIGUSR2": "SIGUSR2 12", "TERM": "SIGTERM 15",
		"CONT": "SIGCONT 18", "WINCH": "SIGWINCH 28", "RTMIN": "SIGRTMIN 34", "SIGRTMIN+1": "SIGRTMIN+1 35", "RTMIN+30": "SIGRTMIN+30 64",
		"KILL": "", "SIGSTOP": "", "SEGV": "", "RTMIN+31": "", "RTMIN+0": "", "RTMIN+": "", "RTMAX": "", "SIG": "", "SIGSIGHUP": "",
		"usr1": "", "": "", "10": "", "RTMIN+-1": "", "RTMIN++1": "", "RTMIN+256": "",
	} {
		got, ok := signals().parse(text)
		if ok {
			got = fmt.Sprintf("%s %d", got, Step{Signal: got}.SignalNumber())
		}
		if ok != (want != "") || ok && got != want {
			t.Errorf("signals().parse(%q) = %q, %v, want %q", text, got, ok, want)
		}
	}
	if got := (Step{}).SignalNumber(); got != 0 {
		t.Errorf("SignalNumber of no signal = %d, want 0", got)
	}
}

// Ensure only the full name of one unit is one.
func TestUnitNames(t *testing.T) {
	for text, want := range map[string]bool{
		"a.service": true, "a-b.slice": true, "a@b.service": true, `dev-disk\x2da.swap`: true, "session-2.scope": true, "a.b.timer": true,
		"a@b@c.service": true, "a": false, "a.serv": false, ".service": false, "a*.service": false, "a@.service": false, "@a.service": false,
		"a b.service": false, "a/b.service": false, "": false, "a?.service": false, strings.Repeat("a", 248) + ".service": false,
	} {
		if _, got := unitNames().parse(text); got != want {
			t.Errorf("unitNames().parse(%q) = %v, want %v", text, got, want)
		}
	}
}
