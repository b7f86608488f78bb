package guest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/test/bench/result"
)

// Session is one load with each controller in turn.
type Session struct {
	Suite, Build string
	Round        int
	Load         string
	Controllers  []string
	// Journal prints what each controller said, as lines that begin with "LOG ". For a run with an error they always come, of everybody.
	Journal bool
}

// Run makes the runs, and writes to out a line "BEGIN KEY" before and a line "RUN RESULT" after each, both of JSON. A run that does not
// work is one with an error; when the guest could not be put back afterwards, Run ends with an error.
func (s Session) Run(out io.Writer) error {
	l, err := loadOf(s.Load)
	if err != nil {
		return err
	}
	if err := steel(); err != nil {
		return err
	}
	kernel, err := command("uname", "-r")
	if err != nil {
		return err
	}
	free, err := available()
	if err != nil {
		return err
	}
	if err := warm(free); err != nil {
		return err
	}
	for _, name := range s.Controllers {
		began := time.Now()
		run := result.Run{Key: result.Key{Suite: s.Suite, Round: s.Round, Load: s.Load, Controller: name}, Kernel: kernel}
		if strings.HasPrefix(name, "reprieve") {
			run.Build = s.Build
		}
		if err := line(out, "BEGIN", run.Key); err != nil {
			return err
		}
		r := &round{load: l, freeBytes: free}
		if err := r.run(name, &run); err != nil {
			run.Error = err.Error()
		}
		if s.Journal || run.Error != "" {
			fmt.Fprint(out, journal(began, r.controller.unit, run.Error != ""))
		}
		restored := r.restore()
		run.TookMicros = time.Since(began).Microseconds()
		if err := line(out, "RUN", run); err != nil {
			return err
		}
		if restored != nil {
			return fmt.Errorf("after %s: %w", name, restored)
		}
	}
	return nil
}

// warm makes a run with nobody in control whose result is thrown away. An emulator translates code when it is first run, and the disk for
// swap has no blocks before they are first written: in the first run of a boot a canary was seen to keep 85% of its ticks, in those
// behind it 99%.
func warm(free int64) error {
	r := &round{load: warming, freeBytes: free}
	var thrown result.Run
	err := r.run("kernel", &thrown)
	if err = errors.Join(err, r.restore()); err != nil {
		return fmt.Errorf("the run that warms the guest: %w", err)
	}
	return nil
}

func line(out io.Writer, word string, value any) error {
	text, err := json.Marshal(value)
	if err == nil {
		_, err = fmt.Fprintf(out, "%s %s\n", word, text)
	}
	return err
}

// steel has this process see a crisis that it is in: its memory is locked, its collector sleeps, and a thread that comes back from a
// system call finds a processor of Go's runtime free.
func steel() error {
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(8)
	if err := unix.Mlockall(unix.MCL_CURRENT); err != nil {
		return fmt.Errorf("mlockall: %w", err)
	}
	// What comes later is locked as it is touched: all of Go's address space would not fit.
	if err := unix.Mlockall(unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		return fmt.Errorf("mlockall of what comes later: %w", err)
	}
	return nil
}

// journal is the end of what a unit, or the kernel where there is none, or everybody, has said since a time.
func journal(since time.Time, unit string, everybody bool) string {
	args := []string{"--no-pager", "--lines=60", "--output=short-monotonic", fmt.Sprintf("--since=@%d", since.Unix())}
	switch {
	case everybody:
	case unit == "":
		args = append(args, "--dmesg")
	default:
		args = append(args, "--unit="+unit)
	}
	text, err := command("journalctl", args...)
	if err != nil {
		text = err.Error()
	}
	return "LOG " + strings.ReplaceAll(text, "\n", "\nLOG ") + "\n"
}
