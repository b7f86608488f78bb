package controller

import "time"

// A verdict is signed beforehand: in the second half of a wait the candidates
// are ranked again and again, and whoever comes first is told to the guard,
// which kills in the place of a loop that does not move any more. It is also whom the machine
// stops when gathering the candidates takes too long at the end of the wait.
const (
	// foreseeEvery is the time between two rankings.
	foreseeEvery = time.Second
	// foreseenFor is how long a ranking is good for.
	foreseenFor = 10 * time.Second
	// foreseenAfter is how long the candidates of a choice are waited for where
	// there is such a verdict.
	foreseenAfter = 500 * time.Millisecond
)

// foresight is who would be stopped.
type foresight struct {
	asked  time.Duration // never: not yet
	at     time.Duration // when it was ranked; never: nobody is known
	victim Candidate
	signed bool
}

// foresee has the candidates ranked when it is time, and signs who came first.
// Nothing is signed while the pressure is not seen, nor past the deadline,
// where the machine goes on without a stop if it does not choose.
func (m *Machine) foresee(now time.Duration, out []Decision) []Decision {
	f := &m.foresight
	choosing := m.choice.since != never
	if m.rules.Observe || m.told || (!choosing && (m.calm != never || now >= m.deadline)) {
		return m.withdraw(out)
	}
	if !choosing && m.deadline-now <= m.delay/2 && now-f.asked >= foreseeEvery {
		f.asked = now
		scale := m.scale()
		scale.Kernel = false
		out = append(out, Decision{Action: Foresee, Scale: scale})
	}
	if !f.fresh(now) {
		return m.withdraw(out)
	}
	until := m.deadline
	if choosing {
		until = min(until, m.choice.since+foreseenAfter)
	}
	f.signed = true
	return append(out, Decision{Action: Sign, Victim: &f.victim, Until: until})
}

// fresh reports whether somebody is known who is still there.
func (f *foresight) fresh(now time.Duration) bool {
	return f.at != never && now-f.at <= foreseenFor && !f.victim.gone()
}

// signStop keeps the victim of a stop signed until it is killed.
func (m *Machine) signStop(out []Decision) []Decision {
	s := &m.stop
	if s.killed {
		return m.withdraw(out)
	}
	until := s.killAsked
	if until == never {
		until = max(s.began, s.hooksBy) + s.bound + m.rules.Policy.Stop.Grace
	}
	m.foresight.signed = true
	return append(out, Decision{Action: Sign, Victim: &s.victim, Until: until})
}

// withdraw takes back what is signed.
func (m *Machine) withdraw(out []Decision) []Decision {
	if !m.foresight.signed {
		return out
	}
	m.foresight.signed = false
	return append(out, Decision{Action: Withdraw})
}

// Foreseen takes the candidates that Foresee asked for, ranked.
func (m *Machine) Foreseen(now time.Duration, all []Candidate, out []Decision) []Decision {
	m.tapWeighed(now, InputForeseen, all)
	f := &m.foresight
	if m.phase != PhaseHeld || f.asked == never {
		return out // over meanwhile
	}
	f.at = never
	for i := range all {
		if !all[i].gone() {
			if !all[i].barred() {
				f.at, f.victim = now, all[i]
			}
			break
		}
	}
	return out
}

// Guarded takes it that the guard killed a group, by its inode, in the place
// of a loop that did not move: what is left is the rest of a stop. With an error it did not.
func (m *Machine) Guarded(now time.Duration, inode uint64, err error, out []Decision) []Decision {
	if m.Tap != nil {
		m.tap(Input{At: now, Kind: InputGuarded, Inode: inode, Err: faultOf(err)})
	}
	m.foresight.signed = false
	if err != nil {
		return out
	}
	if m.phase == PhaseHeld && m.foresight.at != never && m.foresight.victim.Inode == inode {
		if m.choice.since == never {
			m.why, m.because = BecauseExpiry, m.grounds
		}
		m.host.stopping = m // its memory comes back, whoever's turn it was
		victim := m.foresight.victim
		out = m.startStop(now, &victim, []Candidate{victim}, m.liftAll(out))
	}
	if m.phase == PhaseStopping && m.stop.victim.Inode == inode && m.stop.killAsked == never {
		m.stop.hooked, m.stop.killAsked, m.stop.killed = true, now, true
	}
	return out
}
