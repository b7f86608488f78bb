package controller

import (
	"errors"
	"time"

	"reprieve/memcg"
)

// easeSteps is in how many steps a hold is lifted, each a quarter of calm long
// and watched. The last is its end.
const easeSteps = 4

// ease takes the step of relief that is due, and reports whether it is the
// last. Where nothing is held there is nothing to take back.
func (m *Machine) ease(now time.Duration, out []Decision) ([]Decision, bool) {
	if m.nHeld == 0 && m.eased == 0 {
		return out, true
	}
	calm := m.rules.Policy.Hold.Calm
	stage := int((now-m.calm-calm)/(calm/easeSteps)) + 1
	if stage >= easeSteps {
		return out, true
	}
	frozen := 0
	for _, l := range m.held[:m.nHeld] {
		if l.hold == holding && l.by == byFreeze {
			frozen++
		}
	}
	if m.eased == 0 {
		m.frozen = frozen
	}
	m.eased = max(m.eased, stage)
	for _, l := range m.held[:m.nHeld] {
		out = m.loosen(now, l, out)
	}
	return m.thaw(frozen, out), false
}

// loosen moves a held leaf's mark to where the step of relief wants it: a
// throttle goes up by an eighth, a quarter, a half; a loan is taken back by quarters.
func (m *Machine) loosen(now time.Duration, l *Leaf, out []Decision) []Decision {
	if l.hold != holding || l.moving || l.stiff || l.stage >= m.eased {
		return out
	}
	l.stage = m.eased
	var to memcg.Limit
	switch l.by {
	case byThrottle:
		to = min(l.first+l.first/8<<(m.eased-1), l.limits.Old)
		if to <= l.limits.Mark {
			return out
		}
	case byRaise:
		to = l.limits.Old + (l.first-l.limits.Old)/easeSteps*memcg.Limit(easeSteps-m.eased)
		if to >= l.limits.Mark {
			return out
		}
	default:
		return out
	}
	return m.move(now, l, to, out)
}

// thaw lets a share of the frozen leaves go: a group is frozen or it is not,
// so it is the groups that come back in steps.
func (m *Machine) thaw(frozen int, out []Decision) []Decision {
	const steps = easeSteps - 1 // the last of relief has nothing left to thaw
	keep := m.frozen * (steps - m.eased) / steps
	for i := m.nHeld - 1; i >= 0 && frozen > keep; i-- {
		l := m.held[i]
		if l.hold != holding || l.by != byFreeze {
			continue
		}
		l.thawed = true
		frozen--
		out = m.lift(l, out)
	}
	return out
}

// tighten takes back what relief has given: the pressure is there again. Who
// is thawed may be frozen again; a mark that is on its way is moved when it is there.
func (m *Machine) tighten(now time.Duration, out []Decision) []Decision {
	if m.eased > 0 {
		m.eased = 0
		for _, l := range m.leaves {
			l.thawed = false
		}
	}
	for _, l := range m.held[:m.nHeld] {
		if l.stage == 0 || l.hold != holding || l.moving || l.stiff {
			continue
		}
		l.stage = 0
		switch {
		case l.by == byThrottle && l.limits.Mark > l.first:
			out = m.move(now, l, 0, out)
		case l.by == byRaise && l.limits.Mark < l.first:
			out = m.move(now, l, l.first, out)
		}
	}
	return out
}

// squeezeShare and leastSqueeze are how far a mark goes down in a tick.
const (
	squeezeShare = 128
	leastSqueeze = 1 << 20
)

// squeeze presses throttled leaves below what they used, in small steps and
// only as long as that does not hurt: who runs into the mark is left at it.
// Never below what reclaim could reach, nor what the leaf is promised.
func (m *Machine) squeeze(now time.Duration, in *Reading, out []Decision) []Decision {
	share := memcg.Limit(m.rules.Policy.Hold.Squeeze)
	if share == 0 || !in.HostOK {
		return out
	}
	for _, l := range m.held[:m.nHeld] {
		if l.moving {
			return out // one at a time: the kernel may reclaim in the writer
		}
	}
	for _, l := range m.held[:m.nHeld] {
		r := &l.Reading
		ready := l.hold == holding && l.by == byThrottle && !l.moving && !l.stiff && r.UsageOK && r.StatOK && r.HighOK && l.ranOK
		if !ready || l.ran > 0 {
			continue
		}
		reclaimable := r.FileBytes + min(r.AnonBytes, in.Host.SwapFreeBytes)
		floor := max(l.first-l.first/10000*share, memcg.Limit(r.UsageBytes-min(reclaimable, r.UsageBytes)), memcg.Limit(r.GuardBytes))
		to := max(l.limits.Mark-max(l.first/squeezeShare, leastSqueeze), floor)
		if to < l.limits.Mark {
			return m.move(now, l, to, out)
		}
	}
	return out
}

// move asks the worker to move a mark.
func (m *Machine) move(now time.Duration, l *Leaf, to memcg.Limit, out []Decision) []Decision {
	l.moving, l.asked, l.late = true, now, false
	return append(out, Decision{Action: Move, Leaf: l, To: to, Until: m.deadline})
}

// MoveAnswered takes the answer to Move. A mark that cannot be moved stays
// where it is; the hold goes on.
func (m *Machine) MoveAnswered(now time.Duration, l *Leaf, h memcg.Hold, err error, out []Decision) []Decision {
	if m.Tap != nil {
		m.tap(Input{At: now, Kind: InputMove, Inode: l.Inode, Hold: h, Err: faultOf(err)})
	}
	if !l.moving {
		return out
	}
	l.moving = false
	if h != (memcg.Hold{}) {
		l.limits = h // what is in force, with an error as well: a mark of ours must not look like somebody else's
	}
	if errors.Is(err, memcg.ErrMoved) {
		l.Reading.HighOK = false // the next look finds what somebody else wrote
		return out
	}
	if err != nil {
		l.stiff = true
		if memcg.IsGone(err) || l.hold != holding {
			return out
		}
		note := m.note(NoteFailed, now)
		note.ofLeaf(l)
		note.Step, note.Err = "move the mark of the hold", err
		return append(out, Decision{Action: Report, Note: note})
	}
	l.Reading.HighOK = false
	return out
}

// overdueStep is what cannot be done while a write does not return.
const overdueStep = "write the limit: the kernel has not returned from it in a second; nothing waits for it, and it is interrupted"

// overdue tells of a worker that hangs, and has its write interrupted. A loan
// takes its time to come back.
func (m *Machine) overdue(now time.Duration, out []Decision) []Decision {
	for _, l := range m.held[:m.nHeld] {
		waiting := l.hold == asked || l.moving || (l.hold == lifting && l.by != byRaise)
		if !waiting || now-l.asked < overdueAfter {
			continue
		}
		out = append(out, Decision{Action: Interrupt, Leaf: l}) // each time: one may come before the write
		if l.late {
			continue
		}
		l.late = true
		note := m.note(NoteFailed, now)
		note.ofLeaf(l)
		note.Step = overdueStep
		out = append(out, Decision{Action: Report, Note: note})
	}
	return out
}
