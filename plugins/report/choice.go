package report

import (
	"fmt"
	"slices"
	"strings"

	"reprieve/controller"
	"reprieve/memcg"
)

// choice says why this one.
func choice(n controller.Note) string {
	var first, next *controller.Candidate
	for i := range n.Candidates {
		switch c := &n.Candidates[i]; {
		case c.Excluded() != "":
		case first == nil:
			first = c
		case next == nil:
			next = c
		}
	}
	if first == nil {
		return "no candidate is listed"
	}
	if next == nil {
		return "the only candidate, " + amount(first)
	}
	d := duel{first: first, next: next, order: strings.Split(n.Pick, ", ")}
	d.firstGroup, d.nextGroup = part(first, next)
	d.by = d.decider()
	return fmt.Sprintf("%s of %d: %s, next %s %s", d.head(), n.Eligible, d.firstWords(), named(next), d.nextWords())
}

// duel is the victim, who would have been next, and what told them apart.
type duel struct {
	first, next           *controller.Candidate
	firstGroup, nextGroup *controller.Level // in which their ways part; nil when unknown
	order                 []string
	by                    string // a picker of the order; "" when it cannot be told
}

// part returns the groups in which the ways to two candidates part: those were
// compared, with all in them.
func part(a, b *controller.Candidate) (*controller.Level, *controller.Level) {
	for i := range min(len(a.Levels), len(b.Levels)) {
		if a.Levels[i] != b.Levels[i] {
			return a.Levels[i], b.Levels[i]
		}
	}
	return nil, nil
}

// decider is the first picker that found a difference, "preference" when that
// came before them all. Of sums of groups above the candidates it knows only the priority.
func (d *duel) decider() string {
	if d.first.Class() != d.next.Class() {
		return "preference"
	}
	whole := d.above(d.first, d.firstGroup) != "" || d.above(d.next, d.nextGroup) != ""
	a, b := &d.first.Score, &d.next.Score
	for _, name := range d.order {
		f, ok := figures[name]
		switch {
		case name == "priority" && priority(d.first, d.firstGroup) != priority(d.next, d.nextGroup):
			return name
		case name == "priority":
		case whole:
			return ""
		case name == "largest" && a.ExcessBytes != b.ExcessBytes, ok && f.of(a) != f.of(b):
			return name
		}
	}
	return ""
}

// head names the order.
func (d *duel) head() string {
	switch {
	case d.by == "preference":
		return "by preference (" + d.preferred() + ")"
	case slices.Equal(d.order, []string{"largest"}):
		return "largest"
	case slices.Equal(d.order, []string{"priority"}) && d.by == "priority":
		return "lowest priority"
	}
	return "by " + strings.Join(d.order, ", ") + ","
}

func (d *duel) preferred() string {
	switch {
	case d.first.Preference == memcg.Prefer:
		return "user.oomd_prefer"
	case d.next.Preference == memcg.Avoid:
		return named(d.next) + " has user.oomd_avoid"
	}
	return named(d.next) + " has a protected name, which its user chose"
}

func (d *duel) firstWords() string {
	text := d.figures(d.first, d.firstGroup)
	switch d.by {
	case "priority":
		text += fmt.Sprintf(" with priority %d", priority(d.first, d.firstGroup))
	case "newest":
		text += ", made last"
	}
	return text
}

func (d *duel) nextWords() string {
	text := d.figures(d.next, d.nextGroup)
	if d.by == "priority" {
		text += fmt.Sprintf(" with %d", priority(d.next, d.nextGroup))
	}
	return text
}

// figures are what both sides have in the same words.
func (d *duel) figures(c *controller.Candidate, group *controller.Level) string {
	text := amount(c)
	if above := d.above(c, group); above != "" {
		text += " in " + above
		if d.by != "priority" {
			text += " counted whole"
		}
	} else if guarded := c.Score.FootprintBytes - min(c.Score.ExcessBytes, c.Score.FootprintBytes); d.by == "largest" && guarded > 0 {
		text += ", " + size(guarded) + " of it protected"
	}
	if f, ok := figures[d.by]; ok && f.words != nil {
		text += ", " + f.words(f.of(&c.Score))
	}
	return text
}

// above names the group that was compared where that is not the candidate itself.
func (d *duel) above(c *controller.Candidate, group *controller.Level) string {
	if group == nil || group == c.Levels[len(c.Levels)-1] {
		return ""
	}
	return group.Unit
}

func priority(c *controller.Candidate, group *controller.Level) int {
	if group == nil {
		return c.Score.Priority
	}
	return group.Score.Priority
}

// amount is a footprint, or its upper bound.
func amount(c *controller.Candidate) string {
	if c.Measured {
		return size(c.Score.FootprintBytes)
	}
	return "at most " + size(c.Score.FootprintBytes)
}
