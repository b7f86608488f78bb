package main

import (
	"strings"

	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/units"
)

// initScope is the unit that PID 1 lives in.
const initScope = "init.scope"

// unitPriority is the priority of a unit that is no slice: what a slice
// without a file has.
const unitPriority = 100

// weigh gathers the candidates of a slice off the loop: memory.stat costs the
// kernel work, and whether all processes are immune is read in /proc.
func (d *daemon) weigh(s *slice) {
	var all []controller.Candidate
	var groups []*memcg.Group
	for _, lf := range s.leaves {
		if lf.leaf == nil {
			continue
		}
		all = append(all, d.candidate(s, lf))
		groups = append(groups, lf.group.Retain())
	}
	job := func() worker.Answer {
		for i, g := range groups {
			measure(&all[i], g)
		}
		return func() {
			d.carry(s, s.m.Weighed(d.now(), all, nil))
			d.later(func() worker.Answer {
				for _, g := range groups {
					g.Release()
				}
				return nil
			})
		}
	}
	if !d.weigher.Do(job) {
		for _, g := range groups {
			g.Release()
		}
	}
}

// candidate is what the tree and the configuration say of a leaf.
func (d *daemon) candidate(s *slice, lf *leaf) controller.Candidate {
	c := controller.Candidate{Leaf: lf.leaf, Unit: lf.leaf.Unit, Priority: d.priority(lf.leaf.Unit)}
	for n := lf.node; n != s.node && n != nil; n = n.Parent {
		unit, _ := units.FromCgroup(n.Path)
		c.Levels = append([]controller.Level{{Unit: unit, Priority: d.priority(unit)}}, c.Levels...)
	}
	d.inspect(&c, lf.node)
	c.Self = d.own == lf.node.Path || strings.HasPrefix(d.own, lf.node.Path+"/")
	return c
}

func (d *daemon) priority(unit string) int {
	if units.IsSlice(unit) {
		return d.set.Policy(unit).Priority
	}
	return unitPriority
}

// inspect looks for who must not be stopped in a group and below it.
func (d *daemon) inspect(c *controller.Candidate, n *memcg.Node) {
	if unit, ok := units.FromCgroup(n.Path); ok {
		c.Init = c.Init || unit == initScope
		if c.Protected == "" && d.conf.Protected(unit) {
			c.Protected = unit
		}
	}
	for _, child := range n.Children() {
		d.inspect(c, child)
	}
}

// measure reads a candidate's memory and processes.
func measure(c *controller.Candidate, g *memcg.Group) {
	var buf memcg.Buffer
	populated, err := g.Populated(&buf)
	if c.Empty = (err == nil && !populated) || memcg.IsGone(err); c.Empty {
		return
	}
	stat, errStat := g.Stat(&buf)
	swap, errSwap := g.Swap(&buf)
	usage, errUsage := g.Usage(&buf)
	immune, errImmune := g.Immune()
	c.UsageBytes, c.FootprintBytes, c.Immune = usage, stat.Footprint()+swap, immune
	for _, e := range []error{err, errStat, errSwap, errUsage, errImmune} {
		c.Unreadable = c.Unreadable || e != nil
	}
}
