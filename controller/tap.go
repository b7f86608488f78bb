package controller

import "time"

// tap passes an input on to who records the machine. Callers ask first whether
// there is anybody: in calm nothing is built for nobody.
func (m *Machine) tap(in Input) { m.Tap(&in) }

// tapStep passes a step on: what the shell filled in everywhere before it. In calm it reads
// no leaf and no witness.
func (m *Machine) tapStep(now time.Duration, in *Reading) {
	if m.Tap == nil {
		return
	}
	reading := *in
	input := Input{At: now, Kind: InputStep, Reading: &reading, Parts: witnessesSeen(m.parts)}
	if m.phase != PhaseCalm {
		for _, l := range m.leaves {
			input.Leaves = append(input.Leaves, LeafSeen{Inode: l.Inode, Reading: l.Reading})
		}
		if m.self != nil {
			input.Leaves = append(input.Leaves, LeafSeen{Inode: m.self.Inode, Reading: m.self.Reading})
		}
		input.Witnesses = witnessesSeen(m.witnesses)
	}
	m.tap(input)
}

func witnessesSeen(all []*Witness) []WitnessSeen {
	var seen []WitnessSeen
	for _, w := range all {
		seen = append(seen, WitnessSeen{Path: w.Path, Totals: w.Totals, OK: w.TotalsOK})
	}
	return seen
}

// tapWeighed passes the answer to Weigh or Foresee on.
func (m *Machine) tapWeighed(now time.Duration, kind InputKind, all []Candidate) {
	if m.Tap == nil {
		return
	}
	input := Input{At: now, Kind: kind}
	numbers := map[*Level]int{}
	for i := range all {
		c := CandidateSeen{Candidate: all[i]}
		c.Candidate.Leaves, c.Candidate.Levels = nil, nil
		for _, l := range all[i].Leaves {
			c.Leaves = append(c.Leaves, l.Inode)
		}
		for _, l := range all[i].Levels {
			n, seen := numbers[l]
			if !seen {
				n = len(input.Levels)
				numbers[l] = n
				input.Levels = append(input.Levels, LevelSeen{
					Unit: l.Unit, Path: l.Path, Inode: l.Inode, Score: l.Score,
					UsageBytes: l.UsageBytes, Guard: l.Guard, Children: l.Children, Effective: l.guarded,
				})
			}
			c.Way = append(c.Way, n)
		}
		input.Candidates = append(input.Candidates, c)
	}
	m.tap(input)
}

// tapHooks passes the answer to Notify on.
func (m *Machine) tapHooks(now time.Duration, victim uint64, answers []HookAnswer) {
	if m.Tap == nil {
		return
	}
	input := Input{At: now, Kind: InputHooks, Inode: victim}
	for _, a := range answers {
		input.Hooks = append(input.Hooks, HookSeen{Name: a.Name, Took: a.Took, Err: faultOf(a.Err)})
	}
	m.tap(input)
}

// member is a leaf as it was told of.
func (l *Leaf) member() *Member {
	return &Member{Unit: l.Unit, Path: l.Path, Inode: l.Inode, User: l.User, UID: l.UID, HadBytes: l.HadBytes}
}

// Trace begins the trace of an episode that has just begun, with the inputs
// that tell of all that is in the slice. The caller adds those that led to the episode and
// all that come.
func (m *Machine) Trace() *Trace {
	t := &Trace{Version: TraceVersion, Slice: m.Slice, Policy: m.rules.Policy, Observe: m.rules.Observe}
	t.Policy.Origins = nil
	if m.self != nil {
		t.Self = *m.self.member()
	}
	t.Inputs = append(t.Inputs,
		Input{Kind: InputParts, Parts: witnessesSeen(m.parts)},
		Input{Kind: InputWitnesses, Witnesses: witnessesSeen(m.witnesses)})
	for _, l := range m.leaves {
		t.Inputs = append(t.Inputs, Input{Kind: InputLeaf, Member: l.member()})
	}
	return t
}

// Afresh reports whether an episode that began now would owe nothing to one
// before: a trace may begin here.
func (m *Machine) Afresh(now time.Duration) bool {
	over := max(m.ended, m.glow+m.window.Length()) + m.rules.Policy.Hold.Calm
	return m.phase == PhaseCalm && m.nHeld == 0 && now > max(over, m.deaf, m.host.quiet)
}
