package main

import (
	"fmt"
	"strings"

	"reprieve/configs"
	"reprieve/internal/worker"
	"reprieve/pressure"
)

// reload reads the configuration again, off the loop.
func (d *daemon) reload() {
	options := d.options
	d.later(func() worker.Answer {
		set, err := configs.Load(options)
		return func() { d.reloaded(set, err) }
	})
}

// reloaded takes a configuration that is good, and keeps the old one
// otherwise. Episodes that run end under the rules they began with.
func (d *daemon) reloaded(set *configs.Set, err error) {
	if err != nil {
		d.kept++
		all := unjoin(err)
		lines := make([]string, len(all))
		for i, e := range all {
			lines[i] = e.Error()
		}
		d.tell.say(idKept, prioErr, fmt.Sprintf("the configuration has %d errors, the old one is kept:\n%s", len(all), strings.Join(lines, "\n")))
		d.setStatus()
		return
	}
	d.set, d.conf, d.kept = d.compatible(set), set.Daemon(), 0
	d.guard.setAfter(d.conf.Guard)
	d.tell.chronicle.keep.Store(int64(d.conf.Records))
	d.apply()
	d.tell.plain(prioNotice, "configuration taken, %d files", len(set.Files()))
	d.setStatus()
	d.followCompat()
}

// apply has what is watched go by a set that is another now.
func (d *daemon) apply() {
	for _, s := range d.slices {
		s.dirty = true // what the new rules want to see is read
		for n, lf := range s.leaves {
			if lf.leaf != nil {
				lf.leaf.Spared = d.spared(n)
			}
		}
		rules := d.rules(s.unit)
		s.leaving = !rules.Policy.Watched
		if !s.leaving {
			s.m.SetRules(rules)
			d.retrace(s)
		}
	}
	// What could not be watched before may be now.
	for n := range d.taking {
		if d.watched(n) == nil {
			delete(d.taking, n)
		}
	}
	d.changed = true
}

// terms tells a policy in a line.
func terms(p configs.Policy, triggers []*pressure.Trigger) string {
	var limits []string
	if p.Pressure.Full > 0 {
		limits = append(limits, "full stall "+p.Pressure.Full.String())
	}
	if p.Pressure.Some > 0 {
		limits = append(limits, "some stall "+p.Pressure.Some.String())
	}
	text := ""
	if len(limits) > 0 {
		window := p.Pressure.Window
		for _, t := range triggers {
			if t.Window != window {
				text = fmt.Sprintf(" (the kernel grants triggers of %s only: no CAP_SYS_RESOURCE)", t.Window)
			}
		}
		limits[len(limits)-1] += fmt.Sprintf(" of %s", window)
	}
	for _, e := range p.Pressure.Events {
		limits = append(limits, e+" events")
	}
	if len(limits) == 0 {
		limits = append(limits, "memory for "+p.Pressure.Left.String()+" left, without swap")
	}
	if p.Pressure.Scarce > 0 {
		text += fmt.Sprintf(" while less than %s of the host's memory is available", p.Pressure.Scarce)
	}
	return fmt.Sprintf("%s%s; hold by %s; stop the %s of %s", strings.Join(limits, " or "), text,
		holding(p.Hold), strings.Join(p.Stop.Pick, ", "), p.Stop.From)
}

// holding tells the ladder of a policy: "throttle on growers for 10s", or step by step.
func holding(h configs.Hold) string {
	if len(h.Steps) == 0 {
		return fmt.Sprintf("%s on %s for %s", h.By, h.On, h.Delay)
	}
	var steps []string
	for _, step := range h.Steps {
		text := step.By
		if step.Unit != "" {
			text += " " + step.Unit
		}
		steps = append(steps, fmt.Sprintf("%s for %s", text, step.Delay))
	}
	return strings.Join(steps, ", then by ")
}
