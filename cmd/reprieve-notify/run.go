package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/godbus/dbus/v5"
)

// run is the whole program but for the exit: 0 at the end of ctx, 1 where a bus
// cannot be reached or is gone, 2 where it is called wrongly.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("reprieve-notify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	version := flags.Bool("version", false, "print the version and exit")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: reprieve-notify [-version]\n\nTells of held and stopped programs on the user's desktop; run it as the user's reprieve-notify.service.\n\noptions:")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "reprieve-notify: unexpected argument %q; it takes options only\n", flags.Arg(0))
		return 2
	}
	if *version {
		fmt.Fprintln(stdout, "reprieve-notify", buildVersion())
		return 0
	}
	if err := onBuses(ctx, stderr); err != nil && ctx.Err() == nil {
		fmt.Fprintf(stderr, "<3>%v\n", err)
		return 1
	}
	return 0
}

// onBuses runs the program on the host's buses.
func onBuses(ctx context.Context, stderr io.Writer) error {
	system, err := connect(ctx, dbus.ConnectSystemBus)
	if err != nil {
		return fmt.Errorf("system bus: %w", err)
	}
	defer system.Close()
	session, err := connect(ctx, dbus.ConnectSessionBus)
	if err != nil {
		return fmt.Errorf("session bus: %w", err)
	}
	defer session.Close()
	self, err := readSelf("/proc/self/cgroup", uint32(os.Getuid()))
	if err != nil {
		return err
	}
	desk := newDesk(self, applications{Dirs: applicationDirs(os.Getenv), Locale: locale(os.Getenv)})
	return (&program{system: system, screen: newScreen(session, stderr), desk: desk, stderr: stderr, mount: "/sys/fs/cgroup"}).run(ctx)
}

// connect connects while ctx lasts. The connection outlasts it: what is on the
// screen is taken away at the end.
func connect(ctx context.Context, to func(...dbus.ConnOption) (*dbus.Conn, error)) (*dbus.Conn, error) {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, end)
	// Signals come in their order, however many there are.
	conn, err := to(dbus.WithContext(life), dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	stop()
	if err != nil {
		end()
		return nil, err
	}
	context.AfterFunc(conn.Context(), end)
	return conn, nil
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
