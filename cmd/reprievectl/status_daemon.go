package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/varlink"
	"reprieve/memcg"
)

// exitInactive is status's exit code where the daemon does not run, as systemctl status has it.
const exitInactive = 3

// source is where the verbs that tell of the running daemon find it and the host.
type source struct {
	client control.Client
	host   gauge.Host
	ledger string // The records of the holds in force.
	now    time.Time
	zone   *time.Location
}

// thisHost is the host that reprievectl runs on, now.
func thisHost() source {
	return source{
		client: control.Client{Socket: control.Socket}, host: gauge.Default(), ledger: memcg.DefaultLedger,
		now: time.Now(), zone: time.Local,
	}
}

// absent reports whether an error of a call means that no daemon listens.
func absent(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ECONNREFUSED) }

// unanswered says why the daemon gave no answer, and what to do. call is the command line, for who has to be root.
func (s source) unanswered(call string, err error) string {
	e := (*varlink.Error)(nil)
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return "needs root: sudo reprievectl " + call
	case absent(err) && daemonLives(s.host.Mount):
		return "reprieved runs and does not listen on " + s.client.Socket + "; systemctl restart reprieved, and see journalctl -u reprieved"
	case absent(err):
		return "reprieved does not run; systemctl start reprieved"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("reprieved did not answer in %s; see journalctl -u reprieved", control.Bound)
	case !errors.As(err, &e):
		return fmt.Sprintf("ask reprieved: %v; see journalctl -u reprieved", err)
	}
	switch e.Name {
	case control.ErrorNoSuchSlice:
		return fmt.Sprintf("%v is not watched by reprieved; reprievectl status lists what is", e.Parameters["slice"])
	case control.ErrorNoAnswer:
		return "reprieved's event loop does not answer; its watchdog restarts it, see journalctl -u reprieved"
	case control.ErrorFailed:
		return fmt.Sprintf("reprieved could not: %v", e.Parameters["message"])
	case "org.varlink.service.MethodNotFound":
		return "the reprieved that runs is older than this reprievectl and cannot tell; systemctl restart reprieved"
	case "org.varlink.service.PermissionDenied":
		return "needs root: sudo reprievectl " + call
	}
	return fmt.Sprintf("reprieved answers %v; see journalctl -u reprieved", e)
}
