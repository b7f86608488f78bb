package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"reprieve/episodes"
	"reprieve/internal/figure"
)

const (
	// showCandidates is how many of those who were weighed are shown; show --json has all that the record has.
	showCandidates = 8
	// showFirst and showLast are how many events are shown where there are more.
	showFirst, showLast = 16, 8
)

// weighed writes who might have been stopped, and why the first is the one.
func (p *showPage) weighed(r *episodes.Record) {
	v := r.Verdict
	if v == nil {
		return
	}
	p.title("Who was weighed")
	by := strings.Join(v.Pick, ", ")
	if !v.At.IsZero() {
		by += ", at " + relative(v.At.Sub(r.Began))
	}
	p.say("by", "%s", by)
	switch unit := chosen(v); {
	case p.then != nil:
		p.say("would be", "%s", rechosen(p.then, v))
		if v.Others > 0 {
			p.say("", "the record lists %d of %d: who is not listed is not compared", len(v.Candidates), len(v.Candidates)+v.Others)
		}
	case unit == "":
		p.say("chosen", "nobody")
	case r.Observe:
		p.say("would be", "%s: %s", unit, v.Choice)
	default:
		p.say("chosen", "%s: %s", unit, v.Choice)
	}
	rows := [][]string{{"RANK", "UNIT", "PRIORITY", "FOOTPRINT", "GAINED", "WHY NOT"}}
	for _, c := range v.Candidates[:min(len(v.Candidates), showCandidates)] {
		rows = append(rows, candidateRow(&c))
	}
	if len(rows) > 1 {
		p.rows(rows, 1)
	}
	if more := len(v.Candidates) - len(rows) + 1 + v.Others; more > 0 {
		fmt.Fprintf(p, "  and %d more\n", more)
	}
}

func candidateRow(c *episodes.Candidate) []string {
	unit, rank, bound, why := c.Unit, "-", "", c.Out
	if c.UID != 0 {
		unit += fmt.Sprintf(" of user %d", c.UID)
	}
	if c.Rank > 0 {
		rank = strconv.Itoa(c.Rank)
	}
	if c.Bound {
		bound = "<"
	}
	if why == "" {
		why = c.Preference
	}
	return []string{
		rank, unit, strconv.Itoa(c.Priority), bound + figure.Size(c.FootprintBytes), figure.Size(c.GainedBytes), why,
	}
}

// Columns of a table that would be too wide: the elastic one is cut to no less than elasticLeast, and the last one folded.
const (
	elasticLeast = 24 // of a unit's name
	foldedLeast  = 16
)

// rows writes a table as wide as the page.
func (p *showPage) rows(rows [][]string, elastic int) {
	last := len(rows[0]) - 1
	widths := make([]int, last+1)
	for _, row := range rows {
		for i := range row {
			row[i] = figure.Plain(row[i])
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	room := p.width - 2*len(widths)
	for _, w := range widths {
		room -= w
	}
	if room < 0 {
		less := min(-room, max(widths[elastic]-elasticLeast, 0))
		widths[elastic], room = widths[elastic]-less, room+less
		widths[last] = max(widths[last]+room, foldedLeast)
	}
	for _, row := range rows {
		var s strings.Builder
		for i, text := range row[:last] {
			fmt.Fprintf(&s, "  %-*s", widths[i], figure.Cut(text, widths[i]))
		}
		left := s.String()
		for _, line := range figure.Fold(row[last], widths[last]) {
			fmt.Fprintf(p, "%s\n", figure.Cut(strings.TrimRight(left+"  "+line, " "), p.width))
			left = strings.Repeat(" ", utf8.RuneCountInString(left))
		}
	}
}

// timeline writes what the journal was told.
func (p *showPage) timeline(r *episodes.Record) {
	if len(r.Events) == 0 {
		return
	}
	p.title("What the journal was told")
	const indent = 2 + 8 + 2 + 9 + 2
	for i, e := range r.Events {
		if hidden := len(r.Events) - showFirst - showLast; hidden > 0 && i >= showFirst && i < showFirst+hidden {
			if i == showFirst {
				fmt.Fprintf(p, "  %8s  and %d more, which show --json has\n", "", hidden)
			}
			continue
		}
		at, kind := relative(e.At.Sub(r.Began)), figure.Cut(figure.Plain(e.Kind), 9)
		for _, line := range figure.Fold(figure.Plain(e.Message), p.width-indent) {
			fmt.Fprintf(p, "  %8s  %-9s  %s\n", at, kind, line)
			at, kind = "", ""
		}
	}
}

// relative writes a time that counts from the beginning of an episode: "+8.10s", "-0.50s", "+2m3s".
func relative(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	if d < time.Minute {
		return fmt.Sprintf("%s%.2fs", sign, d.Seconds())
	}
	return sign + figure.Span(d)
}

// policy writes what was in force, each value with where it came from.
func (p *showPage) policy(r *episodes.Record) {
	p.title("The policy in force")
	if len(r.Policy) == 0 {
		p.say("", "the record has none")
		return
	}
	rows := [][]string{{"KEY", "VALUE", "FROM"}}
	for _, s := range r.Policy {
		rows = append(rows, []string{s.Key, s.Value, s.Origin})
	}
	p.rows(rows, 1)
}
