package report

import (
	"fmt"
	"strconv"
	"strings"

	"reprieve/test/bench/stats"
)

// table is a Markdown table; the first row is its head, all columns but the first are numbers.
func table(rows [][]string) string {
	var out strings.Builder
	for at, row := range rows {
		out.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if at == 0 {
			out.WriteString("|---" + strings.Repeat("|--:", len(row)-1) + "|\n")
		}
	}
	return out.String()
}

// span is a median, with the range behind it where there is one.
func span(s stats.Spread) string {
	switch {
	case s.N == 0:
		return "–"
	case s.Min == s.Max:
		return number(s.Median)
	}
	return number(s.Median) + " (" + number(s.Min) + "–" + number(s.Max) + ")"
}

func times(s stats.Spread) string {
	if s.N == 0 {
		return "–"
	}
	return number(s.Median)
}

func percent(s stats.Spread) string {
	switch {
	case s.N == 0:
		return "–"
	case s.Min == s.Max:
		return fmt.Sprintf("%.1f%%", s.Median)
	}
	return fmt.Sprintf("%.1f%% (%.1f–%.1f)", s.Median, s.Min, s.Max)
}

// number has three figures, which is more than an emulated guest is good for.
func number(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x >= 99.95:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 9.995:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case x >= 0.01:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return "<0.01"
}
