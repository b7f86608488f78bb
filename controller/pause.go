package controller

import "time"

// Pause has the machine neither hold nor stop anybody until a time, for a
// maintenance; a time that is over ends that. What is held is lifted and the
// episode is over; a stop that is under way comes to its end. It returns how many
// holds that lifts. What the kernel's OOM killer does meanwhile is told and left.
func (m *Machine) Pause(now, until time.Duration, out []Decision) (int, []Decision) {
	if m.Tap != nil {
		m.tap(Input{At: now, Kind: InputPause, Until: until})
	}
	m.paused = until
	if now >= until || m.phase != PhaseHeld {
		return 0, out
	}
	n := m.liftable()
	return n, m.interrupted(now, out)
}

// Paused reports whether the machine is paused.
func (m *Machine) Paused(now time.Duration) bool { return now < m.paused }

// interrupted ends an episode that a pause met. The next one is a new one: what
// was waited before a maintenance says nothing about what comes behind it.
func (m *Machine) interrupted(now time.Duration, out []Decision) []Decision {
	if m.killed == 0 || !m.record {
		note := m.note(NoteRelief, now)
		note.UsageBytes, note.Paused, note.More = m.usage, true, m.more
		out = append(out, Decision{Action: Report, Note: note})
	}
	m.ended = never
	return m.end(now, m.liftAll(out))
}

// liftable is how many holds are in force or asked for: not those that relief or
// a stop lifts already.
func (m *Machine) liftable() int {
	n := 0
	for _, l := range m.held[:m.nHeld] {
		if l.hold == asked || l.hold == holding {
			n++
		}
	}
	return n
}
