package docs_test

import (
	"slices"
	"strings"
	"testing"
)

const (
	costsFrom = "benchmarks.md"
	costsTo   = "comparison.md"
	costBegin = "<!-- costs: begin -->\n"
	costEnd   = "<!-- costs: end -->"
	notRun    = "not run yet" // what the benchmark writes where there are no results
)

// cells returns the cells of a row of a table.
func cells(row string) []string {
	all := strings.Split(strings.Trim(row, "|"), "|")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// costs is what comparison.md has of the results: what was run, and of what the controllers cost the columns of calm and of memory.
func costs(results string) string {
	_, results, _ = strings.Cut(results, "\n### bookworm\n")
	run, _, _ := strings.Cut(strings.TrimSpace(results), "\n")
	if run == notRun {
		return "\n" + run + "\n\n"
	}
	_, table, found := strings.Cut(results, "\n#### What the controllers themselves cost\n\n")
	table, _, ended := strings.Cut(table, "\n\n")
	if !found || !ended {
		return ""
	}
	rows := strings.Split(table, "\n")
	var columns []int
	for _, name := range []string{"controller", "CPU in calm, ms/s", "wake-ups in calm, 1/s", "own stall, ms", "group's peak, MiB"} {
		at := slices.Index(cells(rows[0]), name)
		if at < 0 {
			return ""
		}
		columns = append(columns, at)
	}
	var text strings.Builder
	text.WriteString("\n" + run + "\n\n")
	for _, row := range rows {
		for _, at := range columns {
			text.WriteString("| " + cells(row)[at] + " ")
		}
		text.WriteString("|\n")
	}
	return text.String() + "\n"
}

// Ensure the figures that the comparison has from the benchmark are those that stand there.
func TestCosts(t *testing.T) {
	want := costs(read(t, costsFrom))
	if strings.Count(want, "\n") < 10 && strings.TrimSpace(want) != notRun {
		t.Fatalf("%s: found no table of what the controllers cost, or another than it was: %q", costsFrom, want)
	}
	text := read(t, costsTo)
	before, rest, begun := strings.Cut(text, costBegin)
	_, after, ended := strings.Cut(rest, costEnd)
	if !begun || !ended {
		t.Fatalf("%s: want the lines %q and %q", costsTo, strings.TrimSpace(costBegin), costEnd)
	}
	rewrite(t, costsTo, text, before+costBegin+want+costEnd+after)
}
