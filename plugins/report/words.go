package report

import (
	"fmt"
	"strings"

	"reprieve/controller"
	"reprieve/pressure"
)

// Message is the sentence for a tired person.
func Message(n controller.Note) string {
	switch n.Kind {
	case controller.NoteBreach:
		if n.Resumed {
			return fmt.Sprintf("%s is in breach again: %s; the episode goes on with what is left of its delay of %s", n.Slice, Reason(n), setting(n.Delay))
		}
		return fmt.Sprintf("%s is in breach: %s; waiting up to %s", n.Slice, Reason(n), setting(n.Delay))
	case controller.NoteHold:
		return held(n)
	case controller.NoteRelief:
		return relief(n)
	case controller.NoteStep:
		return step(n)
	case controller.NoteReleased:
		return byHand(n)
	case controller.NoteHooks:
		return hooks(n)
	case controller.NoteStop:
		if n.Why == controller.BecauseKernel {
			return finishing(n)
		}
		would := "stopping"
		if n.Observe {
			would = "would stop"
		}
		return fmt.Sprintf("%s; %s %s (%s)", waited(n), would, who(n), choice(n))
	case controller.NoteStopped:
		return fmt.Sprintf("%s is stopped: no process is left in it, %s after the decision", who(n), seconds(n.Took))
	case controller.NoteSettled:
		return settled(n)
	case controller.NoteAcquitted:
		return fmt.Sprintf("%s is let go: it %s, so it is not the cause", who(n), meek(n))
	case controller.NoteKernel:
		return kernel(n)
	case controller.NoteRevived:
		return revived(n)
	case controller.NoteStaysDown:
		return staysDown(n)
	}
	return failed(n)
}

// Reason says why in a few words.
func Reason(n controller.Note) string {
	switch n.Kind {
	case controller.NoteStop:
		return because[n.Why]
	case controller.NoteFailed:
		if n.Err != nil {
			return n.Step + ": " + n.Err.Error()
		}
		return n.Step
	case controller.NoteStep:
		if n.Err != nil {
			return n.Err.Error()
		}
	case controller.NoteRelief:
		switch {
		case n.Paused:
			return "paused by hand"
		case n.Spared:
			return plenty(n)
		}
	case controller.NoteReleased:
		return "by hand"
	case controller.NoteHooks:
		return "about to be stopped"
	case controller.NoteAcquitted:
		return meek(n)
	case controller.NoteKernel:
		return killed(n)
	case controller.NoteRevived:
		return calm(n)
	case controller.NoteStaysDown:
		return often(n)
	}
	return limit(n.Breach)
}

var because = map[controller.Why]string{
	controller.BecauseExpiry:  "the delay is over and the pressure goes on",
	controller.BecauseNoDelay: "the policy has no delay",
	controller.BecauseOOM:     "the kernel found no memory in the slice (oom in memory.events rose)",
	controller.BecauseScarce:  "the host is below its floors of free memory and swap",
	controller.BecauseOthers:  "others stall above the urgent limit",
	controller.BecauseMore:    "the breach went on after a stop",
	controller.BecauseFutile:  "reclaim finds nothing",
	controller.BecauseKernel:  "the kernel's OOM killer killed a part of it",
}

// limit names the limit that was crossed.
func limit(b controller.Breach) string {
	switch {
	case b.By == "left":
		return fmt.Sprintf("memory is used up in %s at the present rate (%s left, %s a second), limit %s",
			seconds(b.Left), size(b.RoomBytes), size(b.RateBytes), setting(b.LeftLimit))
	case b.Rise > 0:
		return fmt.Sprintf("%s in memory.events rose by %d", b.By, b.Rise)
	case b.Stall > 0:
		return fmt.Sprintf("%s stall %s of the window, limit %s", b.By, percent(b.Stall), percent(b.Limit))
	}
	return fmt.Sprintf("%s stall reached the limit, %s of the window", b.By, percent(b.Limit))
}

// waited tells what came before a stop.
func waited(n controller.Note) string {
	var s strings.Builder
	switch {
	case n.Breach.Rise > 0, n.Breach.By == "left":
		fmt.Fprintf(&s, "%s was in breach (%s)", n.Slice, limit(n.Breach))
	default:
		stall := n.Breach.Stall
		if n.StallOK {
			stall = map[string]pressure.Share{"full": n.Stall.Full, "some": n.Stall.Some}[n.Breach.By]
		}
		fmt.Fprintf(&s, "%s stalled %s (%s, limit %s)", n.Slice, percent(max(stall, n.Breach.Limit)), n.Breach.By, percent(n.Breach.Limit))
	}
	fmt.Fprintf(&s, " and did not calm in %s", seconds(n.Waited))
	if n.Held > 0 {
		s.WriteString(" while" + heldWords(n))
	}
	if n.Why != controller.BecauseExpiry {
		s.WriteString(": " + because[n.Why] + cutBy(n))
	}
	return s.String()
}

// who names the unit of a note.
func who(n controller.Note) string { return owned(n.Unit, n.User, n.UID) }

// named names a candidate.
func named(c *controller.Candidate) string { return owned(c.Unit, c.User, c.UID) }

// owned names a unit, and whose it is where it is not the system's.
func owned(unit string, user bool, uid uint32) string {
	if user {
		return fmt.Sprintf("%s of user %d", unit, uid)
	}
	return unit
}

func failed(n controller.Note) string {
	name := n.Slice
	if n.Unit != "" {
		name = who(n)
	}
	text := fmt.Sprintf("%s: cannot %s", name, n.Step)
	if n.Err != nil {
		text += ": " + n.Err.Error()
	}
	var not []string
	for i := range n.Candidates {
		c := &n.Candidates[i]
		if why := whyNot(c); why != "" {
			not = append(not, named(c)+": "+why)
		}
	}
	if len(not) == 0 {
		return text
	}
	if n.Others > 0 {
		not = append(not, fmt.Sprintf("and %d more", n.Others))
	}
	return text + " (" + strings.Join(not, "; ") + ")"
}
