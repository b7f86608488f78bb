// Desktop stands for the shell of a desktop, which the guests do not have: it has the name org.freedesktop.Notifications on the session's
// bus, shows nothing, and appends a line to a file for all that it is asked to show or to take away; see watch.Shown.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/godbus/dbus/v5"
)

func main() {
	log := flag.String("log", "", "file to append a line to for each call")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	conn, err := dbus.ConnectSessionBus()
	if err == nil {
		err = serve(ctx, conn, *log)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "desktop: %v\n", err)
		os.Exit(1)
	}
}
