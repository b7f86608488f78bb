package configs

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// Managed is what systemd's unit of a slice says of memory pressure: its ManagedOOM settings, systemd.resource-control(5).
type Managed struct {
	Slice    string // "batch.slice".
	Pressure bool   // ManagedOOMMemoryPressure=kill.
	// Limit is ManagedOOMMemoryPressureLimit= as a part of 2^32-1; 0 is not set, and means 60%, what systemd-oomd takes then.
	Limit uint32
	// Duration is ManagedOOMMemoryPressureDurationSec=; 0 is not set, or not known to this systemd, and means 30 s, as in systemd-oomd.
	Duration time.Duration
	Swap     bool // ManagedOOMSwap=kill.
}

// ManagedSlice is what became of one [Managed].
type ManagedSlice struct {
	Slice string
	// Ignored says why the slice is not watched for its unit's settings, in words that follow the name of the slice; "" when it is.
	Ignored string
}

// What stands for a ManagedOOM setting that a unit leaves out: the defaults of oomd.conf(5), whose file nobody reads here.
const (
	managedFull  = 60 * percent
	managedDelay = 30 * time.Second
	// managedWindow is what an avg10 of PSI looks back on, which is what systemd-oomd judges by.
	managedWindow = 10 * time.Second
)

// WithManaged returns a set in which the slices of all, which units of systemd want watched, are watched as if they had a
// file each. It lies below all files: a slice whose files watch or mask it has what these say and nothing else, and where they
// have other keys alone, such as priority or hold.delay, those keep their values. What a file could not say is not made up: a value is
// brought into the bounds of its setting, and its origin says so; a slice whose merged settings would contradict each other is not
// watched. What is not a slice, or neither Pressure nor Swap, is passed over. The set itself does not change. [Set.Managed] has
// what became of each.
//
// Pressure is pressure.full of Limit in a window of 10 s, hold.delay of Duration, stop.pick of reclaim, then largest, and stop.from of
// units; Swap is pressure.left at its default, stop.from of units, and, without Pressure, stop.pick of swap, then largest.
func (s *Set) WithManaged(all []Managed) *Set {
	with := *s
	with.policies, with.managed = maps.Clone(s.policies), nil
	with.named = slices.Clone(s.named)
	for _, m := range all {
		if !validSlice(m.Slice) || !m.Pressure && !m.Swap {
			continue
		}
		p, ignored := m.over(s.Policy(m.Slice))
		with.managed = append(with.managed, ManagedSlice{Slice: m.Slice, Ignored: ignored})
		if ignored == "" {
			with.policies[m.Slice] = p
			with.named = append(with.named, m.Slice)
		}
	}
	slices.Sort(with.named)
	with.named = slices.Compact(with.named)
	return &with
}

// Managed returns what became of the slices that [Set.WithManaged] was given, in their order.
func (s *Set) Managed() []ManagedSlice { return slices.Clone(s.managed) }

// over lays the policy that the files make over what the unit says, and says why not where it does not.
func (m Managed) over(p Policy) (merged Policy, ignored string) {
	switch {
	case p.Masked != "":
		return p, "is masked by " + p.Masked
	case p.Watched:
		return p, fmt.Sprintf("is watched by [pressure] in %s, which goes before its unit", p.Origins["pressure"])
	}
	p.Watched = true
	by := m.origin("ManagedOOMMemoryPressure=kill", "")
	if !m.Pressure {
		by = m.origin("ManagedOOMSwap=kill", "")
	}
	p.Origins["pressure"] = by
	if m.Pressure {
		m.pressure(&p, by)
	}
	if m.Swap {
		// Its value is the default's; that the unit asks for it makes it a limit by itself.
		p.Origins["pressure.left"] = m.origin("ManagedOOMSwap=kill", "")
		lay(&p, "stop.pick", by, func() { p.Stop.Pick = []string{"swap", "largest"} })
	}
	lay(&p, "stop.from", by, func() { p.Stop.From = "units" })
	p.fit()
	if errs := contradictions(p); len(errs) > 0 {
		return p, fmt.Sprintf("is not watched, since its files do not go with it: %s: read %s, allowed: %s", errs[0].Key, errs[0].Found, errs[0].Allowed)
	}
	return p, ""
}

// pressure lays p over what ManagedOOMMemoryPressure=kill means.
func (m Managed) pressure(p *Policy, by Origin) {
	full, from := m.full(by)
	p.Pressure.Full, p.Origins["pressure.full"] = full, from
	p.Pressure.Window, p.Origins["pressure.window"] = managedWindow, by
	// With a ladder in a file the steps have the time that they have there.
	if len(p.Hold.Steps) == 0 {
		delay, from := m.delay(p, by)
		lay(p, "hold.delay", from, func() { p.Hold.Delay = delay })
	}
	lay(p, "stop.pick", by, func() { p.Stop.Pick = []string{"reclaim", "largest"} })
}

// full is the limit of the unit as a share, within the bounds of pressure.full.
func (m Managed) full(by Origin) (Share, Origin) {
	if m.Limit == 0 {
		return managedFull, by
	}
	const setting = "ManagedOOMMemoryPressureLimit="
	// Rounded: systemd itself rounds the hundredths of a percent that a unit file may have down to parts of 2^32-1.
	share := Share((uint64(m.Limit)*uint64(whole) + math.MaxUint32/2) / math.MaxUint32)
	if least := percent / 10; share < least {
		return least, m.origin(setting, fmt.Sprintf("raised from %s, below which nothing is measured", share))
	}
	return share, m.origin(setting, "")
}

// delay is the duration of the unit within the bounds of hold.delay, and not below a hold.calm of a file.
func (m Managed) delay(p *Policy, by Origin) (time.Duration, Origin) {
	delay, from := managedDelay, by
	if m.Duration > 0 {
		delay, from = m.Duration, m.origin("ManagedOOMMemoryPressureDurationSec=", "")
	}
	found := FormatDuration(delay)
	switch calm := p.Origins["hold.calm"]; {
	case delay > maxDelay:
		return maxDelay, m.origin("ManagedOOMMemoryPressureDurationSec=", fmt.Sprintf("lowered from %s to the longest wait", found))
	case calm.File != "" && p.Hold.Calm > delay:
		return p.Hold.Calm, m.origin("ManagedOOMMemoryPressureDurationSec=", fmt.Sprintf("raised from %s to hold.calm of %s", found, calm))
	}
	return delay, from
}

// origin names a setting of the unit, as a person would look for it.
func (m Managed) origin(setting, changed string) Origin {
	text := setting + " of " + m.Slice
	if changed != "" {
		text += ", " + changed
	}
	return Origin{File: text}
}

// lay sets what no file and no other setting of the unit has set before.
func lay(p *Policy, key string, from Origin, set func()) {
	if p.Origins[key].File == "" {
		set()
		p.Origins[key] = from
	}
}
