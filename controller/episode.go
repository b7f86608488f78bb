package controller

import (
	"time"

	"reprieve/pressure"
)

// stepCalm waits for a breach.
func (m *Machine) stepCalm(now time.Duration, in *Reading, s *Sight, out []Decision) []Decision {
	breach, e := m.detect(s)
	if e != Pressing || now < m.paused || (now < m.rest && m.scarcity == Calm) {
		return out
	}
	out = m.begin(now, breach, in, s, out)
	if now >= m.deadline {
		return m.expire(now, Pressing, in, s, out)
	}
	return out
}

// begin begins an episode, or goes on with one that ended a moment ago.
func (m *Machine) begin(now time.Duration, breach Breach, in *Reading, s *Sight, out []Decision) []Decision {
	// What a lifted hold hides behind it is no calm.
	resumed := m.ended != never && now-max(m.ended, m.glow+m.window.Length()) <= m.rules.Policy.Hold.Calm
	if !resumed {
		m.id, m.used, m.fruitless = m.newID(), 0, m.fruitless[:0]
		m.byHand, m.unlent, m.rung = false, false, -1
	}
	m.eased = 0
	m.phase, m.breach, m.began = PhaseHeld, breach, now
	m.stall, m.stallOK, m.due, m.more, m.told, m.record = pressure.Stall{}, false, false, false, false, false
	m.calm, m.retry, m.lull, m.ended, m.blind = never, never, never, never, never
	m.choice, m.killed = choice{since: never}, 0
	m.foresight.asked, m.foresight.at = never, never
	m.fresh, m.most, m.grounds = true, heldMost{}, Grounds{}
	m.deadline = now + max(m.delay-m.used, 0)
	for _, l := range m.leaves {
		l.begin(m.rules.Policy.Pressure.Window)
	}
	if m.self != nil {
		m.self.begin(m.rules.Policy.Pressure.Window)
	}
	for _, w := range m.witnesses {
		w.window.Reset()
	}
	m.forgetStall()
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
	if now < m.paused {
		return m.interrupted(now, out) // one that the kernel's OOM killer made, or that goes on after a stop
	}
	if m.fresh && now-m.began >= lateLook {
		// The wait begins with the first look: what was not seen was not waited for.
		m.began, m.deadline = now, now+max(m.delay-m.used, 0)
	}
	m.fresh = false
	m.baseline(s)
	m.gather(now, in, s)
	verdict := m.judge(now, s)
	out = m.calming(now, verdict, out)
	if m.calm != never && now-m.calm >= m.rules.Policy.Hold.Calm {
		relieved := false
		if out, relieved = m.ease(now, out); relieved {
			return m.relieve(now, in, false, out)
		}
	}
	if now >= m.deadline {
		out = m.liftAll(out) // whatever else is under way
	}
	out = m.foresee(now, out)
	if m.choice.since != never {
		return m.awaitWeights(now, out)
	}
	if m.killed > 0 {
		return m.weigh(now, BecauseKernel, out)
	}
	if now >= m.deadline {
		return m.expire(now, m.unheld(verdict, s), in, s, out)
	}
	if verdict == Pressing {
		if why, urgent := m.urgent(s); urgent {
			switch m.scarcity {
			case Calm:
				return m.relieve(now, in, true, out)
			case Pressing:
				if m.retry == forever {
					return out // only observed, and told once
				}
				return m.weigh(now, why, m.liftAll(out))
			}
		}
	}
	out = m.recall(in, m.acquit(now, m.putBack(now, out)))
	if m.eased > 0 || m.byHand {
		return out
	}
	out = m.climb(now, out)
	return m.squeeze(now, in, m.grow(now, in, out))
}

// baseline remembers what the slice stalled before anything was held.
func (m *Machine) baseline(s *Sight) {
	if m.nHeld > 0 || s.Tainted {
		return
	}
	if len(m.parts) > 0 {
		if s.StallOK && s.Stall.Some >= m.stall.Some {
			m.stall, m.stallOK = s.Stall, true
		}
		return
	}
	if stall, _, ok := m.window.Seen(); ok {
		m.stall, m.stallOK = stall, true
	}
}

// calming notes since when all is well: the held fit, and nobody else stalls
// above the urgent limit. Pressure while relief is under way ends that.
func (m *Machine) calming(now time.Duration, verdict Evidence, out []Decision) []Decision {
	othersStall := m.nHeld > 0 && m.grounds.Others == Pressing
	switch {
	case verdict == Pressing, othersStall:
		m.calm = never
	case m.calm != never && (verdict == Unknown || m.passed >= lateLook):
		m.calm = min(m.calm+m.passed, now) // what is not seen does not count
	case verdict == Calm && m.calm == never:
		m.calm = now
	}
	if m.calm == never {
		return m.tighten(now, out)
	}
	return out
}

// unheld is the verdict that a stop after the delay goes by. Who was held
// because memory would have run out soon has not run out: how fast it goes without
// the hold decides.
func (m *Machine) unheld(verdict Evidence, s *Sight) Evidence {
	if m.breach.By != byLeft || m.nHeld == 0 {
		return verdict
	}
	_, verdict = m.detect(s)
	return verdict
}

// byLeft is the breach that a slope makes.
const byLeft = "left"

// relieve ends an episode in which nothing has to be stopped (any more);
// spared says that it might go on, with enough memory for all.
func (m *Machine) relieve(now time.Duration, in *Reading, spared bool, out []Decision) []Decision {
	note := m.note(NoteRelief, now)
	note.UsageBytes, note.Grounds, note.Spared, note.More = in.UsageBytes, m.grounds, spared, m.more
	m.used += m.spent(now)
	m.ended = now
	if spared {
		// It was waited for, and the host is not short: while that is so, once in a delay is enough.
		m.ended, m.rest = never, now+max(m.delay, m.rules.Policy.Hold.Calm)
	}
	out = append(m.liftAll(out), Decision{Action: Report, Note: note})
	return m.end(now, out)
}

// spent is what a part of an episode has used of the delay when it ends in
// relief: no hold is longer than its delay, and neither are all of an episode together.
// Where nobody was held it is the time under pressure.
func (m *Machine) spent(now time.Duration) time.Duration {
	if m.most.n == 0 && m.calm != never {
		return m.calm - m.began
	}
	return now - m.began
}

// end returns to calm and takes rules that waited for it.
func (m *Machine) end(now time.Duration, out []Decision) []Decision {
	if m.killed > 0 {
		note := m.kernelNote(now)
		note.Aside = "other stops were under way, nobody looked closer"
		if now < m.paused {
			note.Aside = "paused by hand, what is left of it lives"
		}
		out = append(out, Decision{Action: Report, Note: note})
		m.killed = 0
	}
	out = m.withdraw(out)
	m.phase = PhaseCalm
	m.host.done(m)
	m.forgetStall()
	if m.next != nil {
		m.take(*m.next)
	}
	return out
}

// expire is reached when the delay is over: all holds end now, whatever comes.
// Only pressure that is seen leads to a stop, and only on a host that is as
// short as the policy wants it.
func (m *Machine) expire(now time.Duration, verdict Evidence, in *Reading, s *Sight, out []Decision) []Decision {
	if verdict == Pressing {
		switch m.scarcity {
		case Calm:
			return m.relieve(now, in, true, out)
		case Unknown:
			verdict = Unknown
		}
	}
	why := BecauseExpiry
	switch {
	case m.more:
		why = BecauseMore
	case m.delay == 0:
		why = BecauseNoDelay
	}
	out = m.liftAll(out)
	m.due = true
	urgently, urgent := m.urgent(s)
	switch {
	case verdict != Pressing || now < m.retry:
	case now >= m.lull:
		out = m.weigh(now, why, out)
	case urgent:
		out = m.weigh(now, urgently, out)
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

// note begins a note with what is the same in all of an episode.
func (m *Machine) note(kind NoteKind, now time.Duration) Note {
	n := Note{
		Kind: kind, Slice: m.Slice, Episode: m.id, Observe: m.rules.Observe,
		Breach: m.breach, Stall: m.stall, StallOK: m.stallOK,
		Delay: m.delay, Waited: m.used + now - m.began,
		Held: m.most.n, HeldUnit: m.most.unit, HeldBytes: m.most.bytes,
	}
	return n
}
