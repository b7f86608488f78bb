package controller

import (
	"errors"
	"slices"
	"time"
)

// ErrNoCandidates says that gathering the candidates took too long.
var ErrNoCandidates = errors.New("no answer in time")

// choice is the choosing of a victim under way.
type choice struct {
	since   time.Duration // never: none
	asked   time.Duration // when the candidates were last asked for
	inode   uint64        // of the one that came first when last weighed
	round   int           // how often it was weighed
	picked  time.Duration // when it was chosen last
	confirm bool          // to be weighed again when the holds are lifted
}

// weigh asks for the candidates. Nobody is chosen while another victim on the
// host is dying, or the memory of one of the kernel's is coming back.
func (m *Machine) weigh(now time.Duration, why Why, out []Decision) []Decision {
	if (now < m.host.quiet && why != BecauseKernel) || !m.host.turn(m) {
		return out
	}
	m.why, m.because, m.choice = why, m.grounds, choice{since: now}
	return m.askWeights(now, out)
}

func (m *Machine) askWeights(now time.Duration, out []Decision) []Decision {
	m.choice.asked = now
	return append(out, Decision{Action: Weigh, Scale: m.scale()})
}

func (m *Machine) scale() Scale {
	return Scale{
		Order: m.rules.Order, MinBytes: m.rules.Policy.Stop.MinBytes(m.usage),
		Fruitless: slices.Clone(m.fruitless), Kernel: m.why == BecauseKernel,
	}
}

// awaitWeights bounds the wait for the candidates. Where it takes long, and it
// is known who would have been stopped a moment ago, that one is.
func (m *Machine) awaitWeights(now time.Duration, out []Decision) []Decision {
	late := !m.choice.confirm && now-m.choice.asked >= foreseenAfter
	if late && m.foresight.fresh(now) && m.why != BecauseKernel && !m.rules.Observe {
		victim := m.foresight.victim
		return m.startStop(now, &victim, []Candidate{victim}, out)
	}
	if now-m.choice.since < weighBound {
		return m.confirm(now, out)
	}
	m.putOff(now)
	note := m.note(NoteFailed, now)
	note.Step, note.Err = "gather the candidates", ErrNoCandidates
	return append(out, Decision{Action: Report, Note: note})
}

// confirm weighs a choice once more, as late as may be: when every hold is
// lifted, or would not be for too long.
func (m *Machine) confirm(now time.Duration, out []Decision) []Decision {
	if !m.choice.confirm || (m.nHeld > 0 && now-m.choice.picked < liftBound) {
		return out
	}
	m.choice.confirm = false
	return m.askWeights(now, out)
}

// putOff gives the turn back; the next try comes after the settle time.
func (m *Machine) putOff(now time.Duration) {
	m.choice = choice{since: never}
	m.retry = now + max(m.rules.Policy.Stop.Settle, time.Second)
	m.host.done(m)
}

// Weighed takes the candidates that Weigh asked for, ranked, and chooses. Who
// comes first must come first again when it is weighed once more: the same
// group, still eligible, still the choice. The machine keeps the slice.
func (m *Machine) Weighed(now time.Duration, all []Candidate, out []Decision) []Decision {
	m.tapWeighed(now, InputWeighed, all)
	if m.phase != PhaseHeld || m.choice.since == never || m.choice.confirm {
		return out // relieved meanwhile, or too late
	}
	if len(all) > 0 && all[0].gone() {
		for i := range all {
			all[i].Unreadable = all[i].Unreadable || all[i].gone()
		}
		s := m.scale()
		s.Rank(all)
		s.Tell(all)
	}
	if m.why == BecauseKernel {
		return m.finish(now, all, out)
	}
	if len(all) == 0 || all[0].barred() {
		return m.nobody(now, all, out)
	}
	if m.rules.Observe {
		out = append(out, Decision{Action: Report, Note: m.stopNote(now, &all[0], all)})
		m.told, m.due = true, true
		m.putOff(now)
		m.retry = forever
		return out
	}
	if all[0].Inode != m.choice.inode && m.choice.round < rounds {
		m.choice.inode, m.choice.picked, m.choice.confirm = all[0].Inode, now, true
		m.choice.round++
		return m.confirm(now, out)
	}
	return m.startStop(now, &all[0], all, out)
}

// forever is after all times.
const forever = time.Duration(1<<63 - 1)

// nobody says once an episode that nothing may be stopped, and leaves it to
// the kernel. It looks again as long as the pressure goes on.
func (m *Machine) nobody(now time.Duration, all []Candidate, out []Decision) []Decision {
	m.putOff(now)
	if m.told {
		return out
	}
	m.told = true
	note := m.note(NoteFailed, now)
	note.Step, note.Pick = "find a candidate: none may be stopped, it is left to the kernel", m.rules.Order.Name()
	list(&note, all)
	return append(out, Decision{Action: Report, Note: note})
}

// listed is how many candidates a note has at most.
const listed = 32

// list puts the candidates into a note, the first of them where there are many.
func list(note *Note, all []Candidate) {
	for i := range all {
		if !all[i].barred() {
			note.Eligible++
		}
	}
	note.Candidates = all[:min(len(all), listed)]
	note.Others = len(all) - len(note.Candidates)
}

// Planned is the note of a choice that nobody acts on: of candidates as Weighed
// takes them.
func Planned(slice string, order Order, all []Candidate) Note {
	note := Note{Kind: NoteStop, Slice: slice, Pick: order.Name()}
	list(&note, all)
	return note
}

// Scale is what a choice would be made by now.
func (m *Machine) Scale() Scale { return m.scale() }

// stopNote tells of a choice.
func (m *Machine) stopNote(now time.Duration, victim *Candidate, all []Candidate) Note {
	note := m.note(NoteStop, now)
	note.ofVictim(victim)
	note.UsageBytes = victim.UsageBytes
	note.Why, note.Pick, note.Grounds = m.why, m.rules.Order.Name(), m.because
	list(&note, all)
	return note
}
