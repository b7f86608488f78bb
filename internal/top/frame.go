package top

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"reprieve/internal/control"
	"reprieve/internal/figure"
)

// Least is the smallest screen that shows the tree.
const (
	LeastColumns = 64
	LeastRows    = 8
)

// Frame returns the screen as lines, height of them, none wider than width. Widths do not count colours.
func (m *Model) Frame(width, height int) []string {
	var lines []string
	switch {
	case width < LeastColumns || height < LeastRows:
		lines = append(lines, figure.Cut(fmt.Sprintf("too small: %dx%d of %dx%d", width, height, LeastColumns, LeastRows), width))
	case m.help:
		for line := range strings.Lines(helpText) {
			lines = append(lines, figure.Cut(strings.TrimSuffix(line, "\n"), width))
		}
	case !m.looked:
		lines = append(lines, "looking ...")
	default:
		head, foot := m.head(width), m.foot(width, height/4)
		lines = append(append(head, m.tree(width, height-len(head)-len(foot))...), foot...)
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:height]
}

const helpText = `reprievectl top: stall on memory, in the tree of watched slices

  some, full    share of time in which some task, all tasks waited for memory:
                in the last second, and the kernel's averages of 10 and 60 s.
                While something is held, the hold makes stall itself; that of
                -.slice is the whole host's, the kernel's threads included
  USAGE         memory.current; of -.slice what the host has not available
  GROWTH        of the usage, a second
  PRIO          of a slice: where priority counts, the lowest is stopped first
  *             a watched slice; ! one in an episode

  up, down, k, j   move        g, G   to the first, to the last
  f, space   fold or unfold the group at the cursor        F   all
  s   sort: stall, usage, growth, name
  w   whom would a stop take now? Asked in every episode; w asks in calm too
  p   pause the display        q   quit        ?   this text

any key goes back`

// head is the first lines: the host, the daemon, the names of the columns.
func (m *Model) head(width int) []string {
	l := &m.look
	first := "reprievectl top  " + l.At.In(m.Zone).Format(time.TimeOnly)
	if l.MemoryOK {
		first += fmt.Sprintf("  memory %s of %s available", figure.Size(l.Memory.Available), figure.Size(l.Memory.Total))
		if l.Memory.SwapTotal > 0 {
			first += fmt.Sprintf(", swap %s of %s free", figure.Size(l.Memory.SwapFree), figure.Size(l.Memory.SwapTotal))
		} else {
			first += ", no swap"
		}
	}
	if m.still {
		first = m.tint("33", "display paused, p goes on") + "  " + figure.Cut(first, width-27)
		return []string{first, figure.Cut(m.daemon(), width), m.columns(width)}
	}
	return []string{figure.Cut(first, width), figure.Cut(m.daemon(), width), m.columns(width)}
}

// daemon says how the daemon fares.
func (m *Model) daemon() string {
	s := m.look.Status
	if s == nil {
		return figure.Plain(cmp.Or(m.look.Trouble, "reprieved does not answer")) + "; this is what the kernel shows"
	}
	text := "reprieved acts"
	until := time.UnixMicro(s.PausedUntilUnixUsec)
	switch {
	case s.Observe:
		text = "reprieved only observes"
	case s.PausedUntilUnixUsec != 0 && until.After(m.look.At):
		text = "reprieved is paused until " + until.In(m.Zone).Format(time.TimeOnly)
	case s.Unproved != "":
		text = "reprieved acts in part: " + figure.Plain(s.Unproved)
	case s.Bus != "connected":
		text = "reprieved acts without systemd: " + figure.Plain(s.Bus)
	}
	return fmt.Sprintf("%s; %s watched, %s", text, figure.Count(uint64(len(s.Slices)), "slice"), figure.Count(uint64(m.look.episodes()), "episode"))
}

// foot is the last lines: whom a stop would take, in so many lines at most, episodes, keys.
func (m *Model) foot(width, most int) []string {
	var lines []string
	for _, p := range m.plans {
		for i, line := range figure.Fold(choice(p), width-2) {
			if i > 0 {
				line = "  " + line
			}
			if len(lines) < most {
				lines = append(lines, figure.Cut(line, width))
			}
		}
	}
	if m.who && len(m.plans) == 0 && m.look.Status != nil {
		lines = append(lines, "would be stopped: asking ...")
	}
	keys := "q quit  s sort: " + m.order.String() + "  f fold  F all  w who  p pause  ? help"
	if m.look.Unread > 0 {
		keys = figure.Count(uint64(m.look.Unread), "group") + " not read  " + keys
	}
	return append(lines, m.tint("33", figure.Cut(m.story(), width)), figure.Cut(keys, width))
}

// choice says whom a stop would take.
func choice(p control.Plan) string {
	for _, c := range p.Verdict.Candidates {
		if c.Rank == 1 {
			return figure.Plain(fmt.Sprintf("%s: would stop %s: %s", p.Slice, c.Unit, p.Verdict.Choice))
		}
	}
	return figure.Plain(p.Slice) + ": would stop nobody"
}

// story says what goes on: the episodes that run, or how the last one ended.
func (m *Model) story() string {
	if m.look.Status == nil {
		return ""
	}
	var parts []string
	var last *control.Last
	of := ""
	for i := range m.look.Status.Slices {
		s := &m.look.Status.Slices[i]
		if s.Episode != nil {
			parts = append(parts, running(s, m.look.At))
		}
		if s.Last != nil && (last == nil || s.Last.EndedUnixUsec > last.EndedUnixUsec) {
			last, of = s.Last, s.Unit
		}
	}
	switch {
	case len(parts) > 0:
		return figure.Plain(strings.Join(parts, "; "))
	case last == nil:
		return "no episode since the daemon was started"
	}
	text := fmt.Sprintf("last: %s was %s", of, last.Outcome)
	if last.Unit != "" {
		text = fmt.Sprintf("last: %s, %s in %s", last.Outcome, last.Unit, of)
	}
	return figure.Plain(text) + ", " + figure.Span(m.look.At.Sub(time.UnixMicro(last.EndedUnixUsec))) + " ago"
}

// running says how an episode stands.
func running(s *control.Slice, now time.Time) string {
	e := s.Episode
	switch {
	case s.Phase == control.Stopping:
		return fmt.Sprintf("%s: stopping %s", s.Unit, e.Victim)
	case s.Phase == control.Settling:
		return fmt.Sprintf("%s: the memory of %s comes back", s.Unit, e.Victim)
	case len(e.Holds) == 0:
		return fmt.Sprintf("%s: waiting, %s left", s.Unit, figure.Span(time.UnixMicro(e.DeadlineUnixUsec).Sub(now)))
	}
	held := e.Holds[0].Unit
	if n := len(e.Holds) - 1; n > 0 {
		held += fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("%s: holding %s, %s left", s.Unit, held, figure.Span(time.UnixMicro(e.DeadlineUnixUsec).Sub(now)))
}

// tint gives a text a colour of console_codes(4), where there are colours.
func (m *Model) tint(colour, text string) string {
	if !m.Colours || colour == "" || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
