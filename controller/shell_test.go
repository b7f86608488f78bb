package controller_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"

	"reprieve/controller"
	"reprieve/memcg"
)

// carry is the shell: it carries out decisions and brings the answers.
func (s *simSlice) carry(all []controller.Decision) {
	s.decided(all)
	for _, d := range all {
		switch d.Action {
		case controller.Hold, controller.PutBack:
			s.w.say("hold %s", d.Leaf.Unit)
			s.soon(s.slow, func() { s.hold(d) })
		case controller.Move:
			s.move(d)
		case controller.Interrupt:
			s.w.say("interrupt %s", d.Leaf.Unit)
			s.did("interrupt", d.Leaf.Unit, 0)
		case controller.Signal, controller.Start:
			s.w.say("%s %s", d.Step.By, d.Step.Unit)
			s.did(d.Step.By, d.Step.Unit, 0)
			s.carry(s.m.StepAnswered(s.w.now, d.Step, s.stepErr, nil))
		case controller.Notify:
			s.w.say("notify of %s", d.Victim.Unit)
			s.did("notify", d.Victim.Unit, 0)
			if !s.deafHooks {
				s.soon(s.slowHooks, func() { s.carry(s.m.HooksAnswered(s.w.now, d.Victim.Inode, s.hooks, nil)) })
			}
		case controller.Lift:
			s.w.say("lift %s", d.Leaf.Unit)
			s.did("lift", d.Leaf.Unit, 0)
			delete(s.heldSince, d.Leaf) // asked in time: more is not in the machine's hands
			if s.stuckLift {
				break
			}
			s.restore(d.Leaf)
			s.carry(s.m.LiftAnswered(s.w.now, d.Leaf, memcg.RestoredOld, nil, nil))
		case controller.Weigh:
			if !s.silentWeigh {
				s.carry(s.m.Weighed(s.w.now, s.candidates(d.Scale), nil))
			}
		case controller.Foresee:
			if !s.silentForesee {
				s.carry(s.m.Foreseen(s.w.now, s.rank(d.Scale), nil))
			}
		case controller.Sign:
			s.signed, s.signedBy = d.Victim, d.Until
		case controller.Withdraw:
			s.signed = nil
		case controller.TakeSamples:
			for _, g := range s.groups {
				g.leaf.Sampled(controller.Sample{At: s.w.now, OK: true})
			}
		case controller.StopUnit:
			s.w.say("StopUnit %s", d.Victim.Unit)
			s.did("StopUnit", d.Victim.Unit, 0)
			s.victim = s.group(d.Victim.Leaves[0])
			switch {
			case s.deaf:
			case s.late > 0:
				s.late--
				s.carry(s.m.StopAnswered(s.w.now, errors.New("late"), false, nil))
			default:
				s.carry(s.m.StopAnswered(s.w.now, s.stopErr, false, nil))
			}
		case controller.Kill:
			s.w.say("kill %s", d.Victim.Unit)
			s.did("kill", d.Victim.Unit, 0)
			s.killed = true
			s.carry(s.m.KillAnswered(s.w.now, nil, nil))
		case controller.Sweep:
			s.w.say("sweep %s", d.Victim.Unit)
			s.carry(s.m.SweepAnswered(s.w.now, memcg.Swept{Left: s.left}, nil, nil))
		case controller.Report:
			s.note(d.Note)
		}
	}
}

// restore gives back what a hold stands in for.
func (s *simSlice) restore(l *controller.Leaf) {
	limits := l.Limits()
	g := s.group(l)
	switch {
	case limits.File == memcg.MaxFile:
		s.max = limits.Old
	case g == nil:
	case limits.File == memcg.Freeze:
		g.frozen = false
	default:
		g.high = limits.Old
	}
}

// move moves a mark; 0 is at usage. An answer to a hold that is over comes too late.
func (s *simSlice) move(d controller.Decision) {
	if s.stuckMove {
		return
	}
	s.soon(s.slowMove, func() {
		h, g := d.Leaf.Limits(), s.group(d.Leaf)
		if h.File == 0 {
			return // lifted meanwhile: the write was interrupted
		}
		if h.Mark = d.To; h.Mark == 0 {
			h.Mark = memcg.Limit(d.Leaf.Reading.UsageBytes + mib)
		}
		s.moves = append(s.moves, h.Mark)
		s.did("move", d.Leaf.Unit, h.Mark)
		switch {
		case h.File == memcg.MaxFile:
			s.max = h.Mark
		case g != nil:
			g.high = h.Mark
			g.usage = min(g.usage, uint64(h.Mark)) // the writer reclaims
		}
		s.carry(s.m.MoveAnswered(s.w.now, d.Leaf, h, s.moveErr, nil))
	})
}

func (s *simSlice) hold(d controller.Decision) {
	if s.holdErr != nil {
		s.carry(s.m.HoldAnswered(s.w.now, d.Leaf, memcg.Hold{}, s.holdErr, nil))
		return
	}
	old := memcg.Max
	if s.kept {
		old = memcg.Limit(700 * mib)
	}
	if s.old > 0 {
		old = s.old
	}
	if d.Action == controller.PutBack {
		old = d.Found
	}
	h := memcg.Hold{File: memcg.High, Old: old, Mark: memcg.Limit(d.Leaf.Reading.UsageBytes + mib)}
	g := s.group(d.Leaf)
	switch {
	case d.By == "raise":
		h = memcg.Hold{File: memcg.MaxFile, Old: s.max, Mark: s.max + memcg.Limit(d.Bytes)}
		s.max = h.Mark
	case g == nil:
	case d.By == "freeze":
		h = memcg.Hold{File: memcg.Freeze, Mark: 1}
		g.frozen = true
	default:
		g.high = h.Mark
	}
	if _, again := s.heldSince[d.Leaf]; !again {
		s.heldSince[d.Leaf] = s.w.now
	}
	s.did("held", d.Leaf.Unit, h.Mark)
	s.carry(s.m.HoldAnswered(s.w.now, d.Leaf, h, nil, nil))
}

func (s *simSlice) candidates(scale controller.Scale) []controller.Candidate {
	if s.onWeigh != nil {
		s.onWeigh(s.weighed)
	}
	s.weighed++
	return s.rank(scale)
}

func (s *simSlice) rank(scale controller.Scale) []controller.Candidate {
	var all []controller.Candidate
	for _, g := range s.groups {
		c := controller.Candidate{
			Leaves: []*controller.Leaf{g.leaf}, Unit: g.leaf.Unit, Path: g.leaf.Path, Inode: g.leaf.Inode, UsageBytes: g.usage,
			Empty: !g.alive, Immune: g.immune, Unreadable: g.blind, Kills: g.kills,
			Levels: []*controller.Level{{Unit: g.leaf.Unit, Path: g.leaf.Path, Inode: g.leaf.Inode, Score: controller.Score{Priority: g.prio}}},
			Score:  controller.Score{Priority: g.prio, FootprintBytes: g.usage + g.swap},
		}
		if scale.Kernel {
			g.kills = 0
		}
		if g.protect {
			c.Protected = g.leaf.Unit
		}
		all = append(all, c)
	}
	scale.Set(all)
	for i := scale.Next(all); i >= 0; i = scale.Next(all) {
		all[i].Measured, all[i].Score.FootprintBytes = true, all[i].UsageBytes
	}
	scale.Rank(all)
	return all
}

func (s *simSlice) note(n controller.Note) {
	switch n.Kind {
	case controller.NoteBreach:
		if s.onBreach != nil {
			s.onBreach(n)
		}
		s.w.say("breach %s by %s", s.m.Slice, n.Breach.By)
		s.killed, s.victim = false, nil
	case controller.NoteHold:
		if s.onHold != nil {
			s.onHold(n)
		}
		s.w.say("held %s", n.Unit)
	case controller.NoteRelief:
		if s.onRelief != nil {
			s.onRelief(n)
		}
		s.w.say("%s", strings.TrimSpace("relief "+s.m.Slice+map[bool]string{true: " spared"}[n.Spared]))
	case controller.NoteStep:
		if s.onStep != nil {
			s.onStep(n)
		}
		if n.Err != nil {
			s.w.say("not done: %s", n.Rung.By)
		}
	case controller.NoteReleased:
		s.w.say("released %d", n.Held)
	case controller.NoteHooks:
		if s.onHooks != nil {
			s.onHooks(n)
		}
		s.w.say("told %d", len(n.Hooks))
	case controller.NoteStop:
		if s.onStop != nil {
			s.onStop(n)
		}
		s.w.say("stop %s", n.Unit)
		s.killed = false
	case controller.NoteStopped:
		s.w.say("stopped %s", n.Unit)
	case controller.NoteSettled:
		if s.onSettled != nil {
			s.onSettled(n)
		}
		if s.ghost != nil && n.Unit == s.ghost.leaf.Unit {
			s.ghost.alive, s.killed = true, false
		}
		s.w.say("settled %s goesOn=%v", n.Unit, n.GoesOn)
	case controller.NoteAcquitted:
		s.w.say("acquitted %s", n.Unit)
	case controller.NoteKernel:
		s.w.say("%s", strings.TrimSpace(fmt.Sprintf("kernel killed %d in %s: %s", n.Kills, n.Unit, n.Aside)))
	case controller.NoteFailed:
		if s.onFailed != nil {
			s.onFailed(n)
		}
		s.w.say("failed: %s", strings.SplitN(n.Step, ":", 2)[0])
	}
}

// expect compares what happened with a story, a line an event.
func (w *world) expect(story string) {
	w.t.Helper()
	var want []string
	for line := range strings.Lines(story) {
		if line = strings.TrimSpace(line); line != "" {
			want = append(want, line)
		}
	}
	if diff := cmp.Diff(want, w.log); diff != "" {
		w.t.Errorf("the story differs (-want +got):\n%s", diff)
	}
	w.replayed()
	for _, s := range w.slices {
		for _, g := range s.groups {
			if s.m.Phase() == controller.PhaseCalm && g.alive && g.high != memcg.Max && !s.kept && g.high != s.old {
				w.t.Errorf("calm, and %s still has memory.high %v", g.leaf.Unit, g.high)
			}
		}
	}
}
