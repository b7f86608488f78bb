package report

import (
	"fmt"

	"reprieve/controller"
	"reprieve/memcg"
)

// frozenMark is the mark of a group that is frozen: cgroup.freeze holds 1. No
// memory.high and no memory.max can be that, they are whole pages.
const frozenMark memcg.Limit = 1

// held tells that a leaf is held, and how.
func held(n controller.Note) string {
	grew := "it grew since the breach of " + n.Slice
	switch {
	case n.By == "freeze" && n.Observe:
		return fmt.Sprintf("would freeze %s at %s: %s", who(n), size(n.UsageBytes), grew)
	case n.By == "freeze":
		return fmt.Sprintf("%s is frozen at %s: %s", who(n), size(n.UsageBytes), grew)
	case n.By == "raise" && n.Observe:
		return fmt.Sprintf("would lend %s %s more: it is at its memory.max", who(n), size(n.LentBytes))
	case n.By == "raise":
		return fmt.Sprintf("%s may use %s more, up to %s, for as long as the wait goes on: it is at its memory.max", who(n), size(n.LentBytes), size(uint64(n.Mark)))
	case n.Observe:
		return fmt.Sprintf("would hold %s at %s: %s", who(n), size(uint64(n.Mark)), grew)
	}
	return fmt.Sprintf("%s is held at %s: %s", who(n), size(uint64(n.Mark)), grew)
}

// heldWords names who was held, one at least.
func heldWords(n controller.Note) string {
	switch {
	case n.Held > 1:
		return fmt.Sprintf(" %s and %d more were held", n.HeldUnit, n.Held-1)
	case memcg.Limit(n.HeldBytes) == frozenMark:
		return fmt.Sprintf(" %s was frozen", n.HeldUnit)
	}
	return fmt.Sprintf(" %s was held at %s", n.HeldUnit, size(n.HeldBytes))
}

// relief tells how a wait ended without a stop.
func relief(n controller.Note) string {
	if n.Paused {
		return fmt.Sprintf("%s is let be after %s: paused by hand, the pressure may go on; %s", n.Slice, seconds(n.Waited), reliefEnd(n))
	}
	if n.Spared {
		return fmt.Sprintf("%s is let be after %s: the pressure goes on, and %s; %s", n.Slice, seconds(n.Waited), plenty(n), reliefEnd(n))
	}
	return fmt.Sprintf("%s is calm again after %s; %s", n.Slice, seconds(n.Waited), reliefEnd(n))
}

// plenty says why nobody has to be stopped although the pressure goes on. An
// episode that is over as it begins has no figures yet.
func plenty(n controller.Note) string {
	h := n.Grounds.Host
	if h.TotalBytes == 0 {
		return "the host is not short of memory"
	}
	return fmt.Sprintf("the host has %s of %s available", size(h.AvailableBytes), size(h.TotalBytes))
}

func reliefEnd(n controller.Note) string {
	stopped := "nothing was stopped"
	if n.More {
		stopped = "nothing else was stopped"
	}
	switch {
	case n.Observe:
		return "nothing was done (observe)"
	case n.Held == 1:
		return fmt.Sprintf("the hold of %s is lifted, %s", n.HeldUnit, stopped)
	case n.Held > 1:
		return fmt.Sprintf("%d holds are lifted, %s", n.Held, stopped)
	case n.More:
		return stopped
	}
	return "nothing was held or stopped"
}

// byHand tells that somebody had the holds lifted.
func byHand(n controller.Note) string {
	return fmt.Sprintf("%s: %s lifted by hand; nothing of it is held again in this episode, the wait goes on",
		n.Slice, verb(n.Held, "1 hold is", fmt.Sprintf("%d holds are", n.Held)))
}
