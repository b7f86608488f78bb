package controller

import (
	"time"

	"reprieve/memcg"
)

// grow holds the leaves that gained since the breach, the largest gains first,
// the way that the ladder says now.
func (m *Machine) grow(now time.Duration, in *Reading, out []Decision) []Decision {
	switch by := m.by(); {
	case by == byRaise:
		return m.lend(now, in, out)
	case by != byThrottle && by != byFreeze:
		return out
	case m.rules.Policy.Hold.On == onSlice:
		if m.self != nil && m.self.hold == free && m.host.mayHold(m.self.Path, m) {
			out = m.ask(now, m.self, out)
		}
		return out
	}
	for m.nHeld < MostHeld {
		l := m.grower()
		if l == nil {
			break
		}
		out = m.ask(now, l, out)
	}
	return out
}

// ask wants a leaf held.
func (m *Machine) ask(now time.Duration, l *Leaf, out []Decision) []Decision {
	l.by = m.by()
	if m.rules.Observe {
		l.hold = pretended
		note := m.holdNote(now, l)
		note.Mark = memcg.Limit(l.Reading.UsageBytes)
		return append(out, Decision{Action: Report, Note: note})
	}
	l.hold, l.asked, l.late = asked, now, false
	m.held[m.nHeld] = l
	m.nHeld++
	return append(out, Decision{Action: Hold, Leaf: l, By: l.by, Until: m.deadline, Bytes: m.lent(l)})
}

func (m *Machine) holdNote(now time.Duration, l *Leaf) Note {
	note := m.note(NoteHold, now)
	note.ofLeaf(l)
	note.UsageBytes, note.By, note.LentBytes = l.Reading.UsageBytes, l.by, m.lent(l)
	return note
}

// lent is how much a leaf is lent.
func (m *Machine) lent(l *Leaf) uint64 {
	if l.by != byRaise {
		return 0
	}
	return m.rules.Policy.Hold.LendBytes
}

// HoldAnswered takes the worker's answer to Hold and PutBack.
func (m *Machine) HoldAnswered(now time.Duration, l *Leaf, h memcg.Hold, err error, out []Decision) []Decision {
	if m.Tap != nil {
		m.tap(Input{At: now, Kind: InputHold, Inode: l.Inode, Hold: h, Err: faultOf(err)})
	}
	again := l.limits != (memcg.Hold{})
	if l.hold != asked {
		return out
	}
	if err != nil {
		return m.holdFailed(now, l, again, err, out)
	}
	l.hold, l.limits, l.seenOK, l.ranOK = holding, h, false, false
	l.Reading.HighOK = false
	l.first, l.stage, l.moving = h.Mark, 0, false
	if !again {
		l.atHold = l.Reading
	}
	if l.gone || m.phase != PhaseHeld || m.due || m.choice.since != never || l.failed || l.by != m.by() {
		return m.lift(l, out) // it came too late
	}
	if again {
		return out
	}
	m.forgetOthers()
	m.count(l)
	note := m.holdNote(now, l)
	note.Mark = h.Mark
	return append(out, Decision{Action: Report, Note: note})
}

// forgetOthers begins to measure those who are not held anew, with the first
// hold: what they stalled before it is the breach's doing, and no sign that the wait hurts them.
func (m *Machine) forgetOthers() {
	if m.most.n > 0 {
		return
	}
	for _, l := range m.leaves {
		if !l.hold.inForce() {
			l.window.Reset()
		}
	}
	for _, w := range m.witnesses {
		w.window.Reset()
	}
}

// count remembers how many are held at once, and the first of them.
func (m *Machine) count(first *Leaf) {
	n := 0
	for _, l := range m.held[:m.nHeld] {
		if l.hold == holding {
			n++
		}
	}
	if m.most.n == 0 {
		m.most = heldMost{unit: first.Unit, bytes: uint64(first.limits.Mark)}
	}
	m.most.n = max(m.most.n, n)
}

// holdFailed gives up holding a leaf in this episode. Where an earlier hold
// was to be put back, what is left of that is lifted.
func (m *Machine) holdFailed(now time.Duration, l *Leaf, again bool, err error, out []Decision) []Decision {
	l.failed = true
	if again {
		l.hold = holding
		out = m.lift(l, out)
	} else {
		l.hold = refused
		m.unhold(l)
	}
	if memcg.IsGone(err) {
		return out
	}
	note := m.note(NoteFailed, now)
	note.ofLeaf(l)
	note.Step, note.Err = "hold", err
	return append(out, Decision{Action: Report, Note: note})
}

// putBack asks again for holds whose limit somebody took away: systemd does at
// a set-property, and at the first start of a unit after a daemon-reload. What
// was found is what somebody wants there, and comes back in the end. A value
// that holds as well (a lower memory.high, a higher memory.max) is left. Who thaws a group by
// hand means it.
func (m *Machine) putBack(now time.Duration, out []Decision) []Decision {
	for _, l := range m.held[:m.nHeld] {
		if l.hold != holding || l.moving || !l.Reading.HighOK {
			continue
		}
		found, lost := l.Reading.High, false
		switch l.by {
		case byThrottle:
			lost = found > l.limits.Mark
		case byRaise:
			lost = found < l.limits.Mark
		case byFreeze:
			if found != l.limits.Mark {
				l.failed = true
				out = m.lift(l, out)
			}
		}
		if lost {
			l.hold, l.asked, l.late = asked, now, false
			out = append(out, Decision{Action: PutBack, Leaf: l, By: l.by, Until: m.deadline, Found: found, Bytes: m.lent(l)})
		}
	}
	return out
}

func (m *Machine) liftAll(out []Decision) []Decision {
	for _, l := range m.held[:m.nHeld] {
		out = m.lift(l, out)
	}
	return out
}

// lift ends a hold. One that was only asked for is lifted when it is answered.
func (m *Machine) lift(l *Leaf, out []Decision) []Decision {
	if l.hold != holding {
		return out
	}
	l.hold, l.asked, l.late = lifting, m.now, false
	if l.moving {
		out = append(out, Decision{Action: Interrupt, Leaf: l}) // raising it must not wait for a squeeze
	}
	return append(out, Decision{Action: Lift, Leaf: l})
}

// LiftAnswered takes the worker's answer to Lift.
func (m *Machine) LiftAnswered(now time.Duration, l *Leaf, how memcg.Restored, err error, out []Decision) []Decision {
	if m.Tap != nil {
		m.tap(Input{At: now, Kind: InputLift, Inode: l.Inode, How: how, Err: faultOf(err)})
	}
	if how == memcg.RestoredOld && l.by == byThrottle {
		m.glow, l.glow = max(m.glow, now+afterglow), now+afterglow
	}
	l.hold, l.limits, l.moving = free, memcg.Hold{}, false
	if m.due || m.phase != PhaseHeld || l.failed {
		l.hold = refused // held at most once an episode, and only within its delay
	}
	m.unhold(l)
	if err != nil {
		note := m.note(NoteFailed, now)
		note.ofLeaf(l)
		note.Step, note.Err = "lift the hold", err
		out = append(out, Decision{Action: Report, Note: note})
	}
	if m.phase == PhaseHeld && m.choice.since != never {
		return m.confirm(now, out)
	}
	return out
}

// unhold takes a leaf out of the list of those whose stall is ours.
func (m *Machine) unhold(l *Leaf) {
	for i, have := range m.held[:m.nHeld] {
		if have == l {
			m.nHeld--
			m.held[i] = m.held[m.nHeld]
			m.held[m.nHeld] = nil
			return
		}
	}
}
