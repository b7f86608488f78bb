// Bench compares memory controllers: the same loads in the same guest, each controller alone in turn. One program with verbs:
//
//	bench plan     prints what is still to be run, one boot of a guest a line
//	bench run      makes runs, inside a guest
//	bench collect  reads what a guest prints, and keeps the results
//	bench report   makes the tables and the chart of the results
package main

import (
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run returns the exit code: 0, 1 for an error, 2 for a wrong call.
func run(args []string, in io.Reader, out, stderr io.Writer) int {
	verbs := map[string]func([]string, io.Reader, io.Writer) error{"plan": planVerb, "run": runVerb, "collect": collectVerb, "report": reportVerb}
	if len(args) == 0 || verbs[args[0]] == nil {
		fmt.Fprintln(stderr, "usage: bench plan|run|collect|report [flags]")
		return 2
	}
	if err := verbs[args[0]](args[1:], in, out); err != nil {
		fmt.Fprintf(stderr, "bench %s: %v\n", args[0], err)
		return 1
	}
	return 0
}
