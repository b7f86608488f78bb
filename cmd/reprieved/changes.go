package main

import (
	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/units"
)

// crowd is what the daemon keeps so that it need not walk the tree for each
// group that comes or goes, nor open all of them.
type crowd struct {
	watched map[*memcg.Node]*slice
	altered []*memcg.Node // by the tree, since it was drained last
	budget  budget
	blind   int           // groups without a watch when that was told last
	counter *worker.Queue // reads far leaves; choices do not wait for it. nil: there are none
}

// alteredKept is how much room for changes is kept from one drain to the next.
const alteredKept = 1024

// treeReady takes in groups that came and went.
func (d *daemon) treeReady(uint32) {
	d.takeIn(d.tree.Drain(d.alter))
}

func (d *daemon) alter(c memcg.Change) { d.crowd.altered = append(d.crowd.altered, c.Node) }

// takeIn brings what is watched in line with the groups that changed, and with
// no others: what it costs does not grow with the tree.
func (d *daemon) takeIn(err error) {
	if err != nil {
		d.tell.plain(prioErr, "follow the cgroup tree: %v", err)
	}
	c := &d.crowd
	if len(c.altered) == 0 {
		return
	}
	for _, n := range c.altered {
		d.review(n)
	}
	clear(c.altered)
	if c.altered = c.altered[:0]; cap(c.altered) > alteredKept {
		c.altered = nil
	}
	for _, s := range d.slices {
		d.visit(s)
	}
	d.sayUnwatched()
	d.rearmSoon()
}

// review looks at one node that came or went.
func (d *daemon) review(n *memcg.Node) {
	there := n.There()
	if !there {
		if s := d.watched(n); s != nil {
			d.letGo(s)
		}
		delete(d.taking, n)
	}
	if d.ending {
		return
	}
	for up := n.Parent; up != nil; up = up.Parent {
		if s := d.watched(up); s != nil {
			s.version++
			d.reviewMember(s, n)
			d.remark(s, n)
		}
	}
	for _, s := range d.slices {
		if s.node.Parent != nil && beside(s.node, n) {
			d.reviewWitness(s, n, there)
		} else if s.node.Parent == nil && n.Parent == s.node {
			d.reviewPart(s, n, there)
		}
	}
	if there {
		d.mayTakeUp(n)
	}
}

// mayTakeUp takes up a slice that is to be watched and is not.
func (d *daemon) mayTakeUp(n *memcg.Node) {
	unit, ok := units.FromCgroup(n.Path)
	if ok && units.IsSlice(unit) && d.set.Watched(unit) && d.watched(n) == nil && !d.taking[n] {
		d.takeUp(n, unit)
	}
}

// reviewMember brings a node of a slice in line, and where it is the first or
// the last slice in its parent, that and all in it: a slice that holds slices is no leaf.
func (d *daemon) reviewMember(s *slice, n *memcg.Node) {
	d.setMember(s, n)
	up := n.Parent
	if !n.Inner || up == s.node || s.has(up) == s.isLeaf(up) {
		return
	}
	d.setMember(s, up)
	up.EachChild(func(c *memcg.Node) { d.setMember(s, c) })
}

// setMember adds or drops a leaf, or neither.
func (d *daemon) setMember(s *slice, n *memcg.Node) {
	switch want := n.There() && s.isLeaf(n); {
	case want && !s.has(n):
		d.addLeaf(s, n)
	case !want && s.has(n):
		d.dropMember(s, n)
	}
}

// has reports whether a node is a leaf of the slice as far as the slice knows.
func (s *slice) has(n *memcg.Node) bool { return s.leaves[n] != nil || s.far[n] != nil }

// isLeaf says of one node below the slice what leavesBelow says of all.
func (s *slice) isLeaf(n *memcg.Node) bool {
	if nameOf(n.Path).unit == "" || units.ManagerRoot(n.Path) || (n.Inner && (n.HasInner() || s.unitsBelow(n.Parent))) {
		return false
	}
	for up := n.Parent; up != s.node; up = up.Parent { // it is reached only through groups that are no leaves themselves
		through := units.ManagerRoot(up.Path) || (up.Inner && (up.HasInner() || s.unitsBelow(up.Parent)))
		if !through || nameOf(up.Path).unit == "" {
			return false
		}
	}
	return true
}

// unitsBelow reports whether the units below a node are leaves each, and not
// the slices that hold them.
func (s *slice) unitsBelow(n *memcg.Node) bool {
	if s.from == "units" {
		return true
	}
	for ; n != nil && n != s.node; n = n.Parent {
		if units.ManagerRoot(n.Path) {
			return true
		}
	}
	return false
}

// beside reports whether n lies right beside the way from a node to the root.
func beside(node, n *memcg.Node) bool {
	for up := node; up.Parent != nil; up = up.Parent {
		if up.Parent == n.Parent {
			return up != n
		}
	}
	return false
}

func (d *daemon) reviewWitness(s *slice, n *memcg.Node, there bool) {
	_, unit := units.FromCgroup(n.Path)
	switch have := s.witnesses[n] != nil; {
	case there && unit && !have:
		d.addWitness(s, n)
	case !there && have:
		full := len(s.witnesses) == mostWitnesses
		d.dropWitness(s, n)
		if full {
			d.reviewWitnesses(s) // one that had no room
		}
	}
}

func (d *daemon) reviewPart(s *slice, n *memcg.Node, there bool) {
	unit, ok := units.FromCgroup(n.Path)
	switch have := s.parts[n] != nil; {
	case there && ok && units.IsSlice(unit) && !have:
		d.addPart(s, n)
	case !there && have:
		d.dropPart(s, n)
	}
}

// sayUnwatched tells when there are groups that could not be given a watch, and
// again when they have doubled.
func (d *daemon) sayUnwatched() {
	n := d.tree.Unwatched()
	if n <= 2*d.crowd.blind && n > 0 {
		return
	}
	d.crowd.blind = n
	if n > 0 {
		d.tell.plain(prioWarning, "%d slices are looked into only when they appear and at a breach: there are too few inotify watches (sysctl fs.inotify.max_user_watches)", n)
	}
}

// relist looks into the groups without a watch, when an episode begins.
func (d *daemon) relist(s *slice) {
	if s.m.Phase() != controller.PhaseCalm && d.tree.Unwatched() > 0 {
		d.takeIn(d.tree.Relist(d.alter))
	}
}
