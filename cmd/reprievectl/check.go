package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/plugins"
)

// check validates the configuration. Errors go to stderr, one a line; if there are none, what the configuration means
// goes to stdout. Without a directory it is this host's, and warnings about what on it is at odds with the configuration follow.
func check(args []string, stdout, stderr io.Writer) int {
	return checkAt(args, stdout, stderr, places{mount: memcg.DefaultMount, unitDirs: unitDirs()})
}

func checkAt(args []string, stdout, stderr io.Writer, at places) int {
	asJSON := false
	args, ok := parse("check", args, stderr, func(set *flag.FlagSet) { set.BoolVar(&asJSON, "json", false, "") })
	if !ok {
		return exitUsage
	}
	if len(args) == 1 {
		if err := isDirectory(args[0]); err != nil {
			fmt.Fprintf(stderr, "reprievectl check: %v\n", err)
			return exitFindings
		}
		at.dirs = args
	}
	set, err := configs.Load(configs.Options{Dirs: at.dirs, Names: plugins.Names()})
	out := &output{Writer: stdout}
	switch {
	case asJSON:
		return checkForPrograms(set, err, len(args) == 0, stdout, stderr, at)
	case err != nil:
		fmt.Fprintln(stderr, err)
		return exitFindings
	case len(args) > 0:
		show(out, set)
	default:
		checkHost(set, func(set *configs.Set) { show(out, set) }, out, stderr, at)
	}
	return out.code("check", stderr, exitOK)
}

// isDirectory returns an error unless there is such a directory: to load what does not exist is fine, to name it is a slip of the pen.
func isDirectory(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return fmt.Errorf("%s: not a directory", path)
	}
	return err
}

// checkHost shows the configuration as this host has it, then says what on the host is at odds with it, and on unseen what could not
// be looked at.
func checkHost(set *configs.Set, show func(*configs.Set), notes, unseen io.Writer, at places) {
	found, err := withManaged(set, at.systemd)
	show(found.set)
	if err != nil {
		fmt.Fprintln(unseen, err)
	}
	for _, line := range found.warnings() {
		fmt.Fprintln(notes, line)
	}
	warn(notes, unseen, found.set, at)
}

// checkForPrograms is check --json.
func checkForPrograms(set *configs.Set, err error, host bool, stdout, stderr io.Writer, at places) int {
	c := checkedOf(set, err)
	if err == nil && host {
		var notes, unseen lines
		checkHost(set, func(set *configs.Set) { c = checkedOf(set, nil) }, &notes, &unseen, at)
		c.Notes, c.Unseen = notes.all(), unseen.all()
	}
	if err := writeJSON(stdout, c); err != nil {
		fmt.Fprintln(stderr, "reprievectl check:", err)
		return exitFindings
	}
	if !c.Valid {
		return exitFindings
	}
	return exitOK
}

// show writes a valid configuration, a line for the daemon, for each slice and for each file.
func show(w io.Writer, set *configs.Set) {
	fmt.Fprintln(w, daemonLine(set.Daemon()))
	watched := false
	for _, name := range slices.Concat(set.Named(), set.Patterns()) {
		p := set.Policy(name)
		watched = watched || p.Watched
		line := policyLine(p)
		if m, ok := managedSlice(set, name); ok && m.Ignored == "" {
			line += "; by " + p.Origins["pressure"].String()
		}
		fmt.Fprintf(w, "%s: %s\n", title(name), line)
	}
	if !watched {
		fmt.Fprintln(w, "nothing is watched: no slice has a [pressure] table")
	}
	files := set.Files()
	fmt.Fprintf(w, "files read: %d\n", len(files))
	for _, file := range files {
		fmt.Fprintf(w, "  %s\n", file)
	}
}

// title writes a name of a slice, a prefix or all slices so that nobody takes one for another.
func title(name string) string {
	if name == "slice" {
		return "every other slice"
	}
	if prefix, ok := strings.CutSuffix(name, "-.slice"); ok && prefix != "" {
		return prefix + "-*.slice"
	}
	return name
}

// daemonLine says in one line what is set for the daemon.
func daemonLine(d configs.Daemon) string {
	mode := "acts"
	if d.Observe {
		mode = "only observes"
	}
	return fmt.Sprintf("reprieved: %s; the host is scarce below %s available and %s swap; never stopped: %s",
		mode, d.Host.Available, d.Host.Swap, strings.Join(d.Protect, " "))
}

// policyLine says in one line what is set for a slice.
func policyLine(p configs.Policy) string {
	switch {
	case p.Masked != "":
		return "masked by " + p.Masked
	case !p.Watched:
		return fmt.Sprintf("not watched; priority %d", p.Priority)
	}
	return fmt.Sprintf("watched; priority %d; breach at %s; hold %s; stop %s",
		p.Priority, limits(p.Pressure), hold(p.Hold), stop(p.Stop))
}

// limits writes what makes a breach.
func limits(p configs.Pressure) string {
	var list []string
	window := configs.FormatDuration(p.Window)
	if p.Full != 0 {
		list = append(list, fmt.Sprintf("full %s of %s", p.Full, window))
	}
	if p.Some != 0 {
		list = append(list, fmt.Sprintf("some %s of %s", p.Some, window))
	}
	if len(p.Events) > 0 {
		list = append(list, "events "+strings.Join(p.Events, ", "))
	}
	if p.Left > 0 {
		list = append(list, fmt.Sprintf("%s left without swap", configs.FormatDuration(p.Left)))
	}
	all := strings.Join(list, " or ")
	if p.Scarce > 0 {
		all += fmt.Sprintf(", a stall below %s available", p.Scarce)
	}
	return all
}

// hold writes how long, and how, a breach is waited out.
func hold(h configs.Hold) string {
	if h.Delay == 0 {
		return "none, delay 0"
	}
	return fmt.Sprintf("%s on %s for at most %s, calm %s, urgent %s, futile %s",
		way(h), h.On, configs.FormatDuration(h.Delay), configs.FormatDuration(h.Calm), h.Urgent, configs.FormatDuration(h.Futile))
}

// way writes what a hold does: its one way, or each step with its time.
func way(h configs.Hold) string {
	if len(h.Steps) == 0 {
		return h.By
	}
	var steps []string
	for _, s := range h.Steps {
		text := s.By
		switch {
		case s.Signal != "":
			text = fmt.Sprintf("%s %s to %s of %s", s.By, s.Signal, s.To, s.Unit)
		case s.Unit != "":
			text = s.By + " " + s.Unit
		}
		steps = append(steps, text+" "+configs.FormatDuration(s.Delay))
	}
	return strings.Join(steps, ", then ")
}

// stop writes whom a stop takes, how, and what follows it.
func stop(s configs.Stop) string {
	arm := "arm"
	if !s.Arm {
		arm = "no arm"
	}
	return fmt.Sprintf("%s from %s, min %s, grace %s, settle %s, revive %s, %s",
		strings.Join(s.Pick, ", "), s.From, s.Min, configs.FormatDuration(s.Grace), configs.FormatDuration(s.Settle), revive(s), arm)
}

// revive writes who comes back after a stop, and how often.
func revive(s configs.Stop) string {
	if s.Revive == "never" {
		return s.Revive
	}
	return fmt.Sprintf("%s after %s at most %s", s.Revive, configs.FormatDuration(s.ReviveAfter), s.ReviveMax)
}
