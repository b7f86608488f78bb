package controller

import (
	"errors"
	"fmt"
	"time"

	"reprieve/configs"
	"reprieve/memcg"
)

// by is the way to hold at this moment: that of the ladder's step.
func (m *Machine) by() string {
	if len(m.ladder) == 0 {
		return "none"
	}
	return m.ladder[min(max(m.rung, 0), len(m.ladder)-1)].By
}

// at returns the step of the ladder whose turn it is: by how much of the delay
// is used, so that an episode that goes on after relief does not begin anew.
func (m *Machine) at(now time.Duration) int {
	spent := m.used + now - m.began
	for i := range m.ladder {
		if spent -= m.ladder[i].Delay; spent < 0 {
			return i
		}
	}
	return len(m.ladder) - 1
}

// climb goes on to the step whose time has come: what another way holds is
// lifted, a signal is sent, a unit is started.
func (m *Machine) climb(now time.Duration, out []Decision) []Decision {
	for at := m.at(now); m.rung < at; {
		was := m.by()
		m.rung++ // one by one: a step that a late tick passed over has its signal, too
		if m.by() != was {
			out = m.unholdAll(out)
		}
		out = m.enter(now, m.ladder[m.rung], out)
	}
	return out
}

// unholdAll lifts what another way holds, or would under observe.
func (m *Machine) unholdAll(out []Decision) []Decision {
	for _, l := range m.leaves {
		if l.hold == pretended {
			l.hold = free
		}
	}
	return m.liftAll(out)
}

// enter does what a step of the ladder begins with.
func (m *Machine) enter(now time.Duration, step configs.Step, out []Decision) []Decision {
	action := Signal
	switch {
	case step.By != bySignal && step.By != byStart:
		return out
	case m.rules.Observe:
		return append(out, Decision{Action: Report, Note: m.stepNote(now, step, nil)})
	case step.By == byStart:
		action = Start
	}
	return append(out, Decision{Action: action, Step: step})
}

// StepAnswered takes the answer to Signal and Start.
func (m *Machine) StepAnswered(now time.Duration, step configs.Step, err error, out []Decision) []Decision {
	if m.Tap != nil {
		taken := step
		m.tap(Input{At: now, Kind: InputTaken, Step: &taken, Err: faultOf(err)})
	}
	return append(out, Decision{Action: Report, Note: m.stepNote(now, step, err)})
}

func (m *Machine) stepNote(now time.Duration, step configs.Step, err error) Note {
	note := m.note(NoteStep, now)
	note.Unit, note.Rung, note.Err = step.Unit, step, err
	return note
}

// raiseShare says when a slice is at its memory.max: within a 32nd of it. One that
// needs less could give a loan back.
const raiseShare = 32

// ErrNoRoom says that the host has nothing to lend.
var ErrNoRoom = errors.New("the host would be below its floor")

// lend raises the slice's memory.max, where that is what it runs into, and as
// long as the host has the room: the oldest remedy of all.
func (m *Machine) lend(now time.Duration, in *Reading, out []Decision) []Decision {
	l := m.self
	if l == nil || !in.HostOK {
		return out
	}
	floor := in.Host.AvailableFloor
	bytes := m.rules.Policy.Hold.LendBytes
	capped := in.RoomOK && in.UsageOK && in.Max != memcg.Max && memcg.Limit(in.UsageBytes) >= in.Max-in.Max/raiseShare
	if l.hold != free || !capped || !m.host.mayHold(l.Path, m) {
		return out
	}
	if in.Host.AvailableBytes < floor+bytes {
		if m.unlent {
			return out
		}
		m.unlent = true
		note := m.stepNote(now, configs.Step{By: byRaise, Unit: l.Unit}, fmt.Errorf("%w: %d bytes available, floor %d, %d to be lent", ErrNoRoom, in.Host.AvailableBytes, floor, bytes))
		note.LentBytes = bytes
		return append(out, Decision{Action: Report, Note: note})
	}
	return m.ask(now, l, out)
}

// recall takes a loan back at once when the host needs it.
func (m *Machine) recall(in *Reading, out []Decision) []Decision {
	l := m.self
	if l == nil || l.hold != holding || l.by != byRaise || !in.HostOK || in.Host.AvailableBytes >= in.Host.AvailableFloor {
		return out
	}
	l.failed = true
	return m.lift(l, out)
}

// Release lifts all holds of the slice by hand, and takes no more in this
// episode; the wait goes on. It returns how many those are: not the ones that
// relief or a stop lifts already.
func (m *Machine) Release(now time.Duration, out []Decision) (int, []Decision) {
	if m.Tap != nil {
		m.tap(Input{At: now, Kind: InputRelease})
	}
	n := m.liftable()
	if n == 0 || m.phase != PhaseHeld {
		return 0, out // what is held besides is being lifted
	}
	m.byHand = true
	for _, l := range m.held[:m.nHeld] {
		l.failed = true // one that is asked for is lifted when it comes
	}
	note := m.note(NoteReleased, now)
	note.Held = n
	return n, m.liftAll(append(out, Decision{Action: Report, Note: note}))
}
