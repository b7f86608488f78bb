package controller

import (
	"fmt"
	"strings"
)

// Decided appends a line for each decision that input number i of a trace led
// to: "12 hold batch-b.slice by throttle". What is only told has a line as well, without its
// figures. What the guard is told has none: it only counts where nothing else does.
func Decided(to []string, i int, all []Decision) []string {
	for k := range all {
		if a := all[k].Action; a == Foresee || a == Sign || a == Withdraw {
			continue
		}
		to = append(to, fmt.Sprintf("%d %s", i, all[k].String()))
	}
	return to
}

// String tells a decision in a line, without figures that are only told.
func (d *Decision) String() string {
	switch d.Action {
	case Hold:
		return "hold " + d.Leaf.Unit + " by " + d.By
	case PutBack:
		return fmt.Sprintf("put back %s by %s, found %v", d.Leaf.Unit, d.By, d.Found)
	case Move:
		return fmt.Sprintf("move %s to %d", d.Leaf.Unit, uint64(d.To))
	case Interrupt:
		return "interrupt " + d.Leaf.Unit
	case Signal, Start:
		return d.Step.By + " " + d.Step.Unit
	case Lift:
		return "lift " + d.Leaf.Unit
	case TakeSamples:
		return "take samples"
	case Weigh:
		return "weigh"
	case Notify:
		return "notify of " + d.Victim.Unit
	case StopUnit:
		return "stop unit " + d.Victim.Unit
	case Kill:
		return "kill " + d.Victim.Unit
	case Sweep:
		return "sweep " + d.Victim.Unit
	case Report:
		return "tell " + d.Note.line()
	}
	return fmt.Sprintf("action %d", d.Action)
}

// line tells a note's kind, and whom it is about.
func (n *Note) line() string {
	var words []string
	switch n.Kind {
	case NoteBreach:
		words = []string{"breach by", n.Breach.By}
		if n.Resumed {
			words = append(words, "again")
		}
	case NoteRelief:
		words = []string{"relief"}
		if n.Spared {
			words = append(words, "spared")
		}
		if n.Paused {
			words = append(words, "paused")
		}
	case NoteStop:
		words = []string{"stop", n.Unit, "because of", n.Why.word()}
	case NoteSettled:
		words = []string{"settled", n.Unit}
		if n.GoesOn {
			words = append(words, "goes on")
		}
	default:
		words = []string{n.Kind.word(), n.Unit}
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

func (k NoteKind) word() string {
	switch k {
	case NoteHold:
		return "held"
	case NoteStopped:
		return "stopped"
	case NoteStep:
		return "step"
	case NoteReleased:
		return "released"
	case NoteHooks:
		return "hooks"
	case NoteAcquitted:
		return "acquitted"
	case NoteKernel:
		return "kernel killed"
	case NoteFailed:
		return "failed"
	}
	return fmt.Sprintf("note %d", k)
}

func (w Why) word() string {
	switch w {
	case BecauseExpiry:
		return "expiry"
	case BecauseNoDelay:
		return "no delay"
	case BecauseOOM:
		return "oom"
	case BecauseScarce:
		return "scarce"
	case BecauseOthers:
		return "others"
	case BecauseMore:
		return "more"
	case BecauseFutile:
		return "futile"
	case BecauseKernel:
		return "kernel"
	}
	return fmt.Sprintf("why %d", w)
}
