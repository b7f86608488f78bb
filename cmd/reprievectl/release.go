package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/varlink"
	"reprieve/memcg"
)

// holdPlaces is where release finds the daemon, and its holds when there is none.
type holdPlaces struct {
	control string // The daemon's socket.
	ledger  string // The records of the holds in force.
	mount   string // Of cgroup2.
	euid    int    // Who asks.

	tell func(released int, slices []string) // What the daemon answered; nil: nobody wants it apart from the text.
}

// release lifts the holds in force, through the daemon or, where none runs, by its records.
func release(args []string, stdout, stderr io.Writer) int {
	return releaseAt(args, stdout, stderr, holdPlaces{
		control: control.Socket, ledger: memcg.DefaultLedger, mount: memcg.DefaultMount, euid: os.Geteuid(),
	})
}

func releaseAt(args []string, stdout, stderr io.Writer, at holdPlaces) int {
	asJSON := false
	args, ok := parse("release", args, stderr, func(set *flag.FlagSet) { set.BoolVar(&asJSON, "json", false, "") })
	if !ok {
		return exitUsage
	}
	if asJSON {
		return releaseForPrograms(args, stdout, stderr, at)
	}
	slice := strings.Join(args, "")
	if slice != "" && !strings.HasSuffix(slice, ".slice") {
		fmt.Fprintf(stderr, "reprievectl release: %q is no slice; the name of one ends with .slice, as in batch.slice\n", slice)
		return exitUsage
	}
	if at.euid != 0 {
		fmt.Fprintf(stderr, "reprievectl release: needs root: sudo reprievectl %s\n", strings.Join(append([]string{"release"}, args...), " "))
		return exitFindings
	}
	out := &output{Writer: stdout}
	return out.code("release", stderr, lift(out, stderr, at, slice))
}

// lift has the daemon lift holds, or undoes what one that does not run left.
func lift(stdout, stderr io.Writer, at holdPlaces, slice string) int {
	err := askRelease(stdout, at, slice)
	if absent(err) && !daemonLives(at.mount) {
		return undo(stdout, stderr, at, slice)
	}
	if err != nil {
		fmt.Fprintln(stderr, "reprievectl release:", at.unreleased(slice, err))
		return exitFindings
	}
	return exitOK
}

// unreleased says why the daemon lifted nothing, and what to do.
func (at holdPlaces) unreleased(slice string, err error) string {
	const restart = "systemctl restart reprieved lifts its holds"
	e := (*varlink.Error)(nil)
	switch {
	case absent(err):
		return "reprieved.service runs and cannot be asked; " + restart
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("reprieved did not answer in %s; if it hangs, %s", control.Bound, restart)
	case !errors.As(err, &e):
		return fmt.Sprintf("ask reprieved: %v; if it hangs, %s", err, restart)
	case e.Name == control.ErrorNoSuchSlice:
		return slice + ": not watched by reprieved, so nothing in it is held by it"
	}
	from := source{client: control.Client{Socket: at.control}, host: gauge.Host{Mount: at.mount}}
	return from.unanswered(strings.TrimSpace("release "+slice), err)
}

// daemonLives reports whether the service has a process: then the ledger is its own.
func daemonLives(mount string) bool {
	g, err := memcg.Open(mount, "/reprieve.slice/reprieved.service")
	if err != nil {
		return false
	}
	defer g.Release()
	var buf memcg.Buffer
	err = g.Prepare(memcg.CgroupEvents)
	lives := false
	if err == nil {
		lives, err = g.Populated(&buf)
	}
	return err == nil && lives
}

// releasedHolds is what release did, for programs.
type releasedHolds struct {
	Daemon   bool     `json:"daemon"`   // it did it; false: there is none, and its records were undone
	Released int      `json:"released"` // groups that were held; with a daemon
	Slices   []string `json:"slices"`   // watched slices of theirs
	Said     []string `json:"said"`     // what would have been said to people
}

// releaseForPrograms is release --json: its text is there as well, and what is wrong is on stderr and in the exit code.
func releaseForPrograms(args []string, stdout, stderr io.Writer, at holdPlaces) int {
	var said lines
	done := releasedHolds{Slices: []string{}}
	at.tell = func(released int, slices []string) {
		done.Daemon, done.Released, done.Slices = true, released, append(done.Slices, slices...)
	}
	code := releaseAt(args, &said, stderr, at)
	if code == exitUsage {
		return code
	}
	done.Said = said.all()
	if err := writeJSON(stdout, done); err != nil {
		fmt.Fprintln(stderr, "reprievectl release:", err)
		return exitFindings
	}
	return code
}

// askRelease has the daemon lift the holds of a slice, "" for all, and prints what it did.
func askRelease(stdout io.Writer, at holdPlaces, slice string) error {
	lifted, slices, err := control.Client{Socket: at.control}.Release(context.Background(), slice)
	if err != nil {
		return err
	}
	if at.tell != nil {
		at.tell(lifted, slices)
	}
	fmt.Fprintln(stdout, released(slice, lifted, slices))
	return nil
}

// released says what the daemon did.
func released(asked string, holds int, slices []string) string {
	switch {
	case holds == 0 && asked != "":
		return asked + ": nothing is held"
	case holds == 0:
		return "nothing is held"
	}
	episode := "this episode, the wait goes on"
	if len(slices) > 1 {
		episode = "these episodes, the waits go on"
	}
	return fmt.Sprintf("%s: %s lifted; not held again in %s", strings.Join(slices, ", "), count(holds, "hold"), episode)
}

// undo restores what a daemon that does not run left behind, of all slices, and prints each.
func undo(stdout, stderr io.Writer, at holdPlaces, slice string) int {
	if slice == "" {
		fmt.Fprintln(stdout, "the daemon does not run: what it left is undone")
	} else {
		fmt.Fprintln(stdout, "the daemon does not run: all holds are undone")
	}
	ledger, err := memcg.OpenLedger(at.ledger)
	var left []memcg.Leftover
	if err == nil {
		left, err = ledger.Undo(at.mount)
	}
	code := exitOK
	for _, one := range left {
		if one.Err != nil {
			fmt.Fprintf(stderr, "reprievectl release: not undone: %v\n", one.Err)
			code = exitFindings
			continue
		}
		fmt.Fprintln(stdout, undone(one))
	}
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl release: read the records of holds: %v\n", err)
		return exitFindings
	}
	if len(left) == 0 {
		fmt.Fprintln(stdout, "nothing is held")
	}
	// Whoever undoes holds undoes the failsafe as well, as reprieved -release does.
	armed, err := memcg.DisarmAll(at.mount)
	if armed > 0 {
		fmt.Fprintf(stdout, "memory.oom.group is 0 again on %s\n", count(armed, "group"))
	}
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl release: take memory.oom.group back: %v\n", err)
		return exitFindings
	}
	return code
}

// undone says what became of one record.
func undone(l memcg.Leftover) string {
	switch l.How {
	case memcg.LeftForeign:
		return fmt.Sprintf("%s: somebody else wrote %s, and that stays", l.Path, l.File)
	case memcg.NothingToDo:
		return l.Path + ": nothing to restore: the group is gone, or its limit was never changed"
	case memcg.RestoredHard:
		return fmt.Sprintf("%s: %s is %s again, while more than that is in use", l.Path, l.File, l.Old)
	}
	return fmt.Sprintf("%s: %s is %s again", l.Path, l.File, l.Old)
}

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
