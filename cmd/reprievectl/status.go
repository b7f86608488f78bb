package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/terminal"
	"reprieve/memcg"
)

// view is all that status shows, and what --json writes.
type view struct {
	Running   bool            `json:"running"`
	Able      bool            `json:"able"`      // it holds and stops, and nothing is in its way
	Obstacles []string        `json:"obstacles"` // what is in its way, in words
	Daemon    *control.Status `json:"daemon"`    // null where it does not run; of one slice alone where one was asked for
	Readings  []sliceReading  `json:"readings"`  // of the slices of daemon, in their order, without those that are gone
	Left      []memcg.Record  `json:"leftHolds"` // that a daemon which does not run left in force

	unread   []error // records of holds that cannot be read
	memory   memcg.Meminfo
	memoryOK bool
	now      time.Time
	zone     *time.Location
	colours  bool
}

// sliceReading is what the files of a slice show.
type sliceReading struct {
	Unit string `json:"unit"`
	gauge.Reading
}

// statusVerb tells how the daemon fares and what it watches.
func statusVerb(args []string, stdout, stderr io.Writer) int {
	return statusAt(args, stdout, stderr, thisHost())
}

func statusAt(args []string, stdout, stderr io.Writer, from source) int {
	slice, asJSON, ok := sliceAndJSON("status", args, stderr)
	if !ok {
		return exitUsage
	}
	v, err := from.look(slice)
	if err != nil {
		fmt.Fprintln(stderr, "reprievectl status:", from.unanswered(strings.Join(append([]string{"status"}, args...), " "), err))
		return exitFindings
	}
	if v.Running && slice != "" && len(v.Daemon.Slices) == 0 {
		fmt.Fprintf(stderr, "reprievectl status: %s is not watched by reprieved; reprievectl status lists what is\n", slice)
		return exitFindings
	}
	v.colours = terminal.Colours(stdout)
	if asJSON {
		err = writeJSON(stdout, v)
	} else {
		_, err = io.WriteString(stdout, v.String())
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "reprievectl status: write:", err)
		return exitFindings
	case !v.Running:
		return exitInactive
	}
	return exitOK
}

// look asks the daemon and reads the files of its slices, of one slice alone unless it is "". That none runs is no error.
func (s source) look(slice string) (view, error) {
	v := view{Obstacles: []string{}, Readings: []sliceReading{}, Left: []memcg.Record{}, now: s.now, zone: s.zone}
	status, err := s.client.Status(context.Background())
	switch {
	case absent(err) && !daemonLives(s.host.Mount):
		v.Obstacles = append(v.Obstacles, "reprieved does not run")
		v.left(s.ledger)
		return v, nil
	case err != nil:
		return v, err
	}
	if slice != "" {
		status.Slices = slices.DeleteFunc(status.Slices, func(one control.Slice) bool { return one.Unit != slice })
	}
	v.Running, v.Daemon, v.Obstacles = true, &status, obstacles(&status, s.now, s.zone)
	v.Able = len(v.Obstacles) == 0
	for _, one := range status.Slices {
		if r, err := s.host.ReadWatched(one.Path); err == nil { // a slice that is gone shows nothing
			v.Readings = append(v.Readings, sliceReading{one.Unit, r})
		}
	}
	v.memory, err = s.host.Memory()
	v.memoryOK = err == nil
	return v, nil
}

// obstacles lists what keeps the daemon from acting, or from acting in all ways.
func obstacles(s *control.Status, now time.Time, zone *time.Location) []string {
	all := []string{}
	if s.Observe {
		all = append(all, "observe is set in reprieve.toml: it decides and tells, and holds and stops nothing")
	}
	if until := time.UnixMicro(s.PausedUntilUnixUsec); s.PausedUntilUnixUsec != 0 && until.After(now) {
		all = append(all, fmt.Sprintf("paused until %s, %s from now: nothing is held or stopped; reprievectl pause off ends it",
			clock(until, now, zone), span(until.Sub(now))))
	}
	if s.Bus != "connected" {
		all = append(all, fmt.Sprintf("the bus: %s; without systemd a stop is cgroup.kill alone, and Restart= may bring the unit back",
			cmp.Or(s.Bus, "not connected")))
	}
	if s.Unproved != "" {
		all = append(all, "not proved at the start: "+s.Unproved)
	}
	return all
}

// left takes the holds in a ledger that nobody looks after. It changes nothing.
func (v *view) left(ledger string) {
	var all []memcg.Record
	all, v.unread = memcg.Records(ledger)
	v.Left = append(v.Left, all...)
	for _, err := range v.unread {
		v.Obstacles = append(v.Obstacles, "what is held cannot be read: "+err.Error())
	}
}
