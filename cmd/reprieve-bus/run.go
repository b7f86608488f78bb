package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/godbus/dbus/v5"

	"reprieve/internal/control"
)

// run is the whole program but for the exit: 0 at the end of ctx, 1 where the bus
// cannot be reached or is gone, 2 where it is called wrongly.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("reprieve-bus", flag.ContinueOnError)
	flags.SetOutput(stderr)
	version := flags.Bool("version", false, "print the version and exit")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: reprieve-bus [-version]\n\norg.reprieve1 on the system bus, which starts it as reprieve-bus.service when somebody asks.\n\noptions:")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "reprieve-bus: unexpected argument %q; it takes options only\n", flags.Arg(0))
		return 2
	}
	if *version {
		fmt.Fprintln(stdout, "reprieve-bus", buildVersion())
		return 0
	}
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err == nil {
		err = newService(ctx, conn, control.Client{Socket: control.Socket}, 0, stderr).serve()
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(stderr, "<3>system bus: %v\n", err)
		return 1
	}
	return 0
}

// tagged is the version that the package was made for, set by the linker: make deb.
var tagged string

// buildVersion is the module's version as the package or the Go toolchain has it.
func buildVersion() string {
	if tagged != "" {
		return tagged
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
