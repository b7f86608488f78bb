package main

import (
	"fmt"
	"io"
	"strings"
)

// Exit codes.
const (
	exitOK       = 0
	exitFindings = 1 // Something failed, or something is wrong with what was checked.
	exitUsage    = 2 // The call itself is wrong.
)

// verb is one thing that reprievectl does. What it returns is an exit code.
type verb struct {
	name  string
	args  string // As in the usage line: "[DIR]".
	about string
	run   func(args []string, stdout, stderr io.Writer) int
}

// verbs lists them in the order of the help text. The completion in configs/completion has the same names.
func verbs() []verb {
	return []verb{
		{"check", "[DIR]", "validate the configuration, of DIR alone if given, and show what it means", check},
		{"release", "[SLICE]", "lift the holds that are in force, of SLICE alone if given", release},
		{"version", "", "print the version", version},
		{"help", "", "print this text", help},
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
	var known []string
	for _, v := range verbs() {
		if v.name == name {
			return v.run(args[1:], stdout, stderr)
		}
		known = append(known, v.name)
	}
	fmt.Fprintf(stderr, "reprievectl: no verb %q; there are %s\n", name, strings.Join(known, ", "))
	return exitUsage
}

// noArguments reports whether args is empty, and says so when it is not.
func noArguments(verb string, args []string, stderr io.Writer) bool {
	if len(args) == 0 {
		return true
	}
	fmt.Fprintf(stderr, "reprievectl %s: takes no arguments, got %q\n", verb, args)
	return false
}
