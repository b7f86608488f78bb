package main

import (
	"errors"

	"golang.org/x/sys/unix"

	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
)

// errBusy says that a worker had no room: it hangs in the kernel, or the
// service manager does not answer.
var errBusy = errors.New("the worker for it is stuck in an earlier job")

// carry carries out decisions in their order. Nothing in it waits.
func (d *daemon) carry(s *slice, all []controller.Decision) {
	d.record(s, all)
	for i := range all {
		c := &all[i]
		switch c.Action {
		case controller.Hold:
			d.hold(s, c, nil)
		case controller.PutBack:
			found := c.Found
			d.hold(s, c, &found)
		case controller.Move:
			d.move(s, c)
		case controller.Interrupt:
			if lf := d.byLeaf[c.Leaf]; lf != nil {
				lf.writer.Interrupt()
			}
		case controller.Lift:
			d.lift(s, c.Leaf)
		case controller.Signal, controller.Start:
			d.takeStep(s, c)
		case controller.Notify:
			d.notify(s, c)
		case controller.Weigh:
			d.weigh(s, c.Scale)
		case controller.TakeSamples:
			d.sample(s)
		case controller.StopUnit:
			d.stopUnit(s, c.Victim)
		case controller.Kill:
			d.kill(s)
		case controller.Sweep:
			d.sweep(s)
		case controller.Report:
			d.tell.note(c.Note)
		}
	}
	d.turn(s)
}

// queue gives a job to a leaf's worker, or its refusal to refuse.
func (d *daemon) queue(lf *leaf, job func() worker.Answer, refuse func(error)) {
	if lf.queue == nil {
		lf.queue = d.desk.Queue(4)
	}
	lf.busy++
	answered := func(a func()) func() {
		return func() {
			lf.busy--
			a()
			if lf.gone {
				d.retire(lf)
			}
		}
	}
	run := func() (answer worker.Answer) {
		lf.writer.Do(func() { answer = job() })
		return answered(answer)
	}
	if !lf.queue.Do(run) {
		lf.busy--
		refuse(errBusy)
	}
}

// sample reads of all leaves what some pickers compare with later, off the loop.
func (d *daemon) sample(s *slice) {
	var leaves []*leaf
	for _, lf := range s.leaves {
		if lf.leaf != nil {
			lf.group.Retain()
			leaves = append(leaves, lf)
		}
	}
	at := d.now()
	job := func() worker.Answer {
		taken := make([]controller.Sample, len(leaves))
		var buf memcg.Buffer
		for i, lf := range leaves {
			stat, err := lf.group.Stat(&buf)
			events, errEvents := lf.group.Events(&buf)
			taken[i] = controller.Sample{ScanPages: stat.Pgscan, Offences: events.Max + events.OOM, At: at, OK: err == nil && errEvents == nil}
		}
		return func() {
			for i, lf := range leaves {
				lf.leaf.Sampled(taken[i])
				d.later(func() worker.Answer { lf.group.Release(); return nil })
			}
		}
	}
	if !d.weigher.Do(job) {
		for _, lf := range leaves {
			lf.group.Release()
		}
	}
}

// unitsIn returns the cgroups of the units at and below a path, slices left out.
func (d *daemon) unitsIn(path string) []string {
	var all []string
	var walk func(n *memcg.Node)
	walk = func(n *memcg.Node) {
		if name := nameOf(n.Path); name.unit != "" && !name.slice {
			all = append(all, n.Path)
		}
		for _, c := range n.Children() {
			walk(c)
		}
	}
	if n := d.tree.Lookup(path); n != nil {
		walk(n)
	}
	return all
}

// watchVictim polls the victim's cgroup.events. The group was opened when it
// was weighed.
func (d *daemon) watchVictim(s *slice, c *controller.Candidate) {
	if s.victim != nil && s.victim.Inode == c.Inode {
		return // it is asked again
	}
	d.forgetVictim(s)
	s.victimGone = s.weighed == nil || s.weighed.open[c.Inode] == nil
	if s.victimGone {
		return
	}
	s.victim = s.weighed.open[c.Inode].Retain()
	token, err := d.poller.Add(s.victim.Fd(memcg.CgroupEvents), unix.EPOLLPRI, func(uint32) {
		v := d.readVictim(s) // reading it makes the kernel report the next change
		if !v.OK || !v.Populated {
			d.poller.Remove(s.victimToken) // the ticks look on
		}
		d.carry(s, s.m.VictimSeen(d.now(), v, nil))
	})
	if err == nil {
		s.victimToken = token // otherwise the ticks see it
	}
}

func (d *daemon) forgetVictim(s *slice) {
	if s.victim == nil {
		return
	}
	d.poller.Remove(s.victimToken)
	victim := s.victim
	s.victim = nil
	d.later(func() worker.Answer { victim.Release(); return nil })
}

// kill writes cgroup.kill, on a thread that may hang over it.
func (d *daemon) kill(s *slice) {
	if s.victim == nil {
		return // it was gone before it was asked to stop
	}
	victim := s.victim.Retain()
	ok := d.killer.Do(func() worker.Answer {
		err := victim.Kill()
		return func() { d.killed(s, victim, err) }
	})
	if !ok {
		d.killed(s, victim, errBusy)
	}
}

func (d *daemon) killed(s *slice, victim *memcg.Group, err error) {
	if memcg.IsGone(err) {
		err = nil
	}
	d.carry(s, s.m.KillAnswered(d.now(), err, nil))
	d.later(func() worker.Answer { victim.Release(); return nil })
}

// sweep kills what cgroup.kill left, on another thread.
func (d *daemon) sweep(s *slice) {
	if s.victim == nil {
		return
	}
	victim := s.victim.Retain()
	ok := d.sweeper.Do(func() worker.Answer {
		swept, err := victim.Sweep()
		return func() {
			d.carry(s, s.m.SweepAnswered(d.now(), swept, err, nil))
			d.later(func() worker.Answer { victim.Release(); return nil })
		}
	})
	if !ok {
		d.carry(s, s.m.SweepAnswered(d.now(), memcg.Swept{}, errBusy, nil))
		victim.Release()
	}
}
