package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sampleVerb is a verb with all kinds of flags.
func sampleVerb() verb {
	return verb{name: "history", args: "[SLICE]", takes: argument{kind: kindSlice, most: 1}, options: []option{
		{name: "n", argument: "N", about: "show the newest N"},
		{name: "since", argument: "WHEN", about: "not older than that"},
		{name: "json", about: "for programs"},
	}}
}

// Ensure flags are found before and behind arguments, with one dash or two, and the root slice is an argument.
func TestVerb_Sort(t *testing.T) {
	for _, tt := range []struct {
		args, flags, operands string
		err                   string
	}{
		{"", "", "", ""},
		{"a.slice", "", "a.slice", ""},
		{"--json a.slice", "json=true", "a.slice", ""},
		{"a.slice -json", "json=true", "a.slice", ""},
		{"-n 5 --since -2d a.slice", "n=5 since=-2d", "a.slice", ""},
		{"--n=5 -since=yesterday", "n=5 since=yesterday", "", ""},
		{"--since=", "since=", "", ""},
		{"--json=false", "json=false", "", ""},
		{"-.slice --json", "json=true", "-.slice", ""},
		{"-- --json", "", "--json", ""},
		{"-n -- a.slice", "n=--", "a.slice", ""},
		{"-", "", "-", ""},
		{"--jsno", "", "", "no flag --jsno; did you mean --json?"},
		{"--jsno=true", "", "", "no flag --jsno; did you mean --json?"},
		{"-sinc 5", "", "", "no flag -sinc; did you mean --since?"},
		{"--follow", "", "", "no flag --follow; there are -n, --since, --json"},
		{"-nx", "", "", "no flag -nx; there are -n, --since, --json"},
		{"--since", "", "", "--since: got nothing behind it, allowed: --since WHEN, not older than that"},
		{"a.slice b.slice", "", "a.slice b.slice", `takes one slice or none, got ["a.slice" "b.slice"]`},
		{"a.slice --help", "", "", "flag: help requested"},
		{"-h", "", "", "flag: help requested"},
		{"--since --help", "since=--help", "", ""},
	} {
		v := sampleVerb()
		flags, operands, err := v.sort(strings.Fields(tt.args))
		var got []string
		for _, g := range flags {
			got = append(got, g.option.name+"="+g.value)
		}
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != tt.err || strings.Join(got, " ") != tt.flags || strings.Join(operands, " ") != tt.operands {
			t.Errorf("sort(%q) = %q, %q, %v, want %q, %q, %s", tt.args, got, operands, err, tt.flags, tt.operands, tt.err)
		}
	}
}

// Ensure a verb says what it takes when it is given something else.
func TestVerb_Count(t *testing.T) {
	for _, tt := range []struct {
		takes    argument
		operands []string
		want     string
	}{
		{argument{}, nil, ""},
		{argument{}, []string{"a"}, `takes no arguments, got ["a"]`},
		{argument{kind: "slice", most: 1}, []string{""}, `takes one slice or none, got [""]`},
		{argument{kind: "episode", words: []string{"last"}, least: 1, most: 1}, nil, "takes one episode (ARGS), got none"},
		{argument{kind: "slice", least: 1, most: 1}, []string{"a", "b"}, `takes one slice, got ["a" "b"]`},
		{argument{kind: "slice", least: 1, most: 3}, nil, "takes 1 to 3 of slice, got none"},
		{argument{kind: "slice", least: 1, most: 3}, []string{"a", "b", "c"}, ""},
	} {
		v := verb{args: "ARGS", takes: tt.takes}
		got := ""
		if err := v.count(tt.operands); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("count(%q) of %+v = %s, want %s", tt.operands, tt.takes, got, tt.want)
		}
	}
}

// Ensure a value that a flag does not take is told with what it takes; what a flag judges itself has its own words.
func TestGiven_Into(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"n", "7", ""},
		{"n", "many", `-n: read "many", allowed: -n N, show the newest N`},
		{"n", "99999999999999999999", `-n: read "99999999999999999999", allowed: -n N, show the newest N`},
		{"json", "false", ""},
		{"json", "maybe", `--json: read "maybe", allowed: --json alone`},
		{"since", "then", `--since: read "then", allowed: a time`},
	} {
		var n int
		set := flag.NewFlagSet("history", flag.ContinueOnError)
		set.IntVar(&n, "n", 20, "")
		set.Bool("json", false, "")
		set.Func("since", "", func(text string) error { return fmt.Errorf("read %q, allowed: a time", text) })
		v := sampleVerb()
		i := slices.IndexFunc(v.options, func(o option) bool { return o.name == tt.name })
		got := ""
		if err := (given{option: v.options[i], value: tt.value}).into(set); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.name, tt.value, got, tt.want)
		}
		if tt.name == "n" && tt.want == "" && n != 7 {
			t.Errorf("-n 7 sets %d", n)
		}
	}
}

// Ensure a verb cannot read other flags than its entry has.
func TestVerb_Agree(t *testing.T) {
	for _, tt := range []struct {
		define func(*flag.FlagSet)
		panics bool
	}{
		{func(f *flag.FlagSet) {
			f.Int("n", 0, "")
			f.Duration("since", time.Hour, "")
			f.Bool("json", false, "")
		}, false},
		{func(f *flag.FlagSet) { f.Int("n", 0, ""); f.Bool("json", false, "") }, true},
		{func(f *flag.FlagSet) { f.Int("n", 0, ""); f.Int("since", 0, ""); f.Bool("js", false, "") }, true},
	} {
		set := flag.NewFlagSet("history", flag.ContinueOnError)
		tt.define(set)
		got := func() (panics bool) {
			defer func() { panics = recover() != nil }()
			v := sampleVerb()
			v.agree(set)
			return false
		}()
		if got != tt.panics {
			t.Errorf("agree panics: %v, want %v", got, tt.panics)
		}
	}
}

// Ensure the table has whatever help and completion need, and each verb reads the flags that it says.
func TestVerbs(t *testing.T) {
	seen := map[string]bool{}
	groups := []string{groupLook, groupAct, groupCheck, groupMore, ""}
	for _, v := range verbs() {
		if v.name == "" || v.about == "" || v.run == nil || seen[v.name] || !slices.Contains(groups, v.group) {
			t.Errorf("entry of %q: a name of its own, a group, about and run are needed, got %+v", v.name, v)
		}
		seen[v.name] = true
		if strings.HasSuffix(v.about, ".") || strings.Contains(v.about, "\n") {
			t.Errorf("about of %s is %q, want one line without a full stop", v.name, v.about)
		}
		if v.takes.least > v.takes.most || (v.takes.most > 0) != (v.takes.kind != "") || (v.takes.most > 0) != (v.args != "") {
			t.Errorf("%s takes %+v with the usage %q: they contradict each other", v.name, v.takes, v.args)
		}
		for _, o := range v.options {
			if o.name == "" || o.about == "" || strings.HasPrefix(o.name, "-") || o.kind != "" && o.argument == "" {
				t.Errorf("%s has the flag %+v: a name without dashes and about are needed, and a kind is that of an argument", v.name, o)
			}
		}
		var first, second bytes.Buffer
		if code := run([]string{v.name, "--help"}, &first, io.Discard); code != exitOK {
			t.Errorf("%s --help exits with %d", v.name, code)
		}
		if code := run([]string{"help", v.name}, &second, io.Discard); code != exitOK || first.String() != second.String() {
			t.Errorf("help %s exits with %d; it differs from %s --help by\n%s", v.name, code, v.name, cmp.Diff(first.String(), second.String()))
		}
	}
}

// Ensure every verb refuses a flag that it does not know, without having done anything.
func TestRun_UnknownFlag(t *testing.T) {
	for _, v := range verbs() {
		var stdout, stderr bytes.Buffer
		code := run([]string{v.name, "--no-such-flag"}, &stdout, &stderr)
		want := fmt.Sprintf("reprievectl %s: no flag --no-such-flag; ", v.name)
		if code != exitUsage || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("%s --no-such-flag = %d, %q, %q, want %d, nothing, %q", v.name, code, stdout.String(), stderr.String(), exitUsage, want)
		}
	}
}

// Ensure parse gives a verb its arguments and flags, and says on stderr what is wrong.
func TestParse(t *testing.T) {
	var stderr bytes.Buffer
	define := func(set *flag.FlagSet) { set.Bool("json", false, "") }
	got, ok := parse("release", []string{"--", "-.slice"}, &stderr, define)
	if !ok || !slices.Equal(got, []string{"-.slice"}) || stderr.Len() > 0 {
		t.Errorf("parse = %q, %v, %q, want the root slice", got, ok, stderr.String())
	}
	got, ok = parse("release", []string{"a.slice", "b.slice"}, &stderr, define)
	if want := "reprievectl release: takes one slice or none, got [\"a.slice\" \"b.slice\"]\n"; ok || got != nil || stderr.String() != want {
		t.Errorf("parse = %q, %v, %q, want nothing, false, %q", got, ok, stderr.String(), want)
	}
	if _, _, err := new(verb).sort([]string{"--help"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("sort of --help: %v, want %v", err, flag.ErrHelp)
	}
}
