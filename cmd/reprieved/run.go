package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"reprieve/configs"
	"reprieve/internal/memlock"
	"reprieve/memcg"
	"reprieve/plugins"
)

// Exit codes, those of sysexits(3) where there is one.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
	exitConfig  = 78 // EX_CONFIG: a restart cannot help
)

// run is the whole program but for the exit.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == rehearseFlag {
		return playDummy(os.Stdin, stdout)
	}
	flags := flag.NewFlagSet("reprieved", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("config", "", "read configuration from `DIR` alone, instead of /etc/reprieve, /run/reprieve, /usr/local/lib/reprieve and /usr/lib/reprieve")
	release := flags.Bool("release", false, "undo every hold that an earlier reprieved left, and exit")
	version := flags.Bool("version", false, "print the version and exit")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: reprieved [-config DIR]\n       reprieved -release | -version\n\nThe memory pressure controller; systemd runs it as reprieved.service. See reprievectl for everything else.\n\noptions:")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		return exitUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "reprieved: unexpected argument %q; it takes options only\n", flags.Arg(0))
		return exitUsage
	}
	switch {
	case *version:
		fmt.Fprintln(stdout, "reprieved", buildVersion())
		return exitOK
	case *release:
		return releaseAll(newTeller(stderr), memcg.DefaultMount, memcg.DefaultLedger)
	}
	options := configs.Options{Names: plugins.Names()}
	if *dir != "" {
		options.Dirs = []string{*dir}
	}
	return serve(options, stderr)
}

// serve starts in the order that fails earliest and cheapest: configuration,
// the kernel, what an earlier process left, and only then the daemon.
func serve(options configs.Options, stderr io.Writer) int {
	tameCollector()
	set, err := configs.Load(options)
	if err != nil {
		for _, e := range unjoin(err) {
			fmt.Fprintf(stderr, "<3>configuration: %v\n", e)
		}
		fmt.Fprintln(stderr, "<3>not started: the configuration has errors; mend them and check with: reprievectl check")
		return exitConfig
	}
	if err := memcg.Probe(memcg.DefaultMount); err != nil {
		for _, e := range unjoin(err) {
			fmt.Fprintf(stderr, "<3>not started: %v\n", e)
		}
		return exitConfig
	}
	if err := memlock.NoHugePages(); err != nil {
		fmt.Fprintf(stderr, "<4>the kernel may make huge pages of the daemon's memory, of which each is 2 MiB for a few KiB: %v\n", err)
	}

	tell := newTeller(stderr)
	releaseAll(tell, memcg.DefaultMount, memcg.DefaultLedger)
	d, err := newDaemon(options, set, tell, onHost())
	if err == nil {
		err = d.serve()
	}
	tell.drain()
	if err != nil {
		fmt.Fprintf(stderr, "<3>%v\n", err)
		return exitFailure
	}
	return exitOK
}

// unjoin returns the errors in err, or err itself.
func unjoin(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return []error{err}
}

// tagged is the version that the package was made for, set by the linker: make deb.
var tagged string

// buildVersion is the version of the package, or the module's as the Go toolchain recorded it.
func buildVersion() string {
	if tagged != "" {
		return tagged
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// releaseAll undoes what the ledger holds and tells each, and returns the exit
// code.
func releaseAll(tell *teller, mount, dir string) int {
	defer tell.drain()
	ledger, err := memcg.OpenLedger(dir)
	var left []memcg.Leftover
	if err == nil {
		left, err = ledger.Undo(mount)
	}
	code := exitOK
	for _, l := range left {
		tell.released("left by an earlier process", l.Path, l.Slice, l.Episode, l.File, l.Old, l.How, l.Err)
		if l.Err != nil {
			code = exitFailure
		}
	}
	if err != nil {
		fmt.Fprintf(tell.stderr, "<3>undo leftover holds: %v\n", err)
		return exitFailure
	}
	n, err := memcg.DisarmAll(mount)
	if n > 0 {
		tell.plain(prioInfo, "memory.oom.group is 0 again on %d groups that an earlier process had armed", n)
	}
	if err != nil {
		fmt.Fprintf(tell.stderr, "<3>take memory.oom.group back: %v\n", err)
		return exitFailure
	}
	return code
}
