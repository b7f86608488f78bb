package report

import (
	"fmt"
	"strings"

	"reprieve/controller"
)

// step tells what a step of the ladder did, and how long it has.
func step(n controller.Note) string {
	s := n.Rung
	has := setting(s.Delay)
	switch {
	case s.By == "raise":
		return unlent(n)
	case s.By == "start" && n.Err != nil:
		return fmt.Sprintf("cannot start %s: %s", s.Unit, n.Err)
	case s.By == "start" && n.Observe:
		return fmt.Sprintf("would start %s; it would have %s", s.Unit, has)
	case s.By == "start":
		return fmt.Sprintf("%s is started; it has %s", s.Unit, has)
	case n.Err != nil:
		return fmt.Sprintf("cannot send %s to %s: %s", s.Signal, s.Unit, n.Err)
	case n.Observe:
		return fmt.Sprintf("would send %s to %s (%s); it would have %s", s.Signal, s.Unit, receiver(n), has)
	}
	return fmt.Sprintf("%s is sent to %s (%s); it has %s", s.Signal, s.Unit, receiver(n), has)
}

func receiver(n controller.Note) string {
	if n.Rung.To == "all" {
		return "all processes"
	}
	return "main process"
}

// unlent tells that the host has no room for a loan. Its reason has the figures.
func unlent(n controller.Note) string {
	text := "nothing is lent to " + n.Rung.Unit
	if n.Observe {
		text = "nothing would be lent to " + n.Rung.Unit
	}
	if n.Err != nil {
		text += ": " + n.Err.Error()
	}
	return text
}

// stepField renders a step for programs: what, whom, and of a signal which and
// to which processes.
func stepField(n controller.Note) string {
	s := n.Rung
	return strings.Join(strings.Fields(strings.Join([]string{s.By, s.Unit, s.Signal, s.To}, " ")), " ")
}
