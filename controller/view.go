package controller

import (
	"time"

	"reprieve/pressure"
)

// View is how a machine stands, for people. Times are since the daemon's start.
type View struct {
	Phase    Phase
	Episode  ID            // that runs, or the last one
	Breach   Breach        // of it
	Began    time.Duration // this part of it
	Deadline time.Duration // of the wait
	Waited   time.Duration // in all parts
	Stall    pressure.Stall
	StallOK  bool   // Stall is of the last reading
	Victim   string // that is dying, or whose memory comes back
	Held     []*Leaf
}

// View returns how the machine stood at its last step. What Held points to is
// the machine's: it is to be copied before the next one.
func (m *Machine) View() View {
	v := View{
		Phase: m.phase, Episode: m.id, Breach: m.breach, Began: m.began, Deadline: m.deadline,
		Stall: m.saw.Stall, StallOK: m.saw.StallOK, Held: m.held[:m.nHeld],
	}
	if m.phase != PhaseCalm {
		v.Waited = m.used + m.now - m.began
	}
	if victim := m.Victim(); victim != nil {
		v.Victim, v.Waited = victim.Unit, 0
	}
	return v
}

// By returns how the leaf is held: throttle, freeze or raise. It counts while
// the leaf is Held.
func (l *Leaf) By() string { return l.by }
