// Reprieve-bus is org.reprieve1 on the system bus: it passes on what reprieved tells, and what those may ask for whom polkit
// lets. It is a program of its own so that the daemon has no part of D-Bus's cost or of its callers; it
// speaks to it by the control socket, as reprievectl does. See docs/dbus.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
