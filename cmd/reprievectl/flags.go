package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// given is a flag in a call.
type given struct {
	option option
	value  string
}

// parse reads the flags of a verb, which define declares as the verb's entry in [verbs] has them, and returns the arguments that are
// none. Where the call is wrong it says so on stderr, and ok is false: the verb returns exitUsage. define may be nil.
func parse(name string, args []string, stderr io.Writer, define func(*flag.FlagSet)) (operands []string, ok bool) {
	v, err := findVerb(name)
	var calls []given
	if err == nil {
		calls, operands, err = v.sort(args)
	}
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	if define != nil {
		define(set)
	}
	v.agree(set)
	for _, g := range calls {
		if err == nil {
			err = g.into(set)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl %s: %v\n", name, err)
		return nil, false
	}
	return operands, true
}

// agree panics when a verb reads other flags than its entry has: help and completion would lie.
func (v *verb) agree(set *flag.FlagSet) {
	var has, reads []string
	for _, o := range v.options {
		has = append(has, o.name)
	}
	set.VisitAll(func(f *flag.Flag) { reads = append(reads, f.Name) })
	slices.Sort(has)
	if !slices.Equal(has, reads) {
		panic(fmt.Sprintf("reprievectl %s: its entry in verbs has the flags %q, it reads %q", v.name, has, reads))
	}
}

// into sets the value of a flag.
func (g given) into(set *flag.FlagSet) error {
	// Nothing is no name of a file and no number: a variable that is not set would have its flag pass for one that was not given.
	if g.option.argument != "" && g.value == "" {
		return fmt.Errorf("%s: read %q, allowed: %s, %s", g.option.spelled(), g.value, g.option.full(), g.option.about)
	}
	value := set.Lookup(g.option.name).Value
	if err := value.Set(g.value); err != nil {
		// Only values of flag.Func are none: they say themselves what they were given, and what they want.
		if _, plain := value.(flag.Getter); !plain {
			return fmt.Errorf("%s: %w", g.option.spelled(), err)
		}
		want := g.option.full() + ", " + g.option.about
		if g.option.argument == "" {
			want = g.option.spelled() + " alone"
		}
		return fmt.Errorf("%s: read %q, allowed: %s", g.option.spelled(), g.value, want)
	}
	return nil
}

// sort parts the flags of a call from its arguments: package flag would end at the first argument, while people write flags behind it
// as well. The error is flag.ErrHelp where help is asked for.
func (v *verb) sort(args []string) (flags []given, operands []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			operands, args = append(operands, args...), nil
		// The root slice has a dash before it and is no flag.
		case !strings.HasPrefix(arg, "-") || arg == "-" || arg == "-.slice":
			operands = append(operands, arg)
		default:
			var g given
			if g, args, err = v.flag(arg, args); err != nil {
				return nil, nil, err
			}
			flags = append(flags, g)
		}
	}
	return flags, operands, v.count(operands)
}

// flag reads one flag, and returns what follows it and its value.
func (v *verb) flag(arg string, rest []string) (given, []string, error) {
	name, value, valued := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
	i := slices.IndexFunc(v.options, func(o option) bool { return o.name == name })
	switch {
	case i < 0 && (name == "h" || name == "help"):
		return given{}, nil, flag.ErrHelp
	case i < 0:
		return given{}, nil, v.noFlag(arg, name)
	}
	o := v.options[i]
	switch {
	case valued:
	case o.argument == "":
		value = "true"
	case len(rest) == 0:
		return given{}, nil, fmt.Errorf("%s: got nothing behind it, allowed: %s, %s", o.spelled(), o.full(), o.about)
	default:
		value, rest = rest[0], rest[1:]
	}
	return given{option: o, value: value}, rest, nil
}

// noFlag says that there is no such flag, and which ones there are.
func (v *verb) noFlag(arg, name string) error {
	var names, all []string
	spelled := map[string]string{}
	for _, o := range v.options {
		names, all, spelled[o.name] = append(names, o.name), append(all, o.spelled()), o.spelled()
	}
	arg, _, _ = strings.Cut(arg, "=")
	if len(all) == 0 {
		return fmt.Errorf("no flag %s; it has none", arg)
	}
	if guess := meant(name, names); guess != "" {
		return fmt.Errorf("no flag %s; did you mean %s?", arg, spelled[guess])
	}
	if len(all) == 1 {
		return fmt.Errorf("no flag %s; there is %s", arg, all[0])
	}
	return fmt.Errorf("no flag %s; there are %s", arg, strings.Join(all, ", "))
}

// count says what a verb takes when it was given something else.
func (v *verb) count(operands []string) error {
	t := v.takes
	if len(operands) >= t.least && len(operands) <= t.most && !slices.Contains(operands, "") {
		return nil
	}
	takes := "no arguments"
	switch {
	case t.most == 1 && t.least == 0:
		takes = fmt.Sprintf("one %s or none", t.kind)
	case t.most == 1:
		takes = "one " + t.kind
	case t.most > 1:
		takes = fmt.Sprintf("%d to %d of %s", t.least, t.most, t.kind)
	}
	if len(t.words) > 0 && t.least > 0 {
		takes += " (" + v.args + ")"
	}
	if len(operands) == 0 {
		return errors.New("takes " + takes + ", got none")
	}
	return fmt.Errorf("takes %s, got %q", takes, operands)
}
