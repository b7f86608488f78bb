package report

import (
	"fmt"
	"strings"

	"reprieve/controller"
)

// settled tells how a stop ended, and what becomes of those it took down.
func settled(n controller.Note) string {
	parts := []string{
		fmt.Sprintf("%s after the stop of %s, which took %s: %s", seconds(n.Took), who(n), seconds(n.Emptied), freed(n)),
		settledEnd(n),
	}
	if n.Kills > 0 {
		parts = append(parts, fmt.Sprintf("the kernel's OOM killer killed %s meanwhile", count(n.Kills, "process")))
	}
	if k := len(n.Along); k > 0 {
		parts = append(parts, fmt.Sprintf("systemd stopped %s with it: %s", names(n.Along), verb(k, "it requires or is part of it", "they require or are part of it")))
	}
	if k := len(n.Revives); k > 0 {
		parts = append(parts, fmt.Sprintf("%s %s started again when %s has been calm", names(n.Revives), verb(k, "is", "are"), n.Slice))
	}
	if len(n.Lost) > 0 {
		parts = append(parts, lost(n))
	}
	if k := len(n.Stays); k > 0 {
		parts = append(parts, fmt.Sprintf("%s %s down (stop.revive)", names(n.Stays), verb(k, "stays", "stay")))
	}
	return strings.Join(parts, "; ")
}

// lost tells of units that cannot come back. Scopes are transient always; of
// other units systemd may also refuse the start, or it is their user's manager's.
func lost(n controller.Note) string {
	k := len(n.Lost)
	for _, unit := range n.Lost {
		if !strings.HasSuffix(unit, ".scope") {
			return names(n.Lost) + " cannot be started again: transient, or not for systemd to start"
		}
	}
	return fmt.Sprintf("%s %s transient and cannot be started again", names(n.Lost), verb(k, "is", "are"))
}

func freed(n controller.Note) string {
	if !n.FreedOK {
		return "how much memory came back could not be read" + reaped(n)
	}
	return fmt.Sprintf("%s came back%s, it had used %s", size(n.FreedBytes), reaped(n), size(n.UsageBytes))
}

func reaped(n controller.Note) string {
	if n.Reaped == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s of it by process_mrelease from %s)", size(n.ReapBytes), count(uint64(n.Reaped), "process"))
}

func settledEnd(n controller.Note) string {
	if n.GoesOn {
		return n.Slice + " is still in breach"
	}
	return n.Slice + " is calm"
}

// kernel tells of the kernel's OOM killer, and what is done about it.
func kernel(n controller.Note) string {
	end := n.Aside
	if end == "" {
		end = "stopping what is left of it"
	}
	return fmt.Sprintf("%s (%s); %s", killed(n), doing(n), end)
}

// killed counts the kernel's kills. Where they are more than one the group
// that had most of them is named, and the count is the slice's.
func killed(n controller.Note) string {
	text := "the kernel's OOM killer killed " + count(n.Kills, "process") + " in "
	switch {
	case n.Unit == "":
		return text + n.Slice
	case n.Kills == 1:
		return text + who(n)
	}
	return text + n.Slice + ", " + who(n) + " was hit most"
}

// doing tells what the controller was about when the kernel killed.
func doing(n controller.Note) string {
	switch n.Phase {
	case controller.PhaseCalm:
		return n.Slice + " was calm"
	case controller.PhaseHeld:
		text := n.Slice + " was in breach for " + seconds(n.Waited)
		if n.Held > 0 {
			text += " and" + heldWords(n)
		}
		return text
	}
	return "a stop in " + n.Slice + " was under way"
}

// finishing tells of the stop of what the kernel left of a group.
func finishing(n controller.Note) string {
	for i := range n.Candidates {
		if c := &n.Candidates[i]; c.Kills > 0 && c.Unit == n.Unit && c.User == n.User && c.UID == n.UID {
			return fmt.Sprintf("the kernel's OOM killer killed %s in %s; stopping what is left of it", count(c.Kills, "process"), who(n))
		}
	}
	return fmt.Sprintf("the kernel's OOM killer killed a part of %s; stopping what is left of it", who(n))
}

func revived(n controller.Note) string { return who(n) + " is started again: " + calm(n) }

func calm(n controller.Note) string {
	if n.Waited == 0 {
		return n.Slice + " is calm"
	}
	return n.Slice + " has been calm for " + setting(n.Waited)
}

func staysDown(n controller.Note) string {
	return who(n) + " stays down: " + often(n) + " and fell each time; start it yourself, or raise revive_max"
}

func often(n controller.Note) string {
	return fmt.Sprintf("it was started again %s in %s already", times(uint64(n.Count)), setting(n.Per))
}

// namesMax is how many units a sentence can bear; fields have them all.
const namesMax = 4

func names(units []string) string {
	if k := len(units); k > namesMax {
		return fmt.Sprintf("%s and %d more", strings.Join(units[:namesMax-1], ", "), k-namesMax+1)
	}
	return strings.Join(units, ", ")
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
