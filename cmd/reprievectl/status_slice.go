package main

import (
	"fmt"
	"strings"
	"time"

	"reprieve/configs"
	"reprieve/internal/control"
	"reprieve/internal/figure"
	"reprieve/internal/gauge"
)

// slice says how a watched slice fares.
func (v view) slice(s *sheet, one *control.Slice) {
	reading, known := v.reading(one.Unit)
	v.stall(s, one, reading, known && reading.PressureOK)
	if len(one.Limits.Events) > 0 {
		s.say("events", "a rise of %s in memory.events is a breach", strings.Join(one.Limits.Events, " or "))
	}
	if one.Slope {
		s.say("left", "a breach when memory is used up in %s at the present rate", configs.FormatDuration(micros(one.Limits.LeftUsec)))
	}
	s.say("usage", "%s; priority %d", used(reading, known, one), one.Priority)
	if one.Episode != nil {
		v.episode(s, one)
	}
	if last := one.Last; last != nil {
		text := string(last.Outcome)
		if last.Unit != "" {
			text += ": " + last.Unit
		}
		s.say("last", "%s, %s ago (episode %.8s)", text, span(v.now.Sub(time.UnixMicro(last.EndedUnixUsec))), last.Episode)
	}
	if text := tally(&one.Counters); text != "" {
		s.say("so far", "%s", text)
	}
}

// reading returns what the files of a slice show.
func (v view) reading(unit string) (gauge.Reading, bool) {
	for _, r := range v.Readings {
		if r.Unit == unit {
			return r.Reading, true
		}
	}
	return gauge.Reading{UsageBytes: -1, LimitBytes: -1}, false
}

// stall draws the stall of a slice against its limits: in an episode the daemon's, of the slice's own window, else the
// kernel's average of 10 s.
func (v view) stall(s *sheet, one *control.Slice, r gauge.Reading, known bool) {
	window := configs.FormatDuration(micros(one.Limits.WindowUsec))
	of, some, full := "10s", -1.0, -1.0
	if known {
		some, full = r.Some.Avg10, r.Full.Avg10
	}
	if e := one.Episode; e != nil {
		of, some, full = window, e.SomePercent, e.FullPercent
	} else if one.Path == "/" {
		of += ", worst slice"
	}
	for _, kind := range []struct {
		name         string
		value, limit float64
	}{{"full", full, one.Limits.FullPercent}, {"some", some, one.Limits.SomePercent}} {
		if kind.limit > 0 {
			fmt.Fprintf(s, "  %-8s  %s  %s of %s; limit %s of %s\n", kind.name, figure.Bar(kind.value, kind.limit, barWidth),
				figure.Percent(kind.value), of, figure.Percent(kind.limit), window)
		}
	}
	if one.Limits.FullPercent == 0 && one.Limits.SomePercent == 0 {
		s.say("stall", "full %s, some %s of %s; neither has a limit", figure.Percent(full), figure.Percent(some), of)
	}
}

// used says how much a slice uses and who is in it.
func used(r gauge.Reading, known bool, one *control.Slice) string {
	text := "not known: the slice is not there"
	if known {
		text = figure.Known(r.UsageBytes)
		if r.LimitBytes >= 0 {
			text += " of " + figure.Known(r.LimitBytes)
		}
	}
	if leaves := one.Leaves + one.FarLeaves; leaves == 1 {
		text += ", 1 leaf"
	} else {
		text += fmt.Sprintf(", %d leaves", leaves)
	}
	if one.FarLeaves > 0 {
		text += fmt.Sprintf(" (%d of them far: opened when they are large or grow)", one.FarLeaves)
	}
	return text
}

// episode says what goes on in a slice.
func (v view) episode(s *sheet, one *control.Slice) {
	e := one.Episode
	s.say("breach", "%s; began %s ago (episode %.8s)", e.Breach, span(v.now.Sub(time.UnixMicro(e.BeganUnixUsec))), e.Episode)
	left := time.UnixMicro(e.DeadlineUnixUsec).Sub(v.now)
	switch {
	case one.Phase == control.Held && left > 0:
		then := "is"
		if v.Daemon.Observe {
			then = "would be"
		}
		s.say("waits", "%s of %s, until %s, %s left; then one %s stopped unless it is calm", span(micros(e.WaitedUsec)),
			configs.FormatDuration(micros(one.DelayUsec)), clock(time.UnixMicro(e.DeadlineUnixUsec), v.now, v.zone), span(left), then)
	case one.Phase == control.Held:
		s.say("waits", "%s of %s, which is over", span(micros(e.WaitedUsec)), configs.FormatDuration(micros(one.DelayUsec)))
	case e.Victim != "":
		fate := map[string]string{control.Stopping: "is being stopped", control.Settling: "is stopped; its memory comes back"}
		s.say("stop", "%s %s", e.Victim, fate[one.Phase])
	}
	name := "held"
	for _, h := range e.Holds {
		s.say(name, "%s", heldBy(h, left))
		name = ""
	}
	if len(e.Holds) == 0 && one.Phase == control.Held {
		s.say("held", "nobody; ways to hold: %s", one.Ways)
	}
}

// heldBy says how a group is held, and for how long at most.
func heldBy(h control.Hold, left time.Duration) string {
	text := h.Unit + " "
	switch h.By {
	case "throttle":
		text += "at memory.high " + figure.Size(h.MarkBytes)
	case "raise":
		text += "lent memory, memory.max " + figure.Size(h.MarkBytes)
	case "freeze":
		text += "frozen"
	default:
		text += "by " + h.By
	}
	return fmt.Sprintf("%s, uses %s; %s left", text, figure.Known(h.UsageBytes), span(left))
}

// tally writes the counters of a slice that are not zero.
func tally(t *control.Tally) string {
	var parts []string
	for _, c := range []struct {
		n    uint64
		what string
	}{
		{t.Breaches, "breach"}, {t.Holds, "hold"}, {t.Stops, "stop"},
		{t.KernelKills, "kill by the kernel"}, {t.Failures, "failure"},
	} {
		if c.n > 0 {
			text := figure.Count(c.n, c.what)
			if c.n > 1 && strings.HasPrefix(c.what, "kill ") {
				text = fmt.Sprintf("%d kills by the kernel", c.n)
			}
			parts = append(parts, text)
		}
	}
	for _, c := range []struct {
		n    uint64
		what string
	}{{t.Relieved, "relieved"}, {t.Spared, "spared"}, {t.Revived, "revived"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if t.FreedBytes > 0 {
		parts = append(parts, figure.Size(t.FreedBytes)+" freed")
	}
	return strings.Join(parts, ", ")
}
