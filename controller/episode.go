package controller

import (
	"time"

	"reprieve/memcg"
)

// stepCalm waits for a breach.
func (m *Machine) stepCalm(now time.Duration, in *Reading, s *Sight, out []Decision) []Decision {
	breach, e := m.detect(s)
	if e != Pressing {
		return out
	}
	out = m.begin(now, breach, in, s, out)
	if now >= m.deadline {
		return m.expire(now, Pressing, out)
	}
	return out
}

// begin begins an episode, or goes on with one that ended a moment ago.
func (m *Machine) begin(now time.Duration, breach Breach, in *Reading, s *Sight, out []Decision) []Decision {
	resumed := m.ended != never && now-m.ended <= m.rules.Policy.Hold.Calm
	if !resumed {
		m.id, m.used, m.fruitless = m.newID(), 0, m.fruitless[:0]
	}
	m.phase, m.breach, m.began = PhaseHeld, breach, now
	m.stallOK, m.due, m.more, m.told, m.record = false, false, false, false, false
	m.calm, m.retry, m.ended, m.blind = never, never, never, never
	m.choice, m.killed = choice{since: never}, 0
	m.fresh, m.most, m.grounds = true, heldMost{}, Grounds{}
	m.deadline = now + max(m.rules.Policy.Hold.Delay-m.used, 0)
	for _, l := range m.leaves {
		l.begin(m.rules.Policy.Pressure.Window)
	}
	if m.self != nil {
		m.self.begin(m.rules.Policy.Pressure.Window)
	}
	for _, w := range m.witnesses {
		w.window.Reset()
	}
	m.window.Reset()
	if in.TotalsOK && !s.Tainted {
		m.window.Add(now, in.Totals)
	}
	note := m.note(NoteBreach, now)
	note.Resumed, note.UsageBytes = resumed, in.UsageBytes
	out = append(out, Decision{Action: Report, Note: note})
	if m.rules.Order.Samples() {
		out = append(out, Decision{Action: TakeSamples})
	}
	return out
}

// stepHeld judges whether the pressure passed, goes on, or cannot wait.
func (m *Machine) stepHeld(now time.Duration, in *Reading, s *Sight, out []Decision) []Decision {
	m.fresh = false
	if m.nHeld == 0 && !s.Tainted {
		if stall, _, ok := m.window.Seen(); ok {
			m.stall, m.stallOK = stall, true
		}
	}
	m.gather(now, in, s)
	verdict := m.judge(s)
	switch {
	case verdict == Pressing:
		m.calm = never
	case verdict == Calm && m.calm == never:
		m.calm = now
	}
	if m.calm != never && now-m.calm >= m.rules.Policy.Hold.Calm {
		return m.relieve(now, in, out)
	}
	if now >= m.deadline {
		out = m.liftAll(out) // whatever else is under way
	}
	if m.choice.since != never {
		return m.awaitWeights(now, out)
	}
	if m.killed > 0 {
		return m.weigh(now, BecauseKernel, out)
	}
	if now >= m.deadline {
		return m.expire(now, verdict, out)
	}
	if verdict == Pressing {
		if why, urgent := m.urgent(s); urgent {
			return m.weigh(now, why, m.liftAll(out))
		}
	}
	out = m.acquit(now, m.putBack(out))
	return m.grow(now, out)
}

// relieve ends an episode in which nothing has to be stopped (any more).
func (m *Machine) relieve(now time.Duration, in *Reading, out []Decision) []Decision {
	note := m.note(NoteRelief, now)
	note.UsageBytes, note.Grounds = in.UsageBytes, m.grounds
	m.used += m.calm - m.began
	m.ended = now
	out = append(m.liftAll(out), Decision{Action: Report, Note: note})
	return m.end(now, out)
}

// end returns to calm and takes rules that waited for it.
func (m *Machine) end(now time.Duration, out []Decision) []Decision {
	if m.killed > 0 {
		note := m.kernelNote(now)
		note.Aside = "other stops were under way, nobody looked closer"
		out = append(out, Decision{Action: Report, Note: note})
		m.killed = 0
	}
	m.phase = PhaseCalm
	m.host.done(m)
	m.window.Reset()
	if m.next != nil {
		m.SetRules(*m.next)
	}
	return out
}

// expire is reached when the delay is over: all holds end now, whatever comes.
// Only pressure that is seen leads to a stop.
func (m *Machine) expire(now time.Duration, verdict Evidence, out []Decision) []Decision {
	why := BecauseExpiry
	switch {
	case m.more:
		why = BecauseMore
	case m.rules.Policy.Hold.Delay == 0:
		why = BecauseNoDelay
	}
	out = m.liftAll(out)
	m.due = true
	if verdict == Pressing && now >= m.retry {
		out = m.weigh(now, why, out)
	}
	if verdict != Unknown {
		m.blind = never
	} else if m.blind == never {
		m.blind = now
	} else if now-m.blind >= blindBound {
		note := m.note(NoteFailed, now)
		note.Step = "judge whether the pressure goes on after the delay: readings are missing; nothing is stopped"
		return m.end(now, append(out, Decision{Action: Report, Note: note}))
	}
	return out
}

// grow holds the leaves that gained since the breach, the largest gains first.
func (m *Machine) grow(now time.Duration, out []Decision) []Decision {
	if m.rules.Policy.Hold.By != byThrottle {
		return out
	}
	if m.rules.Policy.Hold.On == onSlice {
		if m.self != nil && m.self.hold == free {
			out = m.ask(now, m.self, out)
		}
		return out
	}
	for m.nHeld < maxGrowers {
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
	if m.rules.Observe {
		l.hold = pretended
		note := m.note(NoteHold, now)
		note.ofLeaf(l)
		note.UsageBytes, note.Mark = l.Reading.UsageBytes, memcg.Limit(l.Reading.UsageBytes)
		return append(out, Decision{Action: Report, Note: note})
	}
	l.hold = asked
	m.held[m.nHeld] = l
	m.nHeld++
	return append(out, Decision{Action: Hold, Leaf: l, Until: m.deadline})
}

// HoldAnswered takes the worker's answer to Hold and PutBack.
func (m *Machine) HoldAnswered(now time.Duration, l *Leaf, h memcg.Hold, err error, out []Decision) []Decision {
	again := l.limits != (memcg.Hold{})
	if l.hold != asked {
		return out
	}
	if err != nil {
		return m.holdFailed(now, l, again, err, out)
	}
	l.hold, l.limits, l.seenOK, l.ranOK = holding, h, false, false
	l.Reading.HighOK = false
	if !again {
		l.atHold = l.Reading
	}
	if l.gone || m.phase != PhaseHeld || m.due || m.choice.since != never {
		return m.lift(l, out) // it came too late
	}
	if again {
		return out
	}
	m.forgetOthers()
	m.count(l)
	note := m.note(NoteHold, now)
	note.ofLeaf(l)
	note.UsageBytes, note.Mark = l.Reading.UsageBytes, h.Mark
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
// was found is what somebody wants there, and comes back in the end. A lower
// value than ours holds as well and is left.
func (m *Machine) putBack(out []Decision) []Decision {
	for _, l := range m.held[:m.nHeld] {
		if l.hold == holding && l.Reading.HighOK && l.Reading.High > l.limits.Mark {
			l.hold = asked
			out = append(out, Decision{Action: PutBack, Leaf: l, Until: m.deadline, Found: l.Reading.High})
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
	l.hold = lifting
	return append(out, Decision{Action: Lift, Leaf: l})
}

// LiftAnswered takes the worker's answer to Lift.
func (m *Machine) LiftAnswered(now time.Duration, l *Leaf, how memcg.Restored, err error, out []Decision) []Decision {
	l.hold, l.limits = free, memcg.Hold{}
	if m.due || m.phase != PhaseHeld || l.failed {
		l.hold = refused // held at most once an episode, and only within its delay
	}
	m.unhold(l)
	if how == memcg.RestoredOld {
		m.glow = max(m.glow, now+afterglow)
	}
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

// note begins a note with what is the same in all of an episode.
func (m *Machine) note(kind NoteKind, now time.Duration) Note {
	n := Note{
		Kind: kind, Slice: m.Slice, Episode: m.id, Observe: m.rules.Observe,
		Breach: m.breach, Stall: m.stall, StallOK: m.stallOK,
		Delay: m.rules.Policy.Hold.Delay, Waited: m.used + now - m.began,
		Held: m.most.n, HeldUnit: m.most.unit, HeldBytes: m.most.bytes,
	}
	return n
}
