package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"reprieve/episodes"
	"reprieve/internal/control"
	"reprieve/internal/figure"
)

// planText is what plan prints.
func planText(plans []control.Plan) string {
	var s strings.Builder
	for _, p := range plans {
		s.WriteString(choiceLine(p) + "\n")
		s.WriteString(candidateTable(p.Verdict))
		s.WriteString("\n")
	}
	if len(plans) == 0 {
		return "nothing is watched: no slice has a [pressure] table; see reprievectl check\n"
	}
	s.WriteString("Nothing was done: this is whom a stop would take now, if there were a breach that outlasts its delay.\n")
	return s.String()
}

// choiceLine says who would be stopped and why.
func choiceLine(p control.Plan) string {
	v := p.Verdict
	for i := range v.Candidates {
		c := &v.Candidates[i]
		if c.Rank == 1 {
			text := fmt.Sprintf("%s: %s would be stopped", p.Slice, ownedBy(c))
			if v.Choice != "" {
				text += ": " + v.Choice
			}
			return figure.Plain(text)
		}
	}
	why := "there is no candidate"
	if n := len(v.Candidates) + v.Others; n > 0 {
		why = "none of the " + figure.Count(uint64(n), "candidate") + " may be"
	}
	if n := len(v.Candidates) + v.Others; n == 1 {
		why = "the only candidate may not be"
	}
	return figure.Plain(fmt.Sprintf("%s: nobody would be stopped: %s", p.Slice, why))
}

// column is a column of the table of candidates.
type column struct {
	head string
	of   func(*episodes.Candidate) string
	// always has it shown also where all have "-".
	always bool
}

// columns are those of the table, in their order. What no candidate has is not shown.
func columns() []column {
	size := func(n uint64) string { return unless(n == 0, figure.Size(n)) }
	return []column{
		{"RANK", func(c *episodes.Candidate) string { return unless(c.Rank == 0, fmt.Sprint(c.Rank)) }, true},
		{"UNIT", ownedBy, true},
		{"PRIORITY", func(c *episodes.Candidate) string { return fmt.Sprint(c.Priority) }, true},
		{"FOOTPRINT", footprint, true},
		{"USAGE", func(c *episodes.Candidate) string { return size(c.UsageBytes) }, true},
		{"SWAP", func(c *episodes.Candidate) string { return size(c.SwapBytes) }, false},
		{"PROTECTED", func(c *episodes.Candidate) string {
			return size(c.FootprintBytes - min(c.ExcessBytes, c.FootprintBytes))
		}, false},
		{"GAINED", func(c *episodes.Candidate) string { return size(c.GainedBytes) }, false},
		{"STALLED", func(c *episodes.Candidate) string { return unless(c.StalledUsec == 0, span(micros(c.StalledUsec))) }, false},
		{"SCANNED/S", func(c *episodes.Candidate) string { return unless(c.ScanRate == 0, fmt.Sprint(c.ScanRate)) }, false},
		{"OFFENCES", func(c *episodes.Candidate) string { return unless(c.Offences == 0, fmt.Sprint(c.Offences)) }, false},
		{"PREFERENCE", func(c *episodes.Candidate) string { return unless(c.Preference == "", c.Preference) }, false},
		{"WHY NOT", func(c *episodes.Candidate) string { return unless(c.Out == "", c.Out) }, false},
	}
}

// candidateTable lists the candidates in their order, or is empty where there are none.
func candidateTable(v episodes.Verdict) string {
	if len(v.Candidates) == 0 {
		return ""
	}
	var shown []column
	for _, c := range columns() {
		has := c.always
		for i := range v.Candidates {
			has = has || c.of(&v.Candidates[i]) != "-"
		}
		if has {
			shown = append(shown, c)
		}
	}
	var s strings.Builder
	w := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	row := func(cell func(column) string) {
		var cells []string
		for _, c := range shown {
			cells = append(cells, figure.Plain(cell(c)))
		}
		fmt.Fprintln(w, "  "+strings.Join(cells, "\t"))
	}
	row(func(c column) string { return c.head })
	for i := range v.Candidates {
		row(func(c column) string { return c.of(&v.Candidates[i]) })
	}
	w.Flush()
	if v.Others > 0 {
		fmt.Fprintf(&s, "  and %d more\n", v.Others)
	}
	return s.String()
}

// footprint is what the end of a candidate frees, "<" before an upper bound.
func footprint(c *episodes.Candidate) string {
	if c.Bound {
		return "<" + figure.Size(c.FootprintBytes)
	}
	return figure.Size(c.FootprintBytes)
}

// ownedBy names a candidate, and whose it is where it is not the system's.
func ownedBy(c *episodes.Candidate) string {
	if c.UID != 0 {
		return fmt.Sprintf("%s of user %d", c.Unit, c.UID)
	}
	return c.Unit
}

// unless is a text, or "-" where there is nothing to say.
func unless(nothing bool, text string) string {
	if nothing {
		return "-"
	}
	return text
}
