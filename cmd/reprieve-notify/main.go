// Reprieve-notify tells the user of a desktop, by its notifications, that one of the user's programs is held or was stopped. It is
// a service of the user's manager: it listens to org.reprieve1 on the system bus, and can do nothing else there. See docs/dbus.md.
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
