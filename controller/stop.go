package controller

import (
	"errors"
	"slices"
	"time"
)

// stop is one stop under way.
type stop struct {
	victim  Candidate
	decided time.Duration
	before  uint64 // usage of the slice at the decision
	sized   bool   // before is known

	asked    time.Duration // StopUnit was last given out; never: not yet
	waiting  bool          // for its answer
	queued   bool          // systemd has the job
	hopeless bool          // asking again cannot help
	told     bool          // that systemd could not be asked

	killAsked time.Duration // never: not yet
	swept     time.Duration // or asked to; never: not yet
	loud      bool          // told that the group does not empty

	empty time.Duration // when it was seen empty; never: not yet
}

// ErrNotEmpty says that a group still had processes long after it was killed.
var ErrNotEmpty = errors.New("processes are left long after SIGKILL; they wait in the kernel, for a disk or a network file system as a rule")

// ErrNoCandidates says that gathering the candidates took too long.
var ErrNoCandidates = errors.New("no answer in time")

// weigh asks for the candidates.
func (m *Machine) weigh(now time.Duration, why Why, out []Decision) []Decision {
	if !m.host.turn(m) {
		return out
	}
	m.why, m.weighing = why, now
	return append(out, Decision{Action: Weigh})
}

// awaitWeights bounds the wait for the candidates.
func (m *Machine) awaitWeights(now time.Duration, out []Decision) []Decision {
	if now-m.weighing < weighBound {
		return out
	}
	m.putOff(now)
	note := m.note(NoteFailed, now)
	note.Step, note.Err = "gather the candidates", ErrNoCandidates
	return append(out, Decision{Action: Report, Note: note})
}

// putOff gives the turn back; the next try comes after the settle time.
func (m *Machine) putOff(now time.Duration) {
	m.weighing = never
	m.retry = now + max(m.rules.Policy.Stop.Settle, time.Second)
	m.host.done(m)
}

// Weighed takes the candidates that Weigh asked for and chooses. The machine
// keeps the slice.
func (m *Machine) Weighed(now time.Duration, all []Candidate, out []Decision) []Decision {
	if m.phase != PhaseHeld || m.weighing == never {
		return out // relieved meanwhile, or too late
	}
	for i := range all {
		all[i].Stopped = slices.Contains(m.stopped, all[i].Leaf.Inode)
		all[i].Unreadable = all[i].Unreadable || all[i].Leaf.gone
	}
	tally(all)
	slices.SortFunc(all, rank(m.rules.Picker))
	if len(all) == 0 || all[0].Excluded() != "" {
		return m.nobody(now, all, out)
	}
	note := m.note(NoteStop, now)
	note.Unit, note.UsageBytes = all[0].Unit, all[0].UsageBytes
	note.Why, note.Pick, note.Candidates = m.why, m.rules.Picker.Name(), all
	out = append(out, Decision{Action: Report, Note: note})
	m.weighing = never
	if m.rules.Observe {
		m.told = true
		m.putOff(now)
		m.retry = forever
		m.due = true
		return out
	}
	m.stop = stop{victim: all[0], decided: now, before: m.usage, sized: m.usageOK, asked: never, killAsked: never, swept: never, empty: never}
	m.phase = PhaseStopping
	m.stopped = append(m.stopped, all[0].Leaf.Inode)
	return m.proceed(now, out)
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
	note.Step, note.Candidates, note.Pick = "find a candidate: none may be stopped, it is left to the kernel", all, m.rules.Picker.Name()
	return append(out, Decision{Action: Report, Note: note})
}

// stepStopping drives a stop by the clock.
func (m *Machine) stepStopping(now time.Duration, in *Reading, out []Decision) []Decision {
	return m.VictimSeen(now, in.Victim, out)
}

// VictimSeen takes what is known of the victim, at a tick or as soon as the
// kernel reports a change. It does nothing when nothing is being stopped.
func (m *Machine) VictimSeen(now time.Duration, v VictimReading, out []Decision) []Decision {
	if m.phase != PhaseStopping {
		return out
	}
	// A unit that was empty before it was killed may have been between two
	// processes: the kill, which nobody escapes, is what makes it final.
	if v.OK && !v.Populated && (m.stop.queued || m.stop.killAsked != never) {
		m.stop.empty = now
		note := m.note(NoteStopped, now)
		note.Unit, note.UsageBytes = m.stop.victim.Unit, m.stop.victim.UsageBytes
		note.Took = now - m.stop.decided
		m.phase = PhaseSettling
		m.window.Reset()
		if m.nHeld == 0 && m.most.n == 1 && m.most.unit == m.stop.victim.Unit {
			m.glow = now // its sleeps ended with it
		}
		return append(out, Decision{Action: Report, Note: note})
	}
	return m.proceed(now, out)
}

// proceed takes the steps of a stop that are due: lift, StopUnit, cgroup.kill
// at the end of the grace time, then what it left, one by one. No step waits
// for another longer than its bound.
func (m *Machine) proceed(now time.Duration, out []Decision) []Decision {
	s := &m.stop
	if m.nHeld > 0 && now-s.decided < liftBound {
		return out // a process that sleeps over memory.high dies slowly
	}
	if s.asked == never || (!s.waiting && !s.queued && !s.hopeless && now-s.asked >= againAfter) {
		s.asked, s.waiting = now, true
		out = append(out, Decision{Action: StopUnit, Victim: &s.victim})
		if s.killAsked == never {
			return out
		}
	}
	if s.waiting && now-s.asked >= 2*BusBound {
		s.waiting = false // the shell keeps BusBound; this is for a shell that hangs
	}
	if s.killAsked == never {
		if !s.waiting && now-s.decided >= m.rules.Policy.Stop.Grace {
			s.killAsked = now
			out = append(out, Decision{Action: Kill, Victim: &s.victim})
		}
		return out
	}
	if now-s.killAsked >= sweepAfter && (s.swept == never || now-s.swept >= sweepAfter) {
		s.swept = now
		out = append(out, Decision{Action: Sweep, Victim: &s.victim})
	}
	if now-s.killAsked >= emptyBound {
		return m.stuck(now, out)
	}
	return out
}

// stuck gives up waiting for a killed group, loudly. It is still dying: the
// settle time passes before anybody else is looked at.
func (m *Machine) stuck(now time.Duration, out []Decision) []Decision {
	note := m.note(NoteFailed, now)
	note.Unit, note.Step, note.Err = m.stop.victim.Unit, "empty the group", ErrNotEmpty
	m.stop.empty = now
	m.phase = PhaseSettling
	m.window.Reset()
	return append(out, Decision{Action: Report, Note: note})
}

// StopAnswered takes systemd's answer to StopUnit: the job is queued, or it is
// not and why. final says that asking again cannot help.
func (m *Machine) StopAnswered(now time.Duration, err error, final bool, out []Decision) []Decision {
	s := &m.stop
	if m.phase != PhaseStopping && m.phase != PhaseSettling {
		return out
	}
	s.waiting = false
	if err == nil {
		s.queued = true
	} else {
		s.hopeless = final
		if !s.told {
			s.told = true
			note := m.note(NoteFailed, now)
			note.Unit, note.Step, note.Err = s.victim.Unit, "have systemd stop it (it is killed all the same, and Restart= may bring it back)", err
			out = append(out, Decision{Action: Report, Note: note})
		}
	}
	if m.phase == PhaseStopping {
		return m.proceed(now, out)
	}
	return out
}

// KillAnswered takes the answer to Kill. What it left Sweep gets, with or
// without an error.
func (m *Machine) KillAnswered(now time.Duration, err error, out []Decision) []Decision {
	return m.actAnswered(now, "write cgroup.kill", err, out)
}

// SweepAnswered takes the answer to Sweep.
func (m *Machine) SweepAnswered(now time.Duration, err error, out []Decision) []Decision {
	return m.actAnswered(now, "kill what cgroup.kill left", err, out)
}

func (m *Machine) actAnswered(now time.Duration, step string, err error, out []Decision) []Decision {
	if err == nil || m.stop.loud || m.phase != PhaseStopping {
		return out
	}
	m.stop.loud = true
	note := m.note(NoteFailed, now)
	note.Unit, note.Step, note.Err = m.stop.victim.Unit, step, err
	return append(out, Decision{Action: Report, Note: note})
}

// stepSettling waits for the victim's memory to come back, and looks whether
// the breach goes on without it.
func (m *Machine) stepSettling(now time.Duration, in *Reading, out []Decision) []Decision {
	s := &m.stop
	if !s.queued && !s.hopeless && !s.waiting && now-s.asked >= againAfter {
		s.asked, s.waiting = now, true
		out = append(out, Decision{Action: StopUnit, Victim: &s.victim})
	}
	settle, took := m.rules.Policy.Stop.Settle, now-s.empty
	freed := uint64(0)
	if s.sized && in.UsageOK && in.UsageBytes < s.before {
		freed = s.before - in.UsageBytes
	}
	back := s.sized && freed >= s.victim.UsageBytes/10*9 && m.window.Full()
	if !back && took < settle {
		return out
	}
	goesOn := m.pressed >= s.empty && now-m.pressed <= m.rules.Policy.Pressure.Window
	note := m.note(NoteSettled, now)
	note.Unit, note.UsageBytes, note.Took, note.GoesOn = s.victim.Unit, s.victim.UsageBytes, took, goesOn
	note.FreedBytes, note.FreedOK = freed, s.sized && in.UsageOK
	out = append(out, Decision{Action: Report, Note: note})
	m.host.done(m)
	if !goesOn {
		return m.end(out)
	}
	m.phase, m.due, m.more, m.calm = PhaseHeld, true, true, never
	m.deadline, m.retry = now, never
	return out
}
