package main

import (
	"context"
	"errors"
	"fmt"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
)

// hold has a leaf's worker hold it, or put a hold back.
func (d *daemon) hold(s *slice, c *controller.Decision) {
	lf := d.byLeaf[c.Leaf]
	if c.By == byFreeze {
		if unit := d.mustRun(lf.node); unit != "" {
			d.carry(s, s.m.HoldAnswered(d.now(), c.Leaf, memcg.Hold{}, fmt.Errorf("%w: %s", errMustRun, unit), d.room()))
			return
		}
	}
	if j := d.job(s, lf, writeHold); j != nil {
		j.by, j.until, j.lend = d.ways[c.By], c.Until, c.Bytes
		j.putBack, j.found, j.limits = c.Action == controller.PutBack, c.Found, c.Leaf.Limits()
		d.give(j)
		return
	}
	d.carry(s, s.m.HoldAnswered(d.now(), c.Leaf, memcg.Hold{}, errBusy, d.room()))
}

// byFreeze is the way to hold that not every group may be held by.
const byFreeze = "freeze"

// errMustRun says that a group is not frozen for what is in it.
var errMustRun = errors.New("it is never frozen with what must run in it: a session, the bus, or what is protected")

// mustRun returns a unit at or below n that must not be frozen, or "".
func (d *daemon) mustRun(n *memcg.Node) string {
	name := nameOf(n.Path)
	if configs.MustRun(n.Name) || (name.unit != "" && !name.user && d.conf.Protected(name.unit)) {
		return n.Name
	}
	for _, c := range n.Children() {
		if unit := d.mustRun(c); unit != "" {
			return unit
		}
	}
	return ""
}

// move has a leaf's worker move the mark of its hold.
func (d *daemon) move(s *slice, c *controller.Decision) {
	lf := d.byLeaf[c.Leaf]
	if j := d.job(s, lf, writeMove); j != nil {
		j.until, j.to = c.Until, c.To
		d.give(j)
		return
	}
	d.carry(s, s.m.MoveAnswered(d.now(), c.Leaf, memcg.Hold{}, errBusy, d.room()))
}

// lift has a leaf's worker restore what its hold stands in for.
func (d *daemon) lift(s *slice, l *controller.Leaf) {
	if j := d.job(s, d.byLeaf[l], writeLift); j != nil {
		d.give(j)
		return
	}
	d.carry(s, s.m.LiftAnswered(d.now(), l, 0, errBusy, d.room()))
}

// foreign tells that the file of a hold held neither our value nor the old one
// when it was lifted. Where systemd wants it so, that is its doing, and all is
// well; otherwise somebody wrote it by hand.
func (d *daemon) foreign(l *controller.Leaf, limits memcg.Hold) {
	property := map[memcg.File]string{memcg.High: "MemoryHigh", memcg.MaxFile: "MemoryMax"}[limits.File]
	group := d.byLeaf[l].group.Retain()
	ok := d.asker.Do(func() worker.Answer {
		defer group.Release()
		var buf memcg.Buffer
		found, err := group.Value(limits.File, &buf)
		if err != nil {
			return nil // gone meanwhile
		}
		wanted := false
		if property != "" && !l.User {
			ctx, cancel := context.WithTimeout(context.Background(), aboutBound)
			defer cancel()
			value, err := d.manager.MemoryLimit(ctx, l.Unit, property)
			wanted = err == nil && memcg.Limit(value).Pages() == found
		}
		return func() {
			if wanted {
				d.tell.plain(prioInfo, "%s: %s is %v when the hold ends, as systemd wants it; it stays", l.Unit, limits.File, found)
				return
			}
			d.tell.plain(prioWarning, "%s: %s is %v when the hold ends, neither our %v nor the old %v, and not systemd's either: somebody else wrote it, and it stays",
				l.Unit, limits.File, found, limits.Mark, limits.Old)
		}
	})
	if !ok {
		d.later(func() worker.Answer { group.Release(); return nil })
		d.tell.plain(prioWarning, "%s: %s is neither our %v nor the old %v when the hold ends; somebody else wrote it, and it stays", l.Unit, limits.File, limits.Mark, limits.Old)
	}
}
