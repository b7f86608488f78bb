package main

import (
	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/plugins"
	"reprieve/units"
)

// leaf is a leaf of a watched slice, or the slice itself, with what is open of
// it.
type leaf struct {
	node  *memcg.Node
	group *memcg.Group // nil until it is open
	leaf  *controller.Leaf
	lane  *lane // while jobs of it are under way
	busy  int   // how many

	held memcg.Hold  // in force; its jobs alone touch it
	way  plugins.Way // that it is held by, the same

	slot    slot // of the budget, that it is open by
	parting bool // closed since the episode is over: it is a leaf still

	kills   uint64 // oom_kill of its memory.events when it was last looked at
	counted bool   // before it was opened
	had     uint64 // bytes when the episode began, where it is opened during one; 0: not known
	was     *far   // what was known of it before it was opened for an episode
	gone    bool   // retired: closed when the last job is answered
}

// leafFiles is what is read and written of a leaf; all is open before it is
// needed.
var leafFiles = []memcg.File{
	memcg.Current, memcg.SwapCurrent, memcg.Pressure, memcg.EventsAll, memcg.EventsLocal, memcg.StatFile, memcg.High, memcg.CgroupEvents, memcg.KillFile,
	memcg.Freeze, memcg.Min, memcg.Low,
}

// witness is a group beside the way from a watched slice to the root.
type witness struct {
	group *memcg.Group // nil until it is open
	seen  *controller.Witness
}

// leavesBelow returns the leaves of a slice. By slices, they are the slices
// that hold no slice, and the units that stand beside slices: those of a slice
// without slices below it are all of its units. By units, they are all units.
// Below a user's manager they are its units in any case: apps, never the whole
// session.
func leavesBelow(n *memcg.Node, byUnits bool) []*memcg.Node {
	var all []*memcg.Node
	for _, c := range n.Children() {
		switch name := nameOf(c.Path); {
		case name.unit == "":
		case units.ManagerRoot(c.Path):
			all = append(all, leavesBelow(c, true)...)
		case !c.Inner:
			all = append(all, c)
		case byUnits || hasSlice(c):
			all = append(all, leavesBelow(c, byUnits)...)
		default:
			all = append(all, c)
		}
	}
	return all
}

func hasSlice(n *memcg.Node) bool {
	for _, c := range n.Children() {
		if c.Inner {
			return true
		}
	}
	return false
}

// besides returns the groups beside the way from n to the root.
func besides(n *memcg.Node) []*memcg.Node {
	var all []*memcg.Node
	for ; n.Parent != nil; n = n.Parent {
		for _, c := range n.Parent.Children() {
			if _, unit := units.FromCgroup(c.Path); unit && c != n {
				all = append(all, c)
			}
		}
	}
	return all
}

// members brings a slice's leaves and witnesses in line with the tree. It looks
// at all of them: where one has changed, review does.
func (d *daemon) members(s *slice) {
	s.from = s.m.Rules().Policy.Stop.From
	want := map[*memcg.Node]bool{}
	for _, n := range leavesBelow(s.node, s.from == "units") {
		want[n] = true
		if !s.has(n) {
			d.addLeaf(s, n)
		}
	}
	for n := range s.leaves {
		if !want[n] {
			d.dropMember(s, n)
		}
	}
	for n, f := range s.far {
		if !want[n] {
			d.dropMember(s, n)
			continue
		}
		f.marks = d.marksOf(n)
	}
	d.visit(s)
	d.reviewParts(s)
	d.reviewWitnesses(s)
}

// reviewWitnesses brings the groups beside a slice's way to the root in line
// with the tree, the nearest where they are too many.
func (d *daemon) reviewWitnesses(s *slice) {
	want := map[*memcg.Node]bool{}
	for _, n := range besides(s.node) {
		want[n] = true
	}
	for n := range s.witnesses {
		if !want[n] {
			d.dropWitness(s, n)
		}
	}
	for _, n := range besides(s.node) {
		if s.witnesses[n] == nil {
			d.addWitness(s, n)
		}
	}
}

// addLeaf opens a leaf, or notes it as far where too many are open.
func (d *daemon) addLeaf(s *slice, n *memcg.Node) {
	if d.crowd.budget.take(readySlot) {
		d.openLeaf(s, n, readySlot, s.m.Phase() != controller.PhaseCalm)
		return
	}
	d.addFar(s, n)
}

// openLeaf opens a leaf off the loop and gives it to the machine then. A young
// one was made during the episode that runs.
func (d *daemon) openLeaf(s *slice, n *memcg.Node, by slot, young bool) {
	lf := &leaf{node: n, slot: by}
	s.leaves[n] = lf
	mount := d.mount
	d.later(func() worker.Answer {
		g, err := memcg.OpenAs(mount, n.Path, n.Inode, leafFiles...)
		return func() {
			switch {
			case s.leaves[n] != lf:
				if g != nil {
					d.drop(g)
				}
			case err == nil:
				d.leafOpen(s, lf, g, young)
			case !memcg.IsGone(err):
				d.dropLeaf(s, n)
				d.addFar(s, n)
				s.far[n].failed = true
				d.visit(s)
				d.tell.plain(prioWarning, "%v; it is not kept open", err)
			}
		}
	})
}

// leafOpen takes in what openLeaf opened.
func (d *daemon) leafOpen(s *slice, lf *leaf, g *memcg.Group, young bool) {
	n := lf.node
	name := nameOf(n.Path)
	lf.group, lf.leaf = g, controller.NewLeaf(name.unit, n.Path, n.Inode)
	lf.leaf.User, lf.leaf.UID, lf.leaf.HadBytes = name.user, name.uid, lf.had
	lf.leaf.Spared = d.spared(n)
	if !young && !lf.counted {
		e, _ := g.Events(&d.buf) // without it its kills are counted from 0
		lf.kills = e.OOMKill
	}
	d.byLeaf[lf.leaf] = lf
	s.version++
	s.m.AddLeaf(lf.leaf, young)
	d.rearmSoon()
}

// spared reports whether a leaf is never held by itself, as it is never
// stopped: a service manager lives in it, or the daemon, or it is protected.
func (d *daemon) spared(n *memcg.Node) bool {
	var c controller.Candidate
	d.inspect(&c, n)
	for up := n.Parent; up != nil; up = up.Parent {
		d.protect(&c, up)
	}
	return c.Init || c.Protected != "" || within(d.own, n.Path)
}

func (d *daemon) dropLeaf(s *slice, n *memcg.Node) {
	lf := s.leaves[n]
	delete(s.leaves, n)
	d.crowd.budget.give(lf.slot)
	s.version++
	if lf.leaf == nil {
		return // not open yet
	}
	d.carry(s, s.m.DropLeaf(lf.leaf, d.room()))
	d.retire(lf)
}

// retire closes a leaf when no job of it is under way any more.
func (d *daemon) retire(lf *leaf) {
	lf.gone = true
	if lf.busy > 0 {
		return
	}
	delete(d.byLeaf, lf.leaf)
	delete(d.psi, lf.node.Inode)
	if lf.parting {
		d.drop(lf.group)
		return
	}
	// What it was armed for it is no more; a group that is gone took it along.
	d.later(func() worker.Answer { _, _ = lf.group.Disarm(); lf.group.Release(); return nil })
}

func (d *daemon) addWitness(s *slice, n *memcg.Node) {
	if len(s.witnesses) >= mostWitnesses {
		return
	}
	w := &witness{seen: &controller.Witness{Path: n.Path}}
	s.witnesses[n] = w
	d.open(n, []memcg.File{memcg.Pressure}, func(g *memcg.Group) bool {
		if s.witnesses[n] != w {
			return false
		}
		w.group = g
		d.setWitnesses(s)
		return true
	})
}

func (d *daemon) dropWitness(s *slice, n *memcg.Node) {
	w := s.witnesses[n]
	delete(s.witnesses, n)
	delete(d.psi, n.Inode)
	if w.group == nil {
		return
	}
	d.setWitnesses(s)
	d.drop(w.group)
}

func (d *daemon) setWitnesses(s *slice) {
	all := make([]*controller.Witness, 0, len(s.witnesses))
	for _, w := range s.witnesses {
		if w.group != nil {
			all = append(all, w.seen)
		}
	}
	s.m.SetWitnesses(all)
}

// open opens a group off the loop. use says, on the loop, whether the group is
// still wanted. One that is gone meanwhile is nobody's loss.
func (d *daemon) open(n *memcg.Node, files []memcg.File, use func(*memcg.Group) bool) {
	mount := d.mount
	d.later(func() worker.Answer {
		g, err := memcg.Open(mount, n.Path)
		if err == nil {
			err = g.Prepare(files...)
		}
		return func() {
			if err == nil && g.Inode == n.Inode && use(g) {
				return
			}
			if g != nil {
				d.later(func() worker.Answer { g.Release(); return nil })
			}
			if err != nil && !memcg.IsGone(err) {
				d.tell.plain(prioWarning, "%v; it is not looked at", err)
			}
		}
	})
}
