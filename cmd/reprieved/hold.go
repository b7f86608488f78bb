package main

import (
	"context"
	"errors"
	"fmt"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/plugins"
)

// hold has a leaf's worker hold it. The decision is the caller's and will be
// another one when the worker answers.
func (d *daemon) hold(s *slice, c *controller.Decision, old *memcg.Limit) {
	l, way, lend := c.Leaf, d.ways[c.By], c.Bytes
	lf, intent := d.byLeaf[l], d.intent(s, c)
	if c.By == "freeze" {
		if unit := d.mustRun(lf.node); unit != "" {
			d.carry(s, s.m.HoldAnswered(d.now(), l, memcg.Hold{}, fmt.Errorf("%w: %s", errMustRun, unit), nil))
			return
		}
	}
	if old != nil {
		d.tell.plain(prioInfo, "%s: %s was set to %v while it is held at %v; it is put back, and %v comes back in the end",
			l.Unit, l.Limits().File, *old, l.Limits().Mark, *old)
	}
	d.queue(lf, func() worker.Answer {
		h, err := way.Hold(lf.group, intent, old, lend)
		if err == nil {
			lf.held, lf.way = h, way
		}
		return func() { d.carry(s, s.m.HoldAnswered(d.now(), l, h, err, nil)) }
	}, func(err error) { d.carry(s, s.m.HoldAnswered(d.now(), l, memcg.Hold{}, err, nil)) })
}

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

func (d *daemon) intent(s *slice, c *controller.Decision) memcg.Intent {
	return memcg.Intent{Slice: s.unit, Episode: s.m.Episode().String(), Until: d.start.Add(c.Until)}
}

// move has a leaf's worker move the mark of its hold.
func (d *daemon) move(s *slice, c *controller.Decision) {
	l, to := c.Leaf, c.To
	lf, intent := d.byLeaf[l], d.intent(s, c)
	d.queue(lf, func() worker.Answer {
		if lf.way == nil {
			return func() { d.carry(s, s.m.MoveAnswered(d.now(), l, memcg.Hold{}, memcg.ErrMoved, nil)) }
		}
		h, err := lf.way.Move(lf.group, intent, lf.held, to)
		lf.held = h // with an error as well
		return func() { d.carry(s, s.m.MoveAnswered(d.now(), l, h, err, nil)) }
	}, func(err error) { d.carry(s, s.m.MoveAnswered(d.now(), l, memcg.Hold{}, err, nil)) })
}

// lift has a leaf's worker restore what its hold stands in for.
func (d *daemon) lift(s *slice, l *controller.Leaf) {
	lf := d.byLeaf[l]
	d.queue(lf, func() worker.Answer {
		limits := lf.held
		how, err := restore(lf.way, lf.group, limits)
		return func() {
			if d.ending {
				d.tell.released("the daemon's end", l.Path, s.unit, s.m.Episode().String(), limits.File.String(), limits.Old.String(), how, err)
			} else if how == memcg.LeftForeign {
				d.foreign(l, limits)
			} else if how == memcg.RestoredHard {
				d.tell.plain(prioWarning, "%s: memory.max is %v again, below what is in use: the loan did not come back by itself; the kernel takes it, and may kill for it", l.Unit, limits.Old)
			}
			d.carry(s, s.m.LiftAnswered(d.now(), l, how, err, nil))
		}
	}, func(err error) { d.carry(s, s.m.LiftAnswered(d.now(), l, 0, err, nil)) })
}

func restore(way plugins.Way, g *memcg.Group, h memcg.Hold) (memcg.Restored, error) {
	if way == nil {
		return memcg.NothingToDo, nil // it never came about
	}
	return way.Lift(g, h)
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

// takeStep has systemd take a step of the ladder: a signal to a unit, or a
// start of one.
func (d *daemon) takeStep(s *slice, c *controller.Decision) {
	step := c.Step
	answer := func(err error) { d.carry(s, s.m.StepAnswered(d.now(), step, err, nil)) }
	if !d.starter.Do(func() worker.Answer {
		err := d.ask(step)
		return func() { answer(err) }
	}) {
		answer(errBusy)
	}
}

func (d *daemon) ask(step configs.Step) error {
	ctx, cancel := context.WithTimeout(context.Background(), min(step.Delay, reviveBound))
	defer cancel()
	if step.Signal == "" {
		return d.manager.StartUnit(ctx, step.Unit)
	}
	return d.manager.SignalUnit(ctx, step.Unit, step.To == "all", int32(step.SignalNumber()))
}

// notify tells those who listen that a candidate is about to be stopped. They
// have until the decision says, all together.
func (d *daemon) notify(s *slice, c *controller.Decision) {
	path, inode, bound := c.Victim.Path, c.Victim.Inode, c.Until-d.now()
	answer := func(all []controller.HookAnswer) { d.carry(s, s.m.HooksAnswered(d.now(), inode, all, nil)) }
	if !d.crier.Do(func() worker.Answer {
		ctx, cancel := context.WithTimeout(context.Background(), bound)
		defer cancel()
		var all []controller.HookAnswer
		for _, a := range d.hooks.Notify(ctx, path) {
			all = append(all, controller.HookAnswer{Name: a.Name, Took: a.Took, Err: a.Err})
		}
		return func() { answer(all) }
	}) {
		answer(nil)
	}
}

// release lifts by hand what is held of a slice, or of all for "". It runs in
// the control socket's goroutine; the loop does the work.
func (d *daemon) release(slice string, answer func(released int, slices []string, err error)) {
	d.desk.Post(func() {
		released, known := 0, slice == ""
		var of []string
		for _, s := range d.slices {
			if slice != "" && s.unit != slice {
				continue
			}
			known = true
			n, decided := s.m.Release(d.now(), nil)
			d.carry(s, decided)
			if n > 0 {
				released += n
				of = append(of, s.unit)
			}
		}
		if !known {
			answer(0, nil, fmt.Errorf("%s: %w", slice, errNoSuchSlice))
			return
		}
		answer(released, of, nil)
	})
}
