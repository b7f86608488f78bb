package main

import (
	"fmt"
	"slices"
	"strings"

	"reprieve/configs"
	"reprieve/internal/figure"
)

// pageWidth is how wide paragraphs are; a table or a name may be wider.
const pageWidth = 100

// longValue is the width from which on a list has its parts in lines of their own.
const longValue = 28

// page collects what is printed: headings, paragraphs, and lists below them.
type page struct{ strings.Builder }

// heading begins a part.
func (p *page) heading(text string) { fmt.Fprintf(p, "\n%s\n\n", strings.ToUpper(text)) }

// paragraph adds sentences, folded. Of control characters in them the terminal sees nothing.
func (p *page) paragraph(format string, args ...any) { p.folded("", "", fmt.Sprintf(format, args...)) }

// item adds one of a list.
func (p *page) item(format string, args ...any) {
	p.folded("  - ", "    ", fmt.Sprintf(format, args...))
}

// folded adds lines with first in front of the first one, and then in front of the others.
func (p *page) folded(first, then, text string) {
	for _, line := range figure.Fold(figure.Plain(text), pageWidth-len(then)) {
		p.WriteString(first + line + "\n")
		first = then
	}
}

// topic adds a paragraph with a name.
func (p *page) topic(name, text string) {
	if !strings.HasSuffix(p.String(), "\n\n") {
		p.WriteString("\n")
	}
	p.folded("", "", name+": "+text)
}

// block adds lines as they are, indented.
func (p *page) block(lines ...string) {
	for _, line := range lines {
		p.WriteString("    " + figure.Plain(line) + "\n")
	}
}

// settings adds the table of settings, in groups by file: in the order in which the files are applied, so that of the files that
// have a key the last one is named. What the slice's unit says follows, and what nobody speaks of comes last.
func (p *page) settings(list []configs.Setting, files []explainedFile) {
	p.heading("settings")
	place := func(s configs.Setting) int {
		if i := slices.IndexFunc(files, func(f explainedFile) bool { return f.File == s.Origin.File }); i >= 0 {
			return i
		}
		if s.Origin.File != "" {
			return len(files)
		}
		return len(files) + 1
	}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b configs.Setting) int { return place(a) - place(b) })
	rows := [][3]string{{"KEY", "VALUE", "FROM"}}
	for i, s := range sorted {
		if i > 0 && place(s) != place(sorted[i-1]) {
			rows = append(rows, [3]string{})
		}
		for n, line := range valueLines(s.Value) {
			if n == 0 {
				rows = append(rows, [3]string{s.Key, line, figure.Plain(s.Origin.String())})
			} else {
				rows = append(rows, [3]string{"", line, ""})
			}
		}
	}
	p.rows(rows)
}

// valueLines is what the column of values has: "-" for what is not set, a long list one below the other.
func valueLines(value string) []string {
	switch {
	case value == "":
		return []string{"-"}
	case len(value) > longValue:
		return strings.Split(strings.ReplaceAll(figure.Plain(value), ", ", ",\n"), "\n")
	}
	return []string{figure.Plain(value)}
}

// rows adds lines in columns.
func (p *page) rows(rows [][3]string) {
	var key, value int
	for _, r := range rows {
		key, value = max(key, len(r[0])), max(value, len(r[1]))
	}
	for _, r := range rows {
		p.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %-*s  %s", key, r[0], value, r[1], r[2]), " ") + "\n")
	}
}

// mostListed is how many of a list are printed.
const mostListed = 20

// firstOf says how many of n are printed, and how the rest is told: "" where there is none.
func firstOf(n int) (shown int, more string) {
	if n <= mostListed {
		return n, ""
	}
	return mostListed, fmt.Sprintf("and %d more; --json has all", n-mostListed)
}
