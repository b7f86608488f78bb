package main

import (
	"fmt"
	"io"
	"os/exec"
)

// top is reprievectl top in a terminal of its own, 80 columns wide.
type top struct{ picture string }

// open starts it.
func (t *top) open() error {
	out, err := exec.Command("tmux", "-u", "-L", "demo", "new-session", "-d", "-x", "80", "-y", "24", "LANG=C.UTF-8 reprievectl top").CombinedOutput()
	if err != nil {
		return fmt.Errorf("tmux: %w\n%s", err, out)
	}
	return nil
}

// take takes a picture.
func (t *top) take() error {
	out, err := exec.Command("tmux", "-u", "-L", "demo", "capture-pane", "-p").Output()
	if err != nil {
		return fmt.Errorf("tmux: %w", err)
	}
	t.picture = string(out)
	return nil
}

// ask prints what reprievectl says, under a heading.
func ask(out io.Writer, heading string, args ...string) error {
	command := exec.Command("reprievectl", args...)
	command.Env = append(command.Environ(), "LANG=C.UTF-8")
	text, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("reprievectl %v: %w\n%s", args, err, text)
	}
	fmt.Fprintf(out, "\n%s (reprievectl %s):\n%s", heading, args[0], text)
	return nil
}
