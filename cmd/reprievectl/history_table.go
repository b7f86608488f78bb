package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"reprieve/configs"
	"reprieve/episodes"
	"reprieve/internal/figure"
)

// shortID is how much of an episode's id is shown: as much as show needs to find it again.
const shortID = 8

// historyTable writes episodes, one a line. Its columns grow with what they have had to take, so that lines which come later
// stand below those that are there.
type historyTable struct {
	now     time.Time
	zone    *time.Location
	colours bool

	widths [7]int // Of all columns but the last.
	titled bool
}

// titleColour is bold.
const titleColour = "1"

// historyTitles are the columns. The last is as long as it needs to be: who was stopped is what people look for.
var historyTitles = [...]string{"TIME", "EPISODE", "SLICE", "OUTCOME", "BREACH", "WAITED", "FREED", "UNITS"}

func newHistoryTable(now time.Time, zone *time.Location, colours bool) historyTable {
	t := historyTable{now: now, zone: zone, colours: colours}
	t.fit(historyTitles)
	return t
}

// write writes lines for some episodes, and the titles above the first.
func (t *historyTable) write(w io.Writer, all []episodes.Summary) error {
	rows := make([][len(historyTitles)]string, len(all))
	for i := range all {
		rows[i] = t.row(&all[i])
		t.fit(rows[i])
	}
	var text strings.Builder
	if !t.titled {
		text.WriteString(t.line(historyTitles, titleColour))
		t.titled = true
	}
	for i, row := range rows {
		text.WriteString(t.line(row, outcomeColour(all[i].Outcome)))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (t *historyTable) fit(row [len(historyTitles)]string) {
	for i := range t.widths {
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(row[i]))
	}
}

// line writes a row. The column of the outcome, or all of the titles, has the colour.
func (t *historyTable) line(row [len(historyTitles)]string, colour string) string {
	var s strings.Builder
	for i, width := range t.widths {
		fmt.Fprintf(&s, "%-*s  ", width, row[i])
	}
	text := strings.TrimRight(s.String()+row[len(t.widths)], " ")
	switch {
	case !t.colours:
	case colour == titleColour:
		text = painted(colour, text)
	default:
		runes, from := []rune(text), t.widths[0]+t.widths[1]+t.widths[2]+6
		to := from + utf8.RuneCountInString(row[3])
		text = string(runes[:from]) + painted(colour, string(runes[from:to])) + string(runes[to:])
	}
	return text + "\n"
}

// row is what the columns say of an episode.
func (t *historyTable) row(s *episodes.Summary) [len(historyTitles)]string {
	freed := "-"
	if s.FreedBytes > 0 {
		freed = figure.Size(s.FreedBytes)
	}
	row := [...]string{
		shortTime(s.Began.In(t.zone), t.now.In(t.zone)), s.Episode[:min(len(s.Episode), shortID)], s.Slice, string(s.Outcome),
		shortBreach(s.Breach), figure.Span(micros(s.WaitedUsec)) + "/" + configs.FormatDuration(micros(s.DelayUsec)), freed, episodeUnits(s),
	}
	for i := range row {
		row[i] = figure.Plain(row[i])
	}
	return row
}

// shortTime writes a time as journalctl does, with the year where it is another.
func shortTime(t, now time.Time) string {
	if t.Year() != now.Year() {
		return t.Format("2006-01-02 15:04")
	}
	return t.Format("Jan 02 15:04:05")
}

// shortBreach shortens the sentence of a breach, as plugins/report writes it, to its figure. Of a sentence that is not known
// here it is the beginning.
func shortBreach(words string) string {
	if by, rest, ok := strings.Cut(words, " stall "); ok && (by == "full" || by == "some") {
		for _, word := range strings.Fields(rest) {
			if word = strings.TrimSuffix(word, ","); strings.HasSuffix(word, "%") {
				return by + " " + word
			}
		}
	}
	if by, n, ok := strings.Cut(words, " in memory.events rose by "); ok {
		return by + " +" + n
	}
	if rest, ok := strings.CutPrefix(words, "memory is used up in "); ok {
		left, _, _ := strings.Cut(rest, " ")
		return "left " + left
	}
	return figure.Cut(words, 20)
}

// episodeUnits says who was stopped or held, or would have been.
func episodeUnits(s *episodes.Summary) string {
	var all []string
	switch {
	case len(s.Stopped) > 0 && s.Observe:
		all = append(all, "observe: would have stopped "+someOf(s.Stopped))
	case len(s.Stopped) > 0:
		all = append(all, someOf(s.Stopped))
	case len(s.Held) > 0 && s.Observe:
		all = append(all, "observe: would have held "+someOf(s.Held))
	case len(s.Held) > 0:
		all = append(all, "held "+someOf(s.Held))
	case s.Observe:
		all = append(all, "observe")
	}
	if s.KernelKills > 0 {
		all = append(all, "the kernel killed "+figure.Count(s.KernelKills, "process"))
	}
	return strings.Join(all, "; ")
}

// someOf names the first of some units.
func someOf(units []string) string {
	if len(units) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(units[:2], ", "), len(units)-2)
	}
	return strings.Join(units, ", ")
}

// outcomeColour is what an outcome looks like: green, yellow and red, as console_codes(4) numbers them.
func outcomeColour(o episodes.Outcome) string {
	switch o {
	case episodes.Relieved, episodes.Spared:
		return "32"
	case episodes.Running:
		return "33"
	}
	return "31"
}

func painted(colour, text string) string { return "\x1b[" + colour + "m" + text + "\x1b[0m" }
