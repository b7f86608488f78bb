package top

import (
	"fmt"
	"math"
	"strings"

	"reprieve/internal/control"
	"reprieve/internal/figure"
)

// figuresWidth is how wide the figures of a row are: six shares, usage, growth, priority.
const figuresWidth = 6*5 + 8 + 9 + 6

// columns names the columns.
func (m *Model) columns(width int) string {
	text := pad("  GROUP", width-figuresWidth) + " some  10s  60s full  10s  60s   USAGE GROWTH/S  PRIO"
	return m.tint("7", figure.Cut(text, width))
}

// tree draws as many rows of the tree as there is room for, the cursor's among them.
func (m *Model) tree(width, room int) []string {
	rows := m.rows()
	lines := make([]string, max(0, room))
	if len(rows) == 0 {
		if room > 0 {
			lines[0] = "  no slice is there to be looked at"
		}
		return lines
	}
	at := m.at(rows)
	m.above = max(0, min(m.above, at, len(rows)-room))
	if at >= m.above+room {
		m.above = at - room + 1
	}
	for i := range lines {
		if n := m.above + i; n < len(rows) {
			lines[i] = m.line(rows[n], n == at, width)
		}
	}
	return lines
}

// line draws a group.
func (m *Model) line(r row, cursor bool, width int) string {
	mark := " "
	if cursor {
		mark = ">"
	}
	fold := "  "
	switch {
	case r.Inner && m.shows(r):
		fold = "- "
	case r.Inner:
		fold = "+ "
	}
	sign, slice := "", m.look.slice(r.Path)
	switch {
	case slice != nil && slice.Phase != control.Calm:
		sign = " !" + slice.Phase
	case m.look.Watched[r.Path]:
		sign = " *"
	}
	name := strings.Repeat("  ", min(r.depth, 8)) + fold
	room := width - figuresWidth - len(mark)
	name += figure.Cut(figure.Plain(r.Unit), max(4, room-len([]rune(name))-len(sign))) + sign
	text := mark + pad(name, room) + m.figures(r.Group)
	return m.tint(m.colour(r.Group, slice), figure.Cut(text, width))
}

// figures writes the columns behind the name.
func (m *Model) figures(g *Group) string {
	r, known := m.rates[g.Path]
	some, full := -1.0, -1.0
	if known {
		some, full = r.some, r.full
	}
	averages := [4]float64{-1, -1, -1, -1}
	if g.PressureOK {
		averages = [4]float64{g.Some.Avg10, g.Some.Avg60, g.Full.Avg10, g.Full.Avg60}
	}
	growth := "?"
	if known && r.growthOK {
		growth = change(r.growth)
	}
	priority := ""
	if g.Ranked {
		priority = fmt.Sprint(g.Priority)
	}
	return fmt.Sprintf("%5s%5s%5s%5s%5s%5s%8s%9s%6s", share(some), share(averages[0]), share(averages[1]),
		share(full), share(averages[2]), share(averages[3]), figure.Known(g.UsageBytes), growth, priority)
}

// share is a percentage in four characters: ".3%" for less than one.
func share(p float64) string {
	switch {
	case p < 0 || math.IsNaN(p):
		return "?"
	case p < 0.05:
		return "-"
	case p < 0.95:
		return strings.TrimPrefix(fmt.Sprintf("%.1f%%", p), "0")
	}
	return fmt.Sprintf("%.0f%%", p)
}

// change writes a growth: "+3.0M", "-", "-512K".
func change(bytes float64) string {
	switch {
	case math.Abs(bytes) < 1024:
		return "-"
	case bytes < 0:
		return "-" + figure.Size(uint64(-bytes))
	}
	return "+" + figure.Size(uint64(bytes))
}

// colour is that of a row: red at the limit of a watched slice, or where nearly all stall; yellow half way there, or in
// an episode.
func (m *Model) colour(g *Group, slice *control.Slice) string {
	r := m.rates[g.Path]
	worst := r.full / 50
	if slice != nil && slice.Limits.FullPercent > 0 {
		worst = r.full / slice.Limits.FullPercent
	}
	if slice != nil && slice.Limits.SomePercent > 0 {
		worst = max(worst, r.some/slice.Limits.SomePercent)
	}
	switch {
	case worst >= 1, slice != nil && slice.Phase == control.Stopping:
		return "31"
	case worst >= 0.5, slice != nil && slice.Phase != control.Calm:
		return "33"
	}
	return ""
}

// pad fills a text with blanks up to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-len([]rune(text))))
}
