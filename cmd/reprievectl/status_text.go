package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reprieve/internal/control"
	"reprieve/internal/figure"
)

// statusWidth is how wide the text is; unit names may make a line longer.
const statusWidth = 80

// barWidth is how wide the bar of a stall is.
const barWidth = 18

// sheet collects lines of a name and what it says, folded at statusWidth.
type sheet struct{ strings.Builder }

// say adds a name and its text. A text without a name goes on below the last one.
func (s *sheet) say(name, format string, args ...any) {
	for i, line := range figure.Fold(figure.Plain(fmt.Sprintf(format, args...)), statusWidth-12) {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(s, "  %-8s  %s\n", name, line)
	}
}

// String is what status prints.
func (v view) String() string {
	var s sheet
	if !v.Running {
		v.inactive(&s)
		return s.String()
	}
	v.head(&s)
	if len(v.Daemon.Slices) == 0 {
		fmt.Fprint(&s, "\nnothing is watched: no slice has a [pressure] table; see reprievectl check\n")
	}
	for _, one := range v.Daemon.Slices {
		fmt.Fprintf(&s, "\n%s  %s\n", figure.Plain(one.Unit), v.paint(one.Phase))
		v.slice(&s, &one)
	}
	return s.String()
}

// inactive says what is left where no daemon runs.
func (v view) inactive(s *sheet) {
	fmt.Fprintf(s, "reprieved %s: nothing is watched; sudo systemctl start reprieved\n", v.tint("31", "does not run"))
	switch {
	case len(v.Left) > 0:
		fmt.Fprintf(s, "%s left behind; to undo that: sudo reprievectl release\n", figure.Count(uint64(len(v.Left)), "hold"))
	case len(v.unread) == 0:
		fmt.Fprint(s, "no hold is left behind\n")
	}
	for _, r := range v.Left {
		fmt.Fprintf(s, "  %s\n", figure.Plain(fmt.Sprintf("%s: %s is %s, was %s; held for %s until %s",
			r.Path, r.File, r.Mark, r.Old, r.Slice, clock(r.Until, v.now, v.zone))))
	}
	for _, err := range v.unread {
		fmt.Fprintf(s, "%s\n", figure.Plain(fmt.Sprintf("what is held cannot be read: %v", err)))
	}
}

// head says how the daemon itself fares.
func (v view) head(s *sheet) {
	d := v.Daemon
	ready := time.UnixMicro(d.ReadyUnixUsec)
	fmt.Fprintf(s, "reprieved %s runs as process %d since %s, %s\n", figure.Plain(d.Version), d.PID, clock(ready, v.now, v.zone), span(v.now.Sub(ready)))
	switch {
	case v.Able:
		s.say("acts", "yes")
	case d.Observe || time.UnixMicro(d.PausedUntilUnixUsec).After(v.now):
		s.say("acts", "no: %s", v.Obstacles[0])
	default:
		s.say("acts", "in part: %s", v.Obstacles[0])
	}
	for _, more := range v.Obstacles[min(1, len(v.Obstacles)):] {
		s.say("", "%s", more)
	}
	if d.Bus == "connected" {
		s.say("bus", "connected")
	}
	locked := "locked"
	if !d.MemoryLocked {
		locked = "not locked: it may wait for memory itself; see LimitMEMLOCK= of reprieved.service"
	}
	s.say("memory", "%s; of its own it stalled %s, %s", locked, span(micros(d.OwnStallUsec)), figure.Count(d.OwnMajorFaults, "major fault"))
	v.swap(s)
	if len(d.Killers) > 0 {
		s.say("beside", "%s: another memory killer takes the stall of a hold for pressure", strings.Join(d.Killers, ", "))
	}
	if d.BadConfigurations > 0 {
		s.say("config", "%s not taken at a reload; reprievectl check names the errors", figure.Count(uint64(d.BadConfigurations), "bad configuration"))
	}
	if d.DroppedReports+d.DroppedRecords > 0 {
		s.say("dropped", "%s for the journal, %s of episodes", figure.Count(d.DroppedReports, "message"), figure.Count(d.DroppedRecords, "record"))
	}
}

// swap says what the host has of it, and what follows.
func (v view) swap(s *sheet) {
	m := v.memory
	sloped := slices.DeleteFunc(slices.Clone(v.Daemon.Slices), func(one control.Slice) bool { return !one.Slope })
	var names []string
	for _, one := range sloped {
		names = append(names, one.Unit)
	}
	looks := "and for no slice is it looked at how fast memory fills"
	if len(names) > 0 {
		looks = "so it is looked at how fast memory fills, for " + strings.Join(names, ", ")
	}
	switch {
	case !v.memoryOK:
		s.say("swap", "not known: /proc/meminfo cannot be read")
	case m.SwapTotal == 0:
		s.say("swap", "none: stall shows only in the last moment, %s", looks)
	case m.SwapFree < m.SwapTotal/4:
		s.say("swap", "%s of %s free, nearly used up: it counts as none, %s", figure.Size(m.SwapFree), figure.Size(m.SwapTotal), looks)
	default:
		s.say("swap", "%s of %s free: a shortage shows as stall in time", figure.Size(m.SwapFree), figure.Size(m.SwapTotal))
	}
}

// paint gives a phase its colour: green, yellow and red.
func (v view) paint(phase string) string {
	colour := map[string]string{control.Calm: "32", control.Held: "33", control.Stopping: "31", control.Settling: "31"}[phase]
	return v.tint(colour, figure.Plain(phase))
}

// tint gives a text a colour of console_codes(4), where there are colours.
func (v view) tint(colour, text string) string {
	if !v.colours || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// clock writes a time by the clock, with its day unless that is today.
func clock(t, now time.Time, zone *time.Location) string {
	t, now = t.In(zone), now.In(zone)
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}

// span writes a length of time.
func span(d time.Duration) string { return figure.Span(d) }

// micros is a number of microseconds as a time.
func micros[N int64 | uint64](n N) time.Duration { return time.Duration(n) * time.Microsecond }
