package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"reprieve/controller"
	"reprieve/pressure"
)

// Message is the sentence for a tired person.
func Message(n controller.Note) string {
	switch n.Kind {
	case controller.NoteBreach:
		if n.Resumed {
			return fmt.Sprintf("%s is in breach again: %s; the episode goes on with what is left of its delay of %s", n.Slice, Reason(n), n.Delay)
		}
		return fmt.Sprintf("%s is in breach: %s; waiting up to %s", n.Slice, Reason(n), n.Delay)
	case controller.NoteHold:
		if n.Observe {
			return fmt.Sprintf("would hold %s at %s: it grew since the breach of %s", n.Unit, size(uint64(n.Mark)), n.Slice)
		}
		return fmt.Sprintf("%s is held at %s: it grew since the breach of %s", n.Unit, size(uint64(n.Mark)), n.Slice)
	case controller.NoteRelief:
		return fmt.Sprintf("%s is calm again after %s; %s", n.Slice, seconds(n.Waited), reliefEnd(n))
	case controller.NoteStop:
		would := "stopping"
		if n.Observe {
			would = "would stop"
		}
		return fmt.Sprintf("%s; %s %s (%s)", waited(n), would, n.Unit, choice(n))
	case controller.NoteStopped:
		return fmt.Sprintf("%s is stopped: no process is left in it, %s after the decision", n.Unit, seconds(n.Took))
	case controller.NoteSettled:
		return fmt.Sprintf("%s after the stop of %s: %s; %s", seconds(n.Took), n.Unit, freed(n), settledEnd(n))
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
}

// limit names the limit that was crossed.
func limit(b controller.Breach) string {
	switch {
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
	case n.Breach.Rise > 0:
		fmt.Fprintf(&s, "%s was in breach (%s)", n.Slice, limit(n.Breach))
	default:
		stall := n.Breach.Stall
		if n.StallOK {
			stall = map[string]pressure.Share{"full": n.Stall.Full, "some": n.Stall.Some}[n.Breach.By]
		}
		fmt.Fprintf(&s, "%s stalled %s (%s, limit %s)", n.Slice, percent(max(stall, n.Breach.Limit)), n.Breach.By, percent(n.Breach.Limit))
	}
	fmt.Fprintf(&s, " and did not calm in %s", seconds(n.Waited))
	switch {
	case n.Held == 1:
		fmt.Fprintf(&s, " while %s was held at %s", n.HeldUnit, size(n.HeldBytes))
	case n.Held > 1:
		fmt.Fprintf(&s, " while %s and %d more were held", n.HeldUnit, n.Held-1)
	}
	if n.Why != controller.BecauseExpiry {
		s.WriteString(": " + because[n.Why])
	}
	return s.String()
}

// choice says why this one.
func choice(n controller.Note) string {
	var eligible []controller.Candidate
	for _, c := range n.Candidates {
		if c.Excluded() == "" {
			eligible = append(eligible, c)
		}
	}
	first := eligible[0]
	what := n.Pick
	if n.Pick == "priority" {
		what = fmt.Sprintf("lowest priority, %d,", first.Priority)
	}
	if len(eligible) == 1 {
		return fmt.Sprintf("the only candidate, %s", size(first.FootprintBytes))
	}
	next := eligible[1]
	text := fmt.Sprintf("%s of %d: %s, next %s %s", what, len(eligible), size(first.FootprintBytes), next.Unit, size(next.FootprintBytes))
	if n.Pick == "priority" {
		text += fmt.Sprintf(" with %d", next.Priority)
	}
	return text
}

func reliefEnd(n controller.Note) string {
	switch {
	case n.Observe:
		return "nothing was done (observe)"
	case n.Held == 1:
		return fmt.Sprintf("the hold of %s is lifted, nothing was stopped", n.HeldUnit)
	case n.Held > 1:
		return fmt.Sprintf("%d holds are lifted, nothing was stopped", n.Held)
	}
	return "nothing was held or stopped"
}

func freed(n controller.Note) string {
	if !n.FreedOK {
		return "how much memory came back could not be read"
	}
	return fmt.Sprintf("%s came back, it had used %s", size(n.FreedBytes), size(n.UsageBytes))
}

func settledEnd(n controller.Note) string {
	if n.GoesOn {
		return n.Slice + " is still in breach"
	}
	return n.Slice + " is calm"
}

func failed(n controller.Note) string {
	who := n.Slice
	if n.Unit != "" {
		who = n.Unit
	}
	text := fmt.Sprintf("%s: cannot %s", who, n.Step)
	if n.Err != nil {
		text += ": " + n.Err.Error()
	}
	if len(n.Candidates) > 0 {
		text += ":"
		for _, c := range n.Candidates {
			text += fmt.Sprintf(" %s is %s;", c.Unit, c.Excluded())
		}
	}
	return strings.TrimSuffix(text, ";")
}

// Table renders the candidates, in their order, for people.
func Table(all []controller.Candidate) string {
	var s strings.Builder
	w := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "UNIT\tPRIORITY\tFOOTPRINT\tUSAGE\tWHY NOT")
	for _, c := range all {
		why := c.Excluded()
		if why == "" {
			why = "-"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", c.Unit, c.Priority, size(c.FootprintBytes), size(c.UsageBytes), why)
	}
	w.Flush()
	return strings.TrimSuffix(s.String(), "\n")
}

// percent renders a share for people: "43%", "0.50%".
func percent(s pressure.Share) string {
	if s%100 == 0 || s > 1000 {
		return fmt.Sprintf("%d%%", (s+50)/100)
	}
	return s.String() + "%"
}

// size renders bytes with systemd's binary suffixes.
func size(n uint64) string {
	for _, u := range []struct {
		suffix string
		bytes  uint64
	}{{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}} {
		switch {
		case n >= 10*u.bytes:
			return fmt.Sprintf("%d%s", (n+u.bytes/2)/u.bytes, u.suffix)
		case n >= u.bytes:
			return fmt.Sprintf("%.1f%s", float64(n)/float64(u.bytes), u.suffix)
		}
	}
	return fmt.Sprintf("%dB", n)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }
