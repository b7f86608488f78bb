package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"reprieve/configs"
)

// Exit codes.
const (
	exitOK       = 0
	exitFindings = 1 // Something failed, or something is wrong with what was checked.
	exitUsage    = 2 // The call itself is wrong.
)

// verbs lists them in the order of the help text; there and in the completion is what stands here. To add one:
//
//   - write a func(args []string, stdout, stderr io.Writer) int that returns an exit code, in a file named by the verb;
//   - have it call [parse] first, with the verb's name and its flags: that returns the arguments without the flags;
//   - add its entry below, in its group: run, help and the completion need nothing else. A flag of one letter is "n", and -n and --n
//     are both read, before or behind the arguments. An option without argument is a switch;
//   - write the scripts again with `go test ./cmd/reprievectl -run TestCompletion -update`, and a testdata/script/VERB.txtar.
//
// When [parse] returns, the flags are known ones and the arguments are as many as the entry has it, none of them empty. What is in
// them the verb judges, and returns exitUsage where it is no such thing.
func verbs() []verb {
	return []verb{
		{
			name: "status", group: groupLook, args: "[SLICE]",
			about:   "say whether the daemon can act, and how each watched slice fares, or SLICE alone",
			takes:   argument{kind: kindSlice, most: 1},
			options: []option{{name: "json", about: "for programs"}},
			examples: []example{
				{"sudo reprievectl status", "all"},
				{"sudo reprievectl status --json batch.slice", "one slice, every figure"},
			},
			notes: "Stall is the kernel's average of 10 s, and in an episode the daemon's, of the slice's own window.\n" +
				"Exit status: 0 the daemon runs, 3 it does not run, 1 it cannot be asked or does not watch SLICE, 2 called wrongly.",
			run: statusVerb,
		},
		{
			name: "top", group: groupLook,
			about: "show live how watched slices and the groups in them stall, and what the daemon does about it",
			examples: []example{
				{"sudo reprievectl top", "with what the daemon tells"},
				{"reprievectl top", "what the kernel shows alone"},
			},
			notes: "Keys: q quit, s sort, f fold, F all, w whom a stop would take, p pause the display, ? help; arrows or j and k move.",
			run:   topVerb,
		},
		{
			name: "plan", group: groupLook, args: "[SLICE]",
			about:   "say whom a stop would take now and why, in each watched slice or SLICE alone; nothing is done",
			takes:   argument{kind: kindSlice, most: 1},
			options: []option{{name: "json", about: "for programs"}},
			examples: []example{
				{"sudo reprievectl plan", "who would go first, everywhere"},
				{"sudo reprievectl plan --json batch.slice", "one slice, every figure"},
			},
			notes: "A footprint with < before it is an upper bound: who cannot win is not measured.",
			run:   planVerb,
		},
		{
			name: "explain", group: groupLook, args: "SLICE",
			about:   "say what holds for a slice and why: its settings, what they mean, whom they match now",
			takes:   argument{kind: kindSlice, least: 1, most: 1},
			options: []option{{name: "json", about: "for programs"}},
			examples: []example{
				{"reprievectl explain batch.slice", "what happens in a breach, in sentences with its figures"},
				{"reprievectl explain -.slice", "the host as a whole"},
			},
			notes: "It reads files and asks no daemon: what a reload has not taken yet is told as if it had.\n" +
				"Exit status: 0 fine, 1 the configuration has errors, or SLICE is named by no file and not there, 2 called wrongly.",
			run: explain,
		},
		{
			name: "history", group: groupLook, args: "[SLICE]",
			about: "list the episodes that are recorded, the newest last, those of SLICE alone if given",
			takes: argument{kind: kindSlice, most: 1},
			options: []option{
				{name: "n", argument: "N", about: "the newest N; 0 is all, which --since has by default, else 20"},
				{name: "since", argument: "WHEN", about: "those that began then or later: as journalctl takes it"},
				{name: "follow", about: "go on, and list new and changed ones as they come"},
				{name: "json", about: "for programs: an array, or with --follow one object a line"},
				{name: "dir", argument: "DIR", about: "records that are there, as copied from another host", kind: kindDirectory},
			},
			examples: []example{
				{"reprievectl history", "what happened lately, on the host"},
				{"reprievectl history --since yesterday batch.slice", "what happened to one slice"},
				{"reprievectl history --since \"2026-11-22 19:00\" --json", "every figure, for programs"},
			},
			notes: "WHEN is \"2026-11-22\", \"2026-11-22 19:00\", \"19:00\", \"1h ago\", \"-2d\", \"today\" or \"yesterday\".\n" +
				"Exit status: 0 fine, also where there is none, 1 a record or DIR cannot be read, and is named, 2 called wrongly.",
			run: listHistory,
		},
		{
			name: "show", group: groupLook, args: "[EPISODE|last|FILE]",
			about: "tell the story of one episode: what was seen, who was weighed, what was done, what came of it",
			takes: argument{kind: kindEpisode, words: []string{"last"}, most: 1},
			options: []option{
				{name: "n", argument: "N", about: "in place of EPISODE the N-th from the end: 1 is the last"},
				{name: "policy", about: "the policy that was in force as well, with where each value came from"},
				{name: "pick", argument: "ORDER", about: "whom another order would have taken: as stop.pick has it, with commas"},
				{name: "json", about: "for programs: the whole record"},
				{name: "dir", argument: "DIR", about: "records that are there, as copied from another host", kind: kindDirectory},
			},
			examples: []example{
				{"reprievectl show last", "what was that just now?"},
				{"reprievectl show 3f0c6a52", "one of those that history lists, by the beginning of its id"},
				{"reprievectl show --pick growth,largest last", "and if the order had been another?"},
				{"reprievectl show --json ./record.json", "a file that somebody sent"},
			},
			notes: "A file's path has a slash. The graphs are in ASCII where the locale has no UTF-8.",
			run:   showEpisode,
		},
		{
			name: "pause", group: groupAct, args: "DURATION|off",
			about:   "have the daemon hold and stop nothing for a time, at most 24h",
			takes:   argument{kind: "duration", words: []string{"10m", "1h", "off"}, least: 1, most: 1},
			options: []option{{name: "json", about: "for programs"}},
			examples: []example{
				{"sudo reprievectl pause 10m", "let a test fill the memory"},
				{"sudo reprievectl pause off", "act again at once"},
			},
			notes: "What is held is let go. Slices are looked at all the same, and the kernel's OOM killer is not paused.",
			run:   pauseVerb,
		},
		{
			name: "release", group: groupAct, args: "[SLICE]",
			about:   "lift the holds that are in force, of SLICE alone if given",
			takes:   argument{kind: kindSlice, most: 1},
			options: []option{{name: "json", about: "for programs"}},
			examples: []example{
				{"sudo reprievectl release batch.slice", "let what is held in batch.slice go on at once"},
				{"sudo reprievectl release", "let go of all; without a daemon, undo what it left"},
			},
			notes: "Who is released is not held again in the same episode; the wait goes on, and may end in a stop.",
			run:   release,
		},
		{
			name: "check", group: groupCheck, args: "[DIR]",
			about:   "validate the configuration, of DIR alone if given, and show what it means",
			takes:   argument{kind: kindDirectory, most: 1},
			options: []option{{name: "json", about: "for programs"}},
			examples: []example{
				{"reprievectl check", "is this host's right, and whom would a stop take along?"},
				{"reprievectl check ./reprieve", "is this right, before it is installed in /etc/reprieve?"},
			},
			notes: "The configuration is searched in " + strings.Join(configs.DefaultDirs(), ", ") + ".",
			run:   check,
		},
		{
			name: "doctor", group: groupCheck,
			about:   "say whether this host can do what Reprieve needs, and what to do where it cannot",
			options: []option{{name: "json", about: "for programs"}},
			examples: []example{
				{"reprievectl doctor", "what any user can see"},
				{"sudo reprievectl doctor", "all of it"},
			},
			notes: "It needs no daemon, and changes nothing. Exit status: 0 able, notes or none; 1 something is bad; 2 called wrongly.",
			run:   doctor,
		},
		{
			name: "metrics", group: groupMore,
			about:   "write what the daemon counts as metrics for Prometheus",
			options: []option{{name: "output", argument: "FILE", about: "write to FILE, whole or not at all, in place of stdout", kind: kindFile}},
			examples: []example{
				{"sudo reprievectl metrics", "look at them"},
				{"sudo reprievectl metrics --output /var/lib/prometheus/node-exporter/reprieve.prom", "for node_exporter's textfile collector"},
			},
			notes: "A daemon that does not run is reprieve_up 0, and exit status 0. docs/metrics.md explains each metric.",
			run:   metricsVerb,
		},
		{
			name: "completion", group: groupMore, args: "bash|zsh|fish",
			about: "write the completion script for a shell",
			takes: argument{kind: "shell", words: shells(), least: 1, most: 1},
			examples: []example{
				{"source <(reprievectl completion bash)", "complete in this shell, where it is not installed"},
				{"reprievectl completion fish >~/.config/fish/completions/reprievectl.fish", "install it for yourself"},
			},
			notes: "`make install` installs all three where the shells look for them.",
			run:   completion,
		},
		{
			name: "version", group: groupMore,
			about:   "print the version",
			options: []option{{name: "json", about: "for programs"}},
			run:     version,
		},
		{
			name: "help", group: groupMore, args: "[VERB]",
			about: "print this text, or what VERB does, with its flags and examples",
			takes: argument{kind: kindVerb, most: 1},
			run:   help,
		},
		{
			name: "__complete", args: "slices|episodes",
			about: "list what a completion script asks for, one a line",
			takes: argument{kind: "kind", words: []string{"slices", "episodes"}, least: 1, most: 1},
			run:   completable,
		},
	}
}

// run is all of main: args without the program's name.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	name := args[0]
	switch name {
	case "-h", "-help", "--help":
		name = "help"
	case "-version", "--version":
		name = "version"
	}
	v, err := findVerb(name)
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl: %v\n", err)
		return exitUsage
	}
	switch _, _, err := v.sort(args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		out := &output{Writer: stdout}
		v.help(out)
		return out.code(v.name, stderr, exitOK)
	case err != nil:
		fmt.Fprintf(stderr, "reprievectl %s: %v\n", v.name, err)
		return exitUsage
	}
	return v.run(args[1:], stdout, stderr)
}

// findVerb returns the verb of a name. The error says which one may have been meant, or else which ones there are.
func findVerb(name string) (verb, error) {
	var known []string
	for _, v := range verbs() {
		if v.name == name {
			return v, nil
		}
		if v.group != "" {
			known = append(known, v.name)
		}
	}
	if strings.HasPrefix(name, "-") {
		return verb{}, fmt.Errorf("%s: the verb comes first, as in reprievectl VERB %s; see reprievectl help", name, name)
	}
	if guess := meant(name, known); guess != "" {
		return verb{}, fmt.Errorf("no verb %q; did you mean %s?", name, guess)
	}
	return verb{}, fmt.Errorf("no verb %q; there are %s", name, strings.Join(known, ", "))
}

// meant returns the one of known that a word was probably meant to be, or "": the nearest, or the only one that begins so.
func meant(word string, known []string) string {
	if guess := configs.Nearest(word, known); guess != "" {
		return guess
	}
	guess := ""
	for _, k := range known {
		if word == "" || !strings.HasPrefix(k, word) {
			continue
		}
		if guess != "" {
			return ""
		}
		guess = k
	}
	return guess
}
