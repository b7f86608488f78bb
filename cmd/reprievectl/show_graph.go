package main

import (
	"fmt"
	"strings"

	"reprieve/episodes"
	"reprieve/internal/figure"
)

// rangeWidth is the column behind a sparkline: "1013M to 1015M".
const rangeWidth = 14

// seen draws what was read of the slice and of the host, on one axis of time, with marks of what was done.
func (p *showPage) seen(r *episodes.Record) {
	s := &r.Samples
	if len(s.AtUsec) < 2 || s.AtUsec[len(s.AtUsec)-1] == s.AtUsec[0] {
		return
	}
	// No more columns than there are readings: between two nothing is known.
	k := spark{at: s.AtUsec, columns: min(p.width-textIndent-2-rangeWidth, len(s.AtUsec))}
	p.title("What was seen")
	for _, stall := range []struct {
		name  string
		total []int64
	}{{"some stall", s.SomeUsec}, {"full stall", s.FullUsec}} {
		values := k.shares(stall.total)
		if low, high, ok := knownRange(values); ok {
			p.graph(stall.name, sparkline(values, 0, 100, p.heights), figure.Percent(low), figure.Percent(high))
		}
	}
	for _, size := range []struct {
		name     string
		values   []int64
		smallest bool
	}{{"usage", s.UsageBytes, false}, {"available", s.AvailableBytes, true}, {"free swap", s.SwapFreeBytes, true}} {
		values := k.extremes(size.values, size.smallest)
		low, high, ok := knownRange(values)
		if ok && (size.name != "free swap" || high > 0) { // a host without swap
			p.graph(size.name, sparkline(values, low, high, p.heights), figure.Size(uint64(low)), figure.Size(uint64(high)))
		}
	}
	marks, legend := k.marks(r)
	fmt.Fprintf(p, "  %-*s  %s\n", nameWidth, "", strings.TrimRight(marks, " "))
	fmt.Fprintf(p, "  %-*s  %s\n", nameWidth, "", k.axis())
	p.say("", "%s", legend)
	p.averages(s.Averages)
}

// averages writes what the kernel remembered at the breach, of a time in which nobody may have looked.
func (p *showPage) averages(a *episodes.Averages) {
	if a == nil {
		return
	}
	line := func(of [3]float64) string { return fmt.Sprintf("%.1f%%, %.1f%% and %.1f%%", of[0], of[1], of[2]) }
	p.say("before", "some %s, full %s: the kernel's averages of 10, 60 and 300 s at the breach", line(a.SomePercent), line(a.FullPercent))
}

func (p *showPage) graph(name, line, low, high string) {
	text := low + " to " + high
	if low == high {
		text = low
	}
	fmt.Fprintf(p, "  %-*s  %s  %s\n", nameWidth, name, line, text)
}

// mark is what a letter below the sparklines stands for.
type mark struct {
	letter rune
	kind   string // of the event
	means  string
}

// showMarks are what was done, in the order in which they take a column that two want.
func showMarks() []mark {
	return []mark{
		{'S', "stop", "stop"}, {'K', "kernel", "the kernel killed"}, {'E', "stopped", "empty"}, {'M', "settled", "memory back"},
		{'R', "relief", "relief"}, {'F', "failed", "failed"}, {'B', "breach", "breach"},
	}
}

// marks returns a line with a letter where something was done, and what the letters mean.
func (k spark) marks(r *episodes.Record) (line, legend string) {
	row := []rune(strings.Repeat(" ", k.columns))
	var means []string
	s := &r.Samples
	// What ends an episode comes after its last reading, by less than a column.
	first, last := s.AtUsec[0], s.AtUsec[len(s.AtUsec)-1]
	last += (last/2 - first/2) / int64(k.columns) * 2
	for _, m := range showMarks() {
		there := false
		for _, e := range r.Events {
			at := e.At.Sub(r.Began).Microseconds()
			if e.Kind == m.kind && at >= first && at <= last {
				there = putMark(row, k.index(at), m.letter) || there
			}
		}
		if there {
			means = append(means, string(m.letter)+" "+m.means)
		}
	}
	held := false
	for c, v := range k.extremes(s.Held, false) {
		if v > 0 && row[c] == ' ' {
			row[c], held = '=', true
		}
	}
	if held {
		means = append(means, "= held")
	}
	return string(row), strings.Join(means, ", ")
}

// putMark puts a letter into a column, or where that is taken into one beside it.
func putMark(row []rune, column int, letter rune) bool {
	for _, c := range []int{column, column + 1, column + 2, column - 1, column - 2} {
		if c < 0 || c >= len(row) {
			continue
		}
		if row[c] == letter {
			return true
		}
		if row[c] == ' ' {
			row[c] = letter
			return true
		}
	}
	return false
}

// axis returns the times of the first column, of the breach and of the last.
func (k spark) axis() string {
	first, last := k.at[0], k.at[len(k.at)-1]
	row := []rune(strings.Repeat(" ", k.columns))
	write := func(column int, text string) {
		to := column + len(text)
		if column < 0 || to > len(row) {
			return
		}
		for c := max(column-1, 0); c < min(to+1, len(row)); c++ {
			if row[c] != ' ' {
				return // it would run into another
			}
		}
		copy(row[column:], []rune(text))
	}
	end := relative(micros(last))
	write(max(k.columns-len(end), 0), end)
	write(0, relative(micros(first)))
	if first < 0 && last > 0 {
		write(k.index(0), "0")
	}
	return strings.TrimRight(string(row), " ")
}
