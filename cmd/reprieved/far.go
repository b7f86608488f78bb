package main

import (
	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
)

// far is a leaf that nothing is open of, since there are more leaves than are
// kept open. In calm only its name is known. In an episode it is read in passing
// (census), and opened where it matters: only who is open is held, and judged
// by. It can be chosen as it is.
type far struct {
	node   *memcg.Node
	marks  marks
	young  bool // made in the episode that runs: all it has it gained since
	failed bool // it could not be opened
	gone   bool // it is no leaf any more, or an open one

	kills   uint64 // oom_kill of its memory.events when it was last looked at
	counted bool   // kills was read

	seen  bool // known and first are of the episode that runs
	known memcg.Glimpse
	first uint64 // what it had at the first look
}

// marks is what the tree and the configuration say of a leaf: who must not be
// stopped.
type marks struct {
	init, self, tame bool
	protected        string
}

// on puts the marks on a candidate.
func (k marks) on(c *controller.Candidate) {
	c.Init, c.Self, c.Tame, c.Protected = k.init, k.self, k.tame, k.protected
}

// marksOf looks for the marks of a leaf: at it, in it, and above it.
func (d *daemon) marksOf(n *memcg.Node) marks {
	var c controller.Candidate
	for up := n.Parent; up != nil; up = up.Parent {
		d.protect(&c, up)
	}
	d.inspect(&c, n)
	return marks{init: c.Init, self: within(d.own, n.Path), tame: c.Tame, protected: c.Protected}
}

// bytes is what it has in memory and in swap.
func (f *far) bytes() uint64 { return f.known.UsageBytes + f.known.SwapBytes }

// gained is what it took since the first look of the episode.
func (f *far) gained() uint64 {
	switch {
	case !f.seen:
		return 0
	case f.young:
		return f.bytes()
	}
	return f.bytes() - min(f.first, f.bytes())
}

// addFar notes a leaf that is not opened.
func (d *daemon) addFar(s *slice, n *memcg.Node) {
	f := &far{node: n, marks: d.marksOf(n), young: s.m.Phase() != controller.PhaseCalm}
	f.counted = f.young
	s.far[n] = f
	s.fresh = append(s.fresh, f)
	if d.crowd.counter == nil {
		d.crowd.counter = d.desk.Queue(64)
	}
	if !s.farTold {
		s.farTold = true
		d.tell.plain(prioInfo, "%s has leaves that are not kept open, beyond %d of all slices; at a breach the largest and those that grow are opened",
			s.unit, d.crowd.budget.most[readySlot])
	}
}

// remark looks for the marks of the far leaf anew that a changed node lies in.
func (d *daemon) remark(s *slice, n *memcg.Node) {
	if len(s.far) == 0 {
		return
	}
	for up := n.Parent; up != nil && up != s.node; up = up.Parent {
		if f := s.far[up]; f != nil {
			f.marks = d.marksOf(up)
			return
		}
	}
}

// dropMember drops a leaf, open or not.
func (d *daemon) dropMember(s *slice, n *memcg.Node) {
	f := s.far[n]
	if f == nil {
		d.dropLeaf(s, n)
		return
	}
	d.forgetFar(s, f)
	if n.There() && s.armed {
		d.armAll(s, []*far{f}, false) // what it was armed for it is no more
	}
}

func (d *daemon) forgetFar(s *slice, f *far) {
	f.gone = true
	delete(s.far, f.node)
}

// leaveFar forgets all of them, when their slice is let go.
func (d *daemon) leaveFar(s *slice) {
	var there []*far
	for _, f := range s.far {
		d.forgetFar(s, f)
		if f.node.There() {
			there = append(there, f)
		}
	}
	s.fresh, s.toArm, s.census = nil, nil, census{}
	for len(there) > 0 {
		n := min(len(there), visitBatch)
		d.armAll(s, there[:n], false)
		there = there[n:]
	}
}

// visitBatch is how many groups a job of the taker visits at most: some
// milliseconds' worth, so that who is to be opened does not wait for all.
const visitBatch = 512

// visit has new far leaves looked at once: how many the kernel has killed in
// them, so that it is known later whom it kills; and they are armed.
func (d *daemon) visit(s *slice) {
	for len(s.fresh) > 0 {
		n := min(len(s.fresh), visitBatch)
		d.count(s.fresh[:n:n], d.mount)
		if s.armed {
			d.armAll(s, s.fresh[:n:n], true)
		}
		s.fresh = s.fresh[n:]
	}
	s.fresh = nil
}

// count reads oom_kill of far leaves, off the loop.
func (d *daemon) count(all []*far, mount string) {
	var ask []*far
	for _, f := range all {
		if !f.counted && !f.gone {
			ask = append(ask, f)
		}
	}
	if len(ask) == 0 {
		return
	}
	kills, ok := make([]uint64, len(ask)), make([]bool, len(ask))
	d.later(func() worker.Answer {
		var buf memcg.Buffer
		for i, f := range ask {
			e, err := memcg.GlanceEvents(mount, f.node.Path, f.node.Inode, &buf)
			kills[i], ok[i] = e.OOMKill, err == nil
		}
		return func() {
			for i, f := range ask {
				f.kills, f.counted = kills[i], ok[i]
			}
		}
	})
}

// armAll arms far leaves, or takes it back, off the loop. For each it opens its
// directory and the one file.
func (d *daemon) armAll(s *slice, all []*far, want bool) {
	type visited struct {
		path  string
		inode uint64
	}
	var visits []visited
	for _, f := range all {
		if want && (f.gone || f.marks.init || f.marks.self || f.marks.protected != "") {
			continue // a stop could not choose it
		}
		visits = append(visits, visited{f.node.Path, f.node.Inode})
	}
	if len(visits) == 0 {
		return
	}
	self, mount := s.group.Retain(), d.mount
	d.later(func() worker.Answer {
		defer self.Release()
		owner, _ := self.Owner()
		var failed error
		for _, v := range visits {
			g, err := memcg.OpenAs(mount, v.path, v.inode)
			if err == nil {
				err = armOne(g, owner, want)
				g.Release()
			}
			if err != nil && !memcg.IsGone(err) {
				failed = err
			}
		}
		if failed == nil {
			return nil
		}
		return func() { d.sayArm(failed) }
	})
}

// armFar goes on with a round over the far leaves, or begins one.
func (d *daemon) armFar(s *slice) {
	if len(s.toArm) == 0 {
		for _, f := range s.far {
			s.toArm = append(s.toArm, f)
		}
	}
	n := min(len(s.toArm), visitBatch)
	d.armAll(s, s.toArm[:n:n], s.armed)
	if s.toArm = s.toArm[n:]; len(s.toArm) == 0 {
		s.toArm = nil
		return
	}
	d.rearmSoon()
}
