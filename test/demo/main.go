// Demo shows the main job of the daemon, inside a guest: three leaf slices, a hog in one of them; the hog is held, outlives its delay
// and is stopped whole; the others live. It prints a timeline while it happens and what the journal has to say about it afterwards.
// It exits with 1 when it did not happen that way.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"reprieve/test/watch"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	journal, err := watch.Follow()
	if err != nil {
		return err
	}
	defer journal.Close()
	fmt.Fprint(out, introduction)
	if err := prepare(); err != nil {
		return err
	}
	picture := &top{}
	if err := picture.open(); err != nil {
		return err
	}
	if err := systemctl("start", hog); err != nil {
		return err
	}
	line := &timeline{out: out, journal: journal, start: time.Now(), top: picture}
	if err := line.run(90 * time.Second); err != nil {
		return err
	}
	if err := verdict(out, journal); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nWhile it was held (reprievectl top):\n%s", picture.picture)
	if err := ask(out, "Now", "status"); err != nil {
		return err
	}
	return ask(out, "What happened", "show", "last")
}

// verdict prints the journal's own words about the stop, and who is alive.
func verdict(out io.Writer, journal *watch.Journal) error {
	text, err := exec.Command("journalctl", "--catalog", "--no-hostname", "--output=short", "--boot", "MESSAGE_ID="+watch.Stop).Output()
	if err != nil {
		return fmt.Errorf("journalctl: %w", err)
	}
	fmt.Fprintf(out, "\nThe journal's verdict (journalctl -x):\n%s\n", text)
	wrong := 0
	for _, unit := range []struct{ name, want string }{
		{keeper, "active"}, {canary, "active"}, {"reprieved.service", "active"}, {hog, "failed"},
	} {
		state, _ := exec.Command("systemctl", "show", "--value", "--property=ActiveState", unit.name).Output()
		result, _ := exec.Command("systemctl", "show", "--value", "--property=Result", unit.name).Output()
		got := string(trim(state))
		fmt.Fprintf(out, "%-18s %s (%s)\n", unit.name, got, trim(result))
		if got != unit.want {
			wrong++
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d units are not in the state that the demo is to show", wrong)
	}
	return nil
}
