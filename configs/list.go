package configs

import (
	"strconv"
	"strings"
)

// Setting is one key of a configuration with the value that is in force.
type Setting struct {
	Key    string // "hold.delay".
	Value  string // As a file would have it, without quotes; a list has commas between. "" is not set, or an empty list.
	Origin Origin
}

// Settings returns every key that a slice file may have, in the order of sliceSettings, with its value in p. A value that
// depends on another one (hold.calm of a short delay) has the origin of a default.
func (p *Policy) Settings() []Setting {
	return listed(sliceSettings(Names{}), p.values(), p.Origins)
}

// Settings returns every key of reprieve.toml in the order of daemonSettings, with its value in d.
func (d *Daemon) Settings() []Setting {
	return listed(daemonSettings(), d.values(), d.Origins)
}

// listed puts values, by their keys, into the order of a table. A table has no value of its own.
func listed[T any](table []setting[T], values map[string]string, origins map[string]Origin) []Setting {
	var list []Setting
	for _, s := range table {
		if !s.table {
			list = append(list, Setting{Key: s.key, Value: values[s.key], Origin: origins[s.key]})
		}
	}
	return list
}

// values has the text of each value by its key. TestPolicy_Settings fails for a key that is missing here.
func (p *Policy) values() map[string]string {
	return map[string]string{
		"priority":          strconv.Itoa(p.Priority),
		"pressure.full":     limitText(p.Pressure.Full),
		"pressure.some":     limitText(p.Pressure.Some),
		"pressure.window":   FormatDuration(p.Pressure.Window),
		"pressure.events":   strings.Join(p.Pressure.Events, ", "),
		"pressure.scarce":   p.Pressure.Scarce.String(),
		"pressure.left":     FormatDuration(p.Pressure.Left),
		"hold.by":           p.Hold.By,
		"hold.on":           p.Hold.On,
		"hold.delay":        FormatDuration(p.Hold.Delay),
		"hold.calm":         FormatDuration(p.Hold.Calm),
		"hold.urgent":       p.Hold.Urgent.String(),
		"hold.futile":       FormatDuration(p.Hold.Futile),
		"hold.squeeze":      p.Hold.Squeeze.String(),
		"hold.lend":         Size{Bytes: p.Hold.LendBytes}.String(),
		"hold.step":         stepsText(p.Hold.Steps),
		"stop.pick":         strings.Join(p.Stop.Pick, ", "),
		"stop.from":         p.Stop.From,
		"stop.min":          p.Stop.Min.String(),
		"stop.grace":        FormatDuration(p.Stop.Grace),
		"stop.settle":       FormatDuration(p.Stop.Settle),
		"stop.revive":       p.Stop.Revive,
		"stop.revive_after": FormatDuration(p.Stop.ReviveAfter),
		"stop.revive_max":   p.Stop.ReviveMax.String(),
		"stop.arm":          strconv.FormatBool(p.Stop.Arm),
		"stop.hooks":        FormatDuration(p.Stop.Hooks),
	}
}

// values has the text of each value by its key. TestDaemon_Settings fails for a key that is missing here.
func (d *Daemon) values() map[string]string {
	return map[string]string{
		"observe":        strconv.FormatBool(d.Observe),
		"protect":        strings.Join(d.Protect, ", "),
		"trace":          d.Trace,
		"guard":          FormatDuration(d.Guard),
		"records":        strconv.Itoa(d.Records),
		"host.available": d.Host.Available.String(),
		"host.swap":      d.Host.Swap.String(),

		"compat.managed_oom": strconv.FormatBool(d.Compat.ManagedOOM),
	}
}

// limitText writes a limit on stall, which is not set where it is 0.
func limitText(s Share) string {
	if s == 0 {
		return ""
	}
	return s.String()
}

// stepsText writes a ladder: "signal SIGUSR1 to main of cache.service 2s, throttle 8s".
func stepsText(steps []Step) string {
	texts := make([]string, len(steps))
	for i, s := range steps {
		text := s.By
		if s.Signal != "" {
			text += " " + s.Signal + " to " + s.To + " of"
		}
		if s.Unit != "" {
			text += " " + s.Unit
		}
		texts[i] = text + " " + FormatDuration(s.Delay)
	}
	return strings.Join(texts, ", ")
}
