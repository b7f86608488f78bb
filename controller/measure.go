package controller

import (
	"time"

	"reprieve/configs"
	"reprieve/pressure"
)

// tainted reports whether the slice's own stall is, or may be, made by a hold:
// its own, or that of a watched slice above or below it. A frozen group makes
// no stall, and one that is lent memory makes less.
func (m *Machine) tainted(now time.Duration) bool {
	if now < m.glow {
		return true
	}
	for _, l := range m.held[:m.nHeld] {
		if l.by == byThrottle {
			return true
		}
	}
	return m.self != nil && m.host.taints(now, m.self.Path, m)
}

// nested reports whether another slice holds something above or below this
// one: that hold counts as its own.
func (m *Machine) nested() bool { return m.self != nil && m.host.holdsOn(m.self.Path, m) }

// forgetWhatIsOver begins to measure anew when a stop anywhere on the host has
// come to its end: what this slice stalled before belongs to what is gone.
func (m *Machine) forgetWhatIsOver(now time.Duration) {
	if m.ending == m.host.ended {
		return
	}
	m.ending = m.host.ended
	m.window.Reset()
	for _, w := range m.parts {
		w.window.Reset()
	}
	m.deaf = now + m.window.Length()
}

// measure takes the slice's stall. It counts only while the host is short,
// where the policy says so: a file scan stalls, and nobody has to die for it.
func (m *Machine) measure(now time.Duration, in *Reading, s *Sight) {
	clean := !s.Tainted
	if len(m.parts) > 0 {
		clean = m.measureParts(now, s)
	} else if s.Tainted {
		m.window.Reset()
	} else {
		if in.TotalsOK {
			m.window.Add(now, in.Totals)
		} else {
			m.window.Miss()
		}
		s.Stall, s.StallOK = m.window.Stall()
		s.Seen, _, _ = m.window.Seen()
	}
	// A trigger's window may reach back into the afterglow, or into a stop that is over.
	if clean && now >= max(m.glow+m.window.Length(), m.deaf) {
		s.FiredSome, s.FiredFull = in.FiredSome, in.FiredFull
	}
	m.scarcity = m.short(in)
	switch m.scarcity {
	case Unknown:
		s.StallOK, s.FiredSome, s.FiredFull = false, false, false
	case Calm:
		s.Stall, s.Seen, s.FiredSome, s.FiredFull, s.Plenty = pressure.Stall{}, pressure.Stall{}, false, false, true
	}
}

// measureParts takes the worst stall of the groups that the slice is made of,
// those left out in which a hold shows. It reports whether there is none of
// them: a trigger that fires may be of any part.
func (m *Machine) measureParts(now time.Duration, s *Sight) bool {
	tainted, clean := true, true
	for _, w := range m.parts {
		shows := m.host.taints(now, w.Path, nil)
		w.take(now, shows)
		if shows {
			clean = false
			continue
		}
		tainted = false
		stall, ok := w.window.Stall()
		s.StallOK = s.StallOK || ok
		s.Stall.Some, s.Stall.Full = max(s.Stall.Some, stall.Some), max(s.Stall.Full, stall.Full)
		stall, _, _ = w.window.Seen()
		s.Seen.Some, s.Seen.Full = max(s.Seen.Some, stall.Some), max(s.Seen.Full, stall.Full)
	}
	s.Tainted = s.Tainted && tainted
	return clean
}

// short says whether the host is as short of memory as the policy wants it to
// be before a stall counts. Pressing where the policy wants nothing.
func (m *Machine) short(in *Reading) Evidence {
	share := m.rules.Policy.Pressure.Scarce
	switch {
	case share == 0:
		return Pressing
	case !in.HostOK:
		return Unknown
	}
	return verdict(in.Host.AvailableBytes < (configs.Size{Share: share}).Of(in.Host.TotalBytes))
}

// measured reports whether a whole window of stall was seen since the last
// time that everything was forgotten.
func (m *Machine) measured() bool {
	if len(m.parts) == 0 {
		return m.window.Full()
	}
	for _, w := range m.parts {
		if w.window.Full() {
			return true
		}
	}
	return false
}

// forgetStall begins to measure the slice anew.
func (m *Machine) forgetStall() {
	m.window.Reset()
	for _, w := range m.parts {
		w.window.Reset()
	}
}
