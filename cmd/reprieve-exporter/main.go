// Command reprieve-exporter serves the metrics of reprieved to Prometheus, at /metrics of a socket that systemd listens on
// for it, and ends when nobody has asked for a minute. It has no flags: where it listens is for reprieve-exporter.socket
// to say. It exits with 0 when it was idle or told to end, and with 1 for an error.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/metrics"
)

// idleMost is how long it stays without a request: longer than a usual scrape_interval, so that it is not started for each.
const idleMost = 60 * time.Second

// firstPassed is the first descriptor that systemd passes (sd_listen_fds(3)).
const firstPassed = 3

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "reprieve-exporter:", err)
		os.Exit(1)
	}
}

// run serves until it is idle or told to end.
func run() error {
	if len(os.Args) > 1 {
		return fmt.Errorf("takes no arguments, got %q", os.Args[1:])
	}
	listener, err := passed(os.Getenv, os.Getpid(), firstPassed)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return serve(ctx, listener, metrics.Source{Client: control.Client{Socket: control.Socket}, Host: gauge.Default()}, idleMost)
}

// passed returns the socket that systemd passed as descriptor fd, by the environment of sd_listen_fds(3).
func passed(env func(string) string, pid, fd int) (net.Listener, error) {
	if got := env("LISTEN_PID"); got != strconv.Itoa(pid) {
		return nil, fmt.Errorf("systemd passed no socket (LISTEN_PID is %q, this is %d); start reprieve-exporter.socket and ask there", got, pid)
	}
	if got := env("LISTEN_FDS"); got != "1" {
		return nil, fmt.Errorf("systemd passed %q sockets, allowed: 1 ListenStream= in reprieve-exporter.socket", got)
	}
	f := os.NewFile(uintptr(fd), "reprieve-exporter.socket")
	if f == nil {
		return nil, fmt.Errorf("descriptor %d is none", fd)
	}
	defer f.Close() // FileListener has a copy
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d, which systemd passed, is no stream socket that listens: %w", fd, err)
	}
	return l, nil
}
