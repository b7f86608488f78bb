package main

import (
	"fmt"
	"strings"

	"reprieve/internal/figure"
	"reprieve/internal/probe"
)

// text writes a line for each finding, with its remedy below, and how it stands in all.
func (d diagnosis) text(colours bool) string {
	var b strings.Builder
	counts := map[probe.State]uint64{}
	for _, f := range d.Findings {
		counts[f.State]++
		fmt.Fprintf(&b, "%s %s: %s\n", sign(f.State, colours), figure.Plain(f.Name), figure.Plain(f.Text))
		if f.Remedy != "" {
			fmt.Fprintf(&b, "     to do: %s\n", figure.Plain(f.Remedy))
		}
	}
	able := "this host is able"
	if !d.Able {
		able = "this host is not able to do all that Reprieve does"
	}
	fmt.Fprintf(&b, "%s: %d bad, %s\n", able, counts[probe.Bad], figure.Count(counts[probe.Note], "note"))
	return b.String()
}

// sign is how a state is written at the beginning of a line, each as wide as the others.
func sign(s probe.State, colours bool) string {
	text, colour := "ok  ", "32"
	switch s {
	case probe.Note:
		text, colour = "note", "33"
	case probe.Bad:
		text, colour = "BAD ", "1;31"
	}
	if !colours {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
