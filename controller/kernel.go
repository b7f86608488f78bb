package controller

import "time"

// kernelKilled takes it that the kernel's OOM killer killed n processes in the
// slice, without us. Nobody else is chosen until that memory came back. In
// calm it makes an episode of its own, for the record.
func (m *Machine) kernelKilled(now time.Duration, in *Reading, s *Sight, out []Decision) []Decision {
	n := s.Rise.OOMKill
	m.host.quiet = max(m.host.quiet, now+m.rules.Policy.Stop.Settle)
	m.kills += n
	switch m.phase {
	case PhaseStopping, PhaseSettling:
		m.stop.kernel += n // as a rule the victim itself, which took too long
		return out
	case PhaseCalm:
		m.killedIn = PhaseCalm
		out = m.begin(now, Breach{By: "oom_kill", Rise: n}, in, s, out)
		m.record = true
	case PhaseHeld:
		m.killedIn = PhaseHeld
	}
	m.killed += n
	return out
}

// Kills returns how many processes the kernel's OOM killer killed in the slice
// since it is watched.
func (m *Machine) Kills() uint64 { return m.kills }

// finish tells whom the kernel killed, and stops what is left of the group
// where it would die whole: a part of it alone is no use to anybody.
func (m *Machine) finish(now time.Duration, all []Candidate, out []Decision) []Decision {
	var victim *Candidate
	for i := range all {
		if all[i].Kills > 0 && (victim == nil || all[i].Kills > victim.Kills) {
			victim = &all[i]
		}
	}
	note := m.kernelNote(now)
	if victim != nil {
		note.ofVictim(victim)
		note.UsageBytes = victim.UsageBytes
	}
	note.Aside = m.aside(victim)
	m.killed = 0
	if note.Aside == "" {
		out = append(out, Decision{Action: Report, Note: note})
		m.record = false
		return m.startStop(now, victim, all, m.liftAll(out))
	}
	out = append(out, Decision{Action: Report, Note: note})
	m.choice = choice{since: never}
	m.host.done(m)
	if m.record {
		return m.end(now, out)
	}
	return out
}

func (m *Machine) kernelNote(now time.Duration) Note {
	note := m.note(NoteKernel, now)
	note.Kills, note.Phase = m.killed, m.killedIn
	return note
}

// aside says why what the kernel left of a group is not stopped, or "".
func (m *Machine) aside(victim *Candidate) string {
	switch {
	case victim == nil:
		return "the group is gone, or it is none that would be stopped"
	case victim.Empty:
		return "nothing is left of it"
	case !m.rules.Policy.Stop.Arm:
		return "arm is off, the rest of it lives"
	case m.rules.Observe:
		return "observing only, the rest of it lives"
	}
	if why := victim.untouchable(); why != "" {
		return why + ", the rest of it lives"
	}
	return ""
}
