package main

import (
	"fmt"
	"io"
	"strings"

	"reprieve/configs"
)

// help prints what there is.
func help(args []string, stdout, stderr io.Writer) int {
	if !noArguments("help", args, stderr) {
		return exitUsage
	}
	usage(stdout)
	return exitOK
}

// usage writes the help text to w.
func usage(w io.Writer) {
	fmt.Fprint(w, "usage: reprievectl VERB\n\n")
	for _, v := range verbs() {
		fmt.Fprintf(w, "  %-15s %s\n", strings.TrimSpace(v.name+" "+v.args), v.about)
	}
	fmt.Fprintf(w, `
Examples:
  reprievectl check ./reprieve            is this right, before it is installed in /etc/reprieve?
  sudo reprievectl release batch.slice    let what is held in batch.slice go on at once
  sudo reprievectl release                let go of all; without a daemon, undo what it left

Who is released is not held again in the same episode; the wait goes on, and may end in a stop.
The configuration is searched in %s.
Exit status: 0 fine, 1 something is wrong, 2 called wrongly.
`, strings.Join(configs.DefaultDirs(), ", "))
}
