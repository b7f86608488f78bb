package report

import (
	"fmt"
	"html"
	"math"
	"strings"

	"reprieve/test/bench/result"
	"reprieve/test/bench/stats"
)

// The chart's measures, in pixels. The axis is logarithmic, from least to most seconds.
const (
	width, left, right = 760, 150, 130 // right is for the numbers behind the bars
	rowHeight, barSize = 19, 11
	panelHead          = 44
	panelGap           = 14
	least, most        = 0.03, 100.0
)

// style is readable on a light and on a dark page: a picture in Markdown follows the reader's system.
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 14px; }
.faint { fill: #59636e; }
.grid { stroke: #d1d9e0; }
.ours { fill: #0969da; }
.peer { fill: #8c959f; }
.range { stroke: #24292f; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.faint { fill: #9198a1; }
.grid { stroke: #3d444d; }
.ours { fill: #4493f8; }
.peer { fill: #6e7681; }
.range { stroke: #e6edf3; }
}
</style>
`

// Chart returns an SVG picture of how long each controller took from the breach to the empty group, a panel a load; "" where no run has
// such a figure.
func Chart(suite string, runs []result.Run) string {
	var body strings.Builder
	y := 10
	for _, load := range []string{"steady", "noswap", "limit", "many"} { // those that somebody has to stop
		controllers := present(runs, suite, load)
		if len(controllers) == 0 {
			continue
		}
		panel(&body, y, load, controllers, runs)
		y += panelHead + len(controllers)*rowHeight + panelGap
	}
	if body.Len() == 0 {
		return ""
	}
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="t">`+"\n", width, y)
	heading := fmt.Sprintf(`<title id="t">Seconds from the breach to the empty group, by load and controller, %s</title>`+"\n", html.EscapeString(suite))
	return head + heading + style + body.String() + "</svg>\n"
}

// panel draws one load: the grid, and a row for each controller.
func panel(out *strings.Builder, y int, load string, controllers []string, runs []result.Run) {
	bottom := y + panelHead + len(controllers)*rowHeight
	fmt.Fprintf(out, `<text class="title" x="8" y="%d">%s</text>`+"\n", y+14, html.EscapeString(title(load)))
	for _, seconds := range []float64{0.1, 1, 10, 100} {
		x := at(seconds)
		fmt.Fprintf(out, `<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", x, y+panelHead-8, x, bottom)
		fmt.Fprintf(out, `<text class="faint" x="%.1f" y="%d" text-anchor="middle">%g s</text>`+"\n", x, y+panelHead-12, seconds)
	}
	for n, name := range controllers {
		row(out, y+panelHead+n*rowHeight, name, of(runs, load, name))
	}
}

// row draws one controller: its name, a bar to the median, a line over the range, and the number.
func row(out *strings.Builder, y int, name string, g group) {
	text := y + rowHeight - 6
	fmt.Fprintf(out, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", left-8, text, html.EscapeString(name))
	s := g.spread(reaction)
	if s.N == 0 {
		fmt.Fprintf(out, `<text class="faint" x="%d" y="%d">%s</text>`+"\n", left+4, text, without(g))
		return
	}
	class := "peer"
	if strings.HasPrefix(name, "reprieve") {
		class = "ours"
	}
	top := y + (rowHeight-barSize)/2
	fmt.Fprintf(out, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`+"\n", class, left, top, at(s.Median)-left, barSize)
	if s.Min < s.Max {
		middle := top + barSize/2
		fmt.Fprintf(out, `<line class="range" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", at(s.Min), middle, at(s.Max), middle)
	}
	fmt.Fprintf(out, `<text x="%.1f" y="%d">%s</text>`+"\n", max(at(s.Max), at(s.Median))+6, text, html.EscapeString(label(s, g)))
}

// label is the number behind a bar, with how often there was one where that is not always.
func label(s stats.Spread, g group) string {
	text := number(s.Median) + " s"
	if s.N < len(g) {
		text += fmt.Sprintf(" (%d of %d)", s.N, len(g))
	}
	return text
}

// without says why there is no bar.
func without(g group) string {
	if stopped(g) > 0 {
		return "stopped before the limit was broken"
	}
	return "not stopped while we looked"
}

// at is the place of a number of seconds on the axis.
func at(seconds float64) float64 {
	share := math.Log(min(max(seconds, least), most)/least) / math.Log(most/least)
	return left + share*(width-left-right)
}
