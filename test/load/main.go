// Load makes the memory loads of the scenarios and the demo. One static program with verbs:
//
//	load hog      grows, and keeps, frees or thrashes what it has
//	load cache    keeps a file in the page cache
//	load canary   ticks, and writes down how late it was
//	load sleeper  does nothing
//	load bomb     forks as fast as it can
//	load hook     listens to hear what is about to be stopped
//	load pinned   keeps page cache that reclaim cannot take
//	load wave     grows and frees, again and again
//	load crowd    is many small hogs
//	load scan     reads a file or a disk again and again
//	load pulse    ticks at fixed times, and keeps a record of them
//	load clocks   says when a CPU stood still
//
// It touches memory that it maps itself, so that Go's collector has no part in what a cgroup is charged. Each verb runs until
// a signal ends it. SIGUSR1 makes a hog free all it has and stay.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

func main() {
	debug.SetGCPercent(-1) // a collection in the middle of a stall would only blur the picture
	os.Exit(run(os.Args[1:], os.Stderr))
}

// verbs by name; each takes its own arguments and returns an error, or not at all.
func run(args []string, stderr io.Writer) int {
	verbs := map[string]func([]string) error{"hog": hog, "cache": cache, "canary": canary, "sleeper": sleeper, "bomb": bomb, "pinned": pinned, "wave": wave, "hook": hook,
		"crowd": crowd, "scan": scan, "pulse": pulse, "clocks": clocks}
	if len(args) == 0 || verbs[args[0]] == nil {
		fmt.Fprintln(stderr, "usage: load hog|cache|canary|sleeper|bomb|pinned|wave|hook|crowd|scan|pulse|clocks [flags]")
		return 2
	}
	if err := verbs[args[0]](args[1:]); err != nil {
		fmt.Fprintf(stderr, "load %s: %v\n", args[0], err)
		return 1
	}
	return 0
}
