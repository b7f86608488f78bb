package controller

import (
	"encoding/binary"
	"fmt"
)

// Replay gives the inputs of a trace to a new machine on a host of its own and
// returns what that decides, as Decided writes it. rules are those of the trace's Policy and Observe. It
// is an error when the trace has another version, or an input does not fit those before it.
func Replay(t *Trace, rules Rules) ([]string, error) {
	var all []string
	err := replay(t, rules, func(i int, _ *Machine, decided []Decision) { all = Decided(all, i, decided) })
	return all, err
}

func replay(t *Trace, rules Rules, each func(i int, m *Machine, decided []Decision)) error {
	if t.Version != TraceVersion {
		return fmt.Errorf("replay a trace of %s: version %d, want %d", t.Slice, t.Version, TraceVersion)
	}
	p := newPlayer(t, rules)
	for i := range t.Inputs {
		in := &t.Inputs[i]
		decided, err := p.play(in)
		if err != nil {
			return fmt.Errorf("replay a trace of %s: input %d (%s): %w", t.Slice, i, in.Kind, err)
		}
		each(i, p.m, decided)
	}
	return nil
}

// player is the shell of a machine that lives through a trace.
type player struct {
	m      *Machine
	leaves map[uint64]*Leaf // by inode, the slice's own among them; those that are gone may still be answered for
	others map[InputKind]map[string]*Witness
}

func newPlayer(t *Trace, rules Rules) *player {
	p := &player{leaves: map[uint64]*Leaf{}, others: map[InputKind]map[string]*Witness{}}
	var self *Leaf
	if t.Self.Path != "" {
		self = p.leaf(&t.Self)
	}
	episodes := uint64(0)
	p.m = NewMachine(&Host{}, t.Slice, rules, self, func() (id ID) {
		episodes++
		binary.BigEndian.PutUint64(id[8:], episodes)
		return id
	})
	return p
}

func (p *player) leaf(as *Member) *Leaf {
	l := NewLeaf(as.Unit, as.Path, as.Inode)
	l.User, l.UID, l.HadBytes = as.User, as.UID, as.HadBytes
	p.leaves[as.Inode] = l
	return l
}

// play gives one input to the machine.
func (p *player) play(in *Input) ([]Decision, error) {
	m := p.m
	switch in.Kind {
	case InputStep:
		return p.step(in)
	case InputHold, InputMove, InputLift, InputGone:
		return p.ofLeaf(in)
	case InputTaken:
		if in.Step == nil {
			return nil, errEmpty
		}
		return m.StepAnswered(in.At, *in.Step, in.Err.err(), nil), nil
	case InputWeighed, InputForeseen:
		all, err := p.candidates(in)
		if err != nil {
			return nil, err
		}
		if in.Kind == InputForeseen {
			return m.Foreseen(in.At, all, nil), nil
		}
		return m.Weighed(in.At, all, nil), nil
	case InputGuarded:
		return m.Guarded(in.At, in.Inode, in.Err.err(), nil), nil
	case InputHooks, InputStop, InputKill, InputSweep, InputVictim, InputAfter, InputAlong:
		return p.ofStop(in)
	case InputLeaf:
		if in.Member == nil {
			return nil, errEmpty
		}
		m.AddLeaf(p.leaf(in.Member), in.Young)
	case InputWitnesses:
		m.SetWitnesses(p.set(in.Kind, in.Witnesses))
	case InputParts:
		m.SetParts(p.set(in.Kind, in.Parts))
	case InputRules:
	case InputRelease:
		_, all := m.Release(in.At, nil)
		return all, nil
	case InputPause:
		_, all := m.Pause(in.At, in.Until, nil)
		return all, nil
	case InputClose:
		return m.Close(nil), nil
	default:
		return nil, fmt.Errorf("unknown kind")
	}
	return nil, nil
}

var errEmpty = fmt.Errorf("what it is about is missing")

// step fills in what the shell had read, and steps.
func (p *player) step(in *Input) ([]Decision, error) {
	if in.Reading == nil {
		return nil, errEmpty
	}
	for i := range in.Leaves {
		l := p.leaves[in.Leaves[i].Inode]
		if l == nil {
			return nil, noLeaf(in.Leaves[i].Inode)
		}
		l.Reading = in.Leaves[i].Reading
	}
	p.see(InputWitnesses, in.Witnesses)
	p.see(InputParts, in.Parts)
	return p.m.Step(in.At, in.Reading, nil), nil
}

// see fills in the readings of witnesses or parts; who has none was not read.
func (p *player) see(kind InputKind, all []WitnessSeen) {
	for _, w := range p.others[kind] {
		w.TotalsOK = false
	}
	for _, seen := range all {
		if w := p.others[kind][seen.Path]; w != nil {
			w.Totals, w.TotalsOK = seen.Totals, seen.OK
		}
	}
}

// set lists witnesses or parts by their paths; those that were there go on
// with what is known of them.
func (p *player) set(kind InputKind, all []WitnessSeen) []*Witness {
	was, is := p.others[kind], map[string]*Witness{}
	var list []*Witness
	for _, seen := range all {
		w := was[seen.Path]
		if w == nil {
			w = &Witness{Path: seen.Path}
		}
		is[seen.Path] = w
		list = append(list, w)
	}
	p.others[kind] = is
	return list
}

func noLeaf(inode uint64) error { return fmt.Errorf("no leaf with inode %d was told of", inode) }

// ofLeaf plays an input that is about one leaf.
func (p *player) ofLeaf(in *Input) ([]Decision, error) {
	m, l := p.m, p.leaves[in.Inode]
	if l == nil {
		return nil, noLeaf(in.Inode)
	}
	switch in.Kind {
	case InputHold:
		return m.HoldAnswered(in.At, l, in.Hold, in.Err.err(), nil), nil
	case InputMove:
		return m.MoveAnswered(in.At, l, in.Hold, in.Err.err(), nil), nil
	case InputLift:
		return m.LiftAnswered(in.At, l, in.How, in.Err.err(), nil), nil
	}
	return m.DropLeaf(l, nil), nil
}

// ofStop plays an input that is about a stop.
func (p *player) ofStop(in *Input) ([]Decision, error) {
	m := p.m
	switch {
	case in.Kind == InputHooks:
		var answers []HookAnswer
		for _, h := range in.Hooks {
			answers = append(answers, HookAnswer{Name: h.Name, Took: h.Took, Err: h.Err.err()})
		}
		return m.HooksAnswered(in.At, in.Inode, answers, nil), nil
	case in.Kind == InputStop:
		return m.StopAnswered(in.At, in.Err.err(), in.Final, nil), nil
	case in.Kind == InputKill:
		return m.KillAnswered(in.At, in.Err.err(), nil), nil
	case in.Kind == InputSweep && in.Swept != nil:
		return m.SweepAnswered(in.At, *in.Swept, in.Err.err(), nil), nil
	case in.Kind == InputVictim && in.Victim != nil:
		return m.VictimSeen(in.At, *in.Victim, nil), nil
	case in.Kind == InputAfter && in.After != nil:
		m.After(*in.After)
	case in.Kind == InputAlong:
		m.Along(in.Units)
	default:
		return nil, errEmpty
	}
	return nil, nil
}

// candidates gives candidates their leaves and the groups above them again.
func (p *player) candidates(in *Input) ([]Candidate, error) {
	levels := make([]*Level, len(in.Levels))
	for i, l := range in.Levels {
		levels[i] = &Level{
			Unit: l.Unit, Path: l.Path, Inode: l.Inode, Score: l.Score,
			UsageBytes: l.UsageBytes, Guard: l.Guard, Children: l.Children, guarded: l.Effective, linked: true, effectiveOK: true,
		}
	}
	var all []Candidate
	for i := range in.Candidates {
		seen := &in.Candidates[i]
		c := seen.Candidate
		for _, inode := range seen.Leaves {
			l := p.leaves[inode]
			if l == nil {
				return nil, noLeaf(inode)
			}
			c.Leaves = append(c.Leaves, l)
		}
		for _, n := range seen.Way {
			if n < 0 || n >= len(levels) {
				return nil, fmt.Errorf("%s: level %d of %d", c.Unit, n, len(levels))
			}
			c.Levels = append(c.Levels, levels[n])
		}
		all = append(all, c)
	}
	return all, nil
}
