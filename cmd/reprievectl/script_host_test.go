package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/episodes"
	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/probe"
	"reprieve/units"
)

// onHost is the command "on [-user] HOST VERB ARGS...": the verb as main runs it, but for where it finds the host: below a folder, each
// file where a host has it. It is 2026-11-22 19:01:02 there.
func onHost() {
	args := os.Args[1:]
	h := scriptHost{euid: 0}
	if len(args) > 0 && args[0] == "-user" {
		args, h.euid = args[1:], becomeUser()
	}
	if len(args) < 2 || h.verbs(args[0])[args[1]] == nil {
		fmt.Fprintf(os.Stderr, "usage: on [-user] HOST VERB ARGS...; got %q\n", os.Args[1:])
		os.Exit(64)
	}
	os.Exit(h.verbs(args[0])[args[1]](args[2:], os.Stdout, os.Stderr))
}

// becomeUser gives up root, where this is root: files whose mode is 0 can be read by nobody then.
func becomeUser() int {
	const nobody = 65534
	if os.Geteuid() == 0 {
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setresgid(nobody, nobody, nobody), syscall.Setresuid(nobody, nobody, nobody)} {
			if err != nil {
				fmt.Fprintln(os.Stderr, "on -user:", err)
				os.Exit(64)
			}
		}
	}
	return os.Geteuid()
}

// scriptHost is the host of a script; whoever calls has this user's id.
type scriptHost struct{ euid int }

// verbs returns what runs each verb on the host in a folder.
func (h scriptHost) verbs(folder string) map[string]func(args []string, stdout, stderr io.Writer) int {
	in := func(path string) string { return filepath.Join(folder, path) }
	mount, dirs, socket, ledger, records := in("sys/fs/cgroup"), []string{in("etc/reprieve")}, in("run/reprieve/control"), in("run/reprieve/holds"), in("var/lib/reprieve/episodes")
	systemd := units.Options{PrivateSocket: in("run/systemd/private"), BusSocket: in("run/dbus/system_bus_socket")}
	from := source{
		client: control.Client{Socket: socket}, host: gauge.Host{Mount: mount, Meminfo: in("proc/meminfo")}, ledger: ledger, now: statusNow, zone: time.UTC,
	}
	episodes := archive{
		store: episodes.Store{Dir: records}, now: func() time.Time { return statusNow }, zone: time.UTC, look: 10 * time.Millisecond,
	}
	sourced := func(at func([]string, io.Writer, io.Writer, source) int) func([]string, io.Writer, io.Writer) int {
		return func(args []string, stdout, stderr io.Writer) int { return at(args, stdout, stderr, from) }
	}
	return map[string]func([]string, io.Writer, io.Writer) int{
		"status": sourced(statusAt), "plan": sourced(planAt), "pause": sourced(pauseAt), "metrics": sourced(metricsAt),
		"top": func(args []string, stdout, stderr io.Writer) int { return topAt(args, stdout, stderr, from, dirs) },
		"explain": func(args []string, stdout, stderr io.Writer) int {
			return explainAt(args, stdout, stderr, explainPlaces{mount: mount, dirs: dirs, systemd: systemd})
		},
		"history": func(args []string, stdout, stderr io.Writer) int {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
			defer stop()
			return historyAt(ctx, args, stdout, stderr, episodes)
		},
		"show": func(args []string, stdout, stderr io.Writer) int { return showAt(args, stdout, stderr, episodes) },
		"release": func(args []string, stdout, stderr io.Writer) int {
			return releaseAt(args, stdout, stderr, holdPlaces{control: socket, ledger: ledger, mount: mount, euid: h.euid})
		},
		"check": func(args []string, stdout, stderr io.Writer) int {
			return checkAt(args, stdout, stderr, places{mount: mount, dirs: dirs, systemd: systemd, unitDirs: []string{in("usr/lib/systemd/system")}})
		},
		"doctor": func(args []string, stdout, stderr io.Writer) int {
			bound := 10 * time.Second
			if _, err := os.Stat(systemd.PrivateSocket); err != nil {
				bound = 100 * time.Millisecond // nobody will answer
			}
			// An absolute path that whoever is not root can go as well: the folders above belong to the test.
			root := filepath.Join("/proc/self/cwd", folder)
			return doctorAt(args, stdout, stderr, doctorPlaces{
				host: probe.Places{Root: root}, calls: ableCalls(), systemd: systemd, control: socket, dirs: dirs, root: h.euid == 0, bound: bound,
			})
		},
		"__complete": func(args []string, stdout, stderr io.Writer) int {
			return completableAt(args, stdout, stderr, completablePlaces{mount: mount, dirs: dirs, records: records})
		},
	}
}
