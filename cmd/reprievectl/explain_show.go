package main

import (
	"fmt"
	"slices"
	"strings"

	"reprieve/configs"
	"reprieve/internal/figure"
	"reprieve/units"
)

// show adds which files there are, and whom their names match now.
func (m *matches) show(p *page, e *explanation) {
	p.heading("files")
	if len(m.Files) == 0 {
		p.paragraph("No file speaks of it.")
	} else {
		p.paragraph("They are applied in this order; of two that have the same key the later wins.")
	}
	for _, f := range m.Files {
		p.item("%s%s", f.File, f.words(e.Slice))
	}
	p.heading("on this host now")
	switch {
	case !m.known:
		p.paragraph("The cgroup tree cannot be listed.")
		return
	case !m.There:
		p.paragraph("There is no cgroup %s.", m.Cgroup)
	default:
		p.paragraph("%s", m.sizes(e))
		m.showProtected(p, e)
	}
	m.showPreferences(p)
	m.showOOM(p)
	m.showSlices(p, e)
}

// words says what a file is for the slice.
func (f explainedFile) words(slice string) string {
	var text string
	switch {
	case f.Stem == "slice":
		text = ", for every slice"
	case f.Stem != slice:
		text = ", for " + title(f.Stem)
	}
	switch {
	case f.Hidden != "":
		return text + ": not read, since " + f.Hidden + " is there"
	case f.Masks:
		return text + ": masks it"
	case f.InForce == 0:
		return text + ": no value of it is in force"
	}
	return text + ": " + figure.Count(uint64(f.InForce), "value")
}

// sizes says how large the slice is, and what that means for its settings.
func (m *matches) sizes(e *explanation) string {
	text := fmt.Sprintf("%s has %s", e.Slice, counted(m.Leaves, "leaf", "leaves"))
	if m.UsageBytes != nil {
		text += fmt.Sprintf(" and uses %s", figure.Size(*m.UsageBytes))
	}
	switch {
	case m.MaxBytes != nil:
		text += fmt.Sprintf("; its memory.max is %s", figure.Size(*m.MaxBytes))
	case m.unlimited:
		text += "; it has no memory.max" + e.unlimited()
	}
	return text + "."
}

// unlimited says which settings have no meaning for a slice without memory.max.
func (e *explanation) unlimited() string {
	var need []string
	if e.Watched && e.policy.Pressure.Left > 0 {
		need = append(need, "pressure.left")
	}
	if e.Watched && slices.ContainsFunc(e.policy.Hold.Ladder(), func(s configs.Step) bool { return s.By == "raise" }) {
		need = append(need, "raise")
	}
	if len(need) == 0 {
		return ""
	}
	return ", and without one nothing comes of " + strings.Join(need, " and ")
}

// minNow is what stop.min comes to now.
func (e *explanation) minNow() string {
	if e.Matches.UsageBytes == nil {
		return ""
	}
	return ", now " + figure.Size(e.policy.Stop.MinBytes(*e.Matches.UsageBytes))
}

// showProtected adds the leaves that are spared.
func (m *matches) showProtected(p *page, e *explanation) {
	if m.SelfProtect != "" {
		p.paragraph("The entry %q of protect names %s or a slice around it: nothing in it is held or stopped.", m.SelfProtect, e.Slice)
	}
	if m.Leaves == 0 {
		return
	}
	if len(m.Protected) == 0 {
		p.paragraph("None of its leaves is protected (protect, %s).", e.daemon.Origins["protect"])
		return
	}
	p.paragraph("Protected: %d of %s (protect, %s)", len(m.Protected), counted(m.Leaves, "leaf", "leaves"), e.daemon.Origins["protect"])
	shown, more := firstOf(len(m.Protected))
	for _, l := range m.Protected[:shown] {
		p.item("%s", l.words())
	}
	p.more(more)
}

// words says why a leaf is spared.
func (l protectedLeaf) words() string {
	unit, _, _ := unitAt(l.Path)
	who := ""
	if l.By != unit {
		who = fmt.Sprintf(" for %s", l.By)
	}
	switch {
	case l.Entry == "":
		return l.Unit + ": a service manager lives in it"
	case l.Last:
		return fmt.Sprintf("%s%s: by %q, but a user chose the name: it comes last", l.Unit, who, l.Entry)
	}
	return fmt.Sprintf("%s%s: by %q", l.Unit, who, l.Entry)
}

// showPreferences adds whose units ask to be taken first, last or never.
func (m *matches) showPreferences(p *page) {
	if len(m.Preferences) == 0 {
		return
	}
	p.paragraph("Preferences (ManagedOOMPreference=, and the attributes user.oomd_*):")
	shown, more := firstOf(len(m.Preferences))
	for _, one := range m.Preferences[:shown] {
		what := map[string]string{"prefer": "goes first", "avoid": "comes last", "omit": "is never stopped"}[one.Preference]
		if one.Ignored != "" {
			what = "does not count: " + one.Ignored
		} else if units.IsSlice(one.Unit) {
			what += ", with all in it"
		}
		p.item("%s, %s: %s", one.Unit, one.Preference, what)
	}
	p.more(more)
}

// showOOM adds where memory.oom.group is set.
func (m *matches) showOOM(p *page) {
	if m.Armed > 0 {
		p.paragraph("reprieved has set memory.oom.group on %s.", counted(m.Armed, "group", "groups"))
	}
	if len(m.OOMGroups) == 0 {
		return
	}
	p.paragraph("Somebody else has set memory.oom.group here (as systemd does for OOMPolicy=kill), so that all in it is stopped together:")
	shown, more := firstOf(len(m.OOMGroups))
	for _, one := range m.OOMGroups[:shown] {
		p.item("%s", one.Unit)
	}
	p.more(more)
}

// showSlices adds the slices below that a file ranks or watches.
func (m *matches) showSlices(p *page, e *explanation) {
	if len(m.Slices) == 0 {
		return
	}
	text := "Slices in it that a file ranks or watches:"
	if e.Watched && !strings.Contains(strings.Join(e.policy.Stop.Pick, " "), "priority") {
		text = "Slices in it that a file ranks or watches (stop.pick has no priority in it, so that no rank counts here):"
	}
	p.paragraph("%s", text)
	shown, more := firstOf(len(m.Slices))
	for _, one := range m.Slices[:shown] {
		line := fmt.Sprintf("%s: priority %d (%s)", one.Slice, one.Priority, one.Origin)
		if one.Watched {
			line += ", watched by itself"
		}
		if !one.There {
			line += ", not there now"
		}
		p.item("%s", line)
	}
	p.more(more)
}

// more tells how many are left out.
func (p *page) more(text string) {
	if text != "" {
		p.item("%s", text)
	}
}

// counted says how many of something.
func counted(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + one
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
