package main

import (
	"fmt"

	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/units"
)

// part is a top-level slice of the watched root. The root cgroup's own
// memory.pressure counts the stall of the kernel's threads as well, so it is theirs that is
// watched.
type part struct {
	group    *memcg.Group // nil until it is open
	seen     *controller.Witness
	triggers []armed
}

// partsOf returns the groups whose stall stands for a slice's own: none, but
// for the root.
func partsOf(n *memcg.Node) []*memcg.Node {
	if n.Parent != nil {
		return nil
	}
	var all []*memcg.Node
	for _, c := range n.Children() {
		if unit, ok := units.FromCgroup(c.Path); ok && units.IsSlice(unit) {
			all = append(all, c)
		}
	}
	return all
}

// reviewParts brings the parts of a slice in line with the tree.
func (d *daemon) reviewParts(s *slice) {
	want := map[*memcg.Node]bool{}
	for _, n := range partsOf(s.node) {
		want[n] = true
		if s.parts[n] == nil {
			d.addPart(s, n)
		}
	}
	for n := range s.parts {
		if !want[n] {
			d.dropPart(s, n)
		}
	}
}

// addPart opens a part and its triggers off the loop.
func (d *daemon) addPart(s *slice, n *memcg.Node) {
	p := &part{seen: &controller.Witness{Path: n.Path}}
	s.parts[n] = p
	mount, limits := d.mount, s.limits
	d.later(func() worker.Answer {
		g, triggers, err := openWatched(mount, n.Path, limits, memcg.Pressure)
		return func() {
			if err == nil && s.parts[n] == p && g.Inode == n.Inode {
				p.group, p.triggers = g, d.poll(s, triggers)
				d.setParts(s)
				return
			}
			if g != nil {
				d.later(func() worker.Answer { closeTriggers(triggers); g.Release(); return nil })
			}
			if err != nil && !memcg.IsGone(err) {
				d.tell.say(idFailed, prioErr, fmt.Sprintf("%s: the stall of %s is not seen: %v", s.unit, n.Path, err))
			}
		}
	})
}

func (d *daemon) dropPart(s *slice, n *memcg.Node) {
	p := s.parts[n]
	delete(s.parts, n)
	delete(d.psi, n.Inode)
	if p.group == nil {
		return
	}
	d.setParts(s)
	d.unpoll(p.triggers)
	d.later(func() worker.Answer { p.group.Release(); return nil })
}

func (d *daemon) setParts(s *slice) {
	all := make([]*controller.Witness, 0, len(s.parts))
	for _, p := range s.parts {
		if p.group != nil {
			all = append(all, p.seen)
		}
	}
	s.m.SetParts(all)
}
