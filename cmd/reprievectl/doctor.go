package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"reprieve/configs"
	"reprieve/internal/control"
	"reprieve/internal/probe"
	"reprieve/internal/terminal"
	"reprieve/plugins"
	"reprieve/units"
)

// doctorBound is how long systemd may take to answer all questions of one doctor.
const doctorBound = 2 * time.Second

// doctorPlaces is where doctor looks.
type doctorPlaces struct {
	host    probe.Places
	calls   probe.Calls
	systemd units.Options
	control string   // The daemon's socket.
	dirs    []string // Of the configuration; nil is configs.DefaultDirs.
	root    bool     // Who looks is root.
	bound   time.Duration
}

// diagnosis is what doctor found, and what --json writes.
type diagnosis struct {
	Able     bool            `json:"able"` // Nothing is bad.
	Findings []probe.Finding `json:"findings"`
}

// doctor says whether this host can do what Reprieve needs, and what to do where it cannot.
func doctor(args []string, stdout, stderr io.Writer) int {
	return doctorAt(args, stdout, stderr, doctorPlaces{
		calls: probe.SystemCalls(), control: control.Socket, root: os.Geteuid() == 0, bound: doctorBound,
	})
}

func doctorAt(args []string, stdout, stderr io.Writer, at doctorPlaces) int {
	var asJSON bool
	if _, ok := parse("doctor", args, stderr, func(f *flag.FlagSet) { f.BoolVar(&asJSON, "json", false, "") }); !ok {
		return exitUsage
	}
	d := diagnosis{Findings: at.look()}
	d.Able = !slices.ContainsFunc(d.Findings, func(f probe.Finding) bool { return f.State == probe.Bad })
	var err error
	if asJSON {
		err = writeJSON(stdout, d)
	} else {
		_, err = io.WriteString(stdout, d.text(terminal.Colours(stdout)))
	}
	if err != nil {
		fmt.Fprintln(stderr, "reprievectl doctor: write:", err)
		return exitFindings
	}
	if !d.Able {
		return exitFindings
	}
	return exitOK
}

// look looks at everything, in the order of what depends on what.
func (at doctorPlaces) look() []probe.Finding {
	set, errConfig := configs.Load(configs.Options{Dirs: at.dirs, Names: plugins.Names()})
	groups, lefts := at.watched(set)
	answers := at.ask()
	return slices.Concat(
		probe.Kernel(at.host, at.calls),
		probe.Hierarchy(at.host),
		probe.Pressure(at.host, groups),
		[]probe.Finding{probe.Trigger(at.host, at.root)},
		probe.Swap(at.host, lefts),
		probe.Systemd(at.host, answers.connection, at.root),
		probe.Killers(answers.killers, answers.killersSeen),
		[]probe.Finding{configuration(set, errConfig)},
		probe.Installed(at.host, answers.service),
		probe.Proof(at.daemon()),
	)
}
