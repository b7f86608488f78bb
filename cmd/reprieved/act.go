package main

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/controller"
	"reprieve/memcg"
)

// errBusy says that a worker had no room: it hangs in the kernel, or the
// service manager does not answer.
var errBusy = errors.New("the worker for it is stuck in an earlier job")

// roomFor is how many decisions fit into a room: with the most holds at once,
// and what is told of each. Rooms is how many are ready.
const (
	roomFor = 2*controller.MostHeld + 8
	rooms   = 4
)

// room returns an empty room for decisions, which carry takes back. Answers
// are carried out while others are: there are some.
func (d *daemon) room() []controller.Decision {
	n := len(d.rooms) - 1
	if n < 0 {
		return make([]controller.Decision, 0, roomFor)
	}
	r := d.rooms[n]
	d.rooms = d.rooms[:n]
	return r
}

// carry carries out decisions in their order, and takes back their room.
// Nothing in it waits.
func (d *daemon) carry(s *slice, all []controller.Decision) {
	d.record(s, all)
	for i := range all {
		d.carryOut(s, &all[i])
	}
	if cap(all) >= roomFor && len(d.rooms) < cap(d.rooms) {
		clear(all)
		d.rooms = append(d.rooms, all[:0])
	}
	d.turn(s)
}

func (d *daemon) carryOut(s *slice, c *controller.Decision) {
	switch c.Action {
	case controller.Hold, controller.PutBack:
		d.hold(s, c)
	case controller.Move:
		d.move(s, c)
	case controller.Interrupt:
		if lf := d.byLeaf[c.Leaf]; lf != nil && lf.lane != nil {
			lf.lane.writer.Interrupt()
		}
	case controller.Lift:
		d.lift(s, c.Leaf)
	case controller.Signal, controller.Start:
		d.takeStep(s, c)
	case controller.Notify:
		d.notify(s, c)
	case controller.Weigh:
		d.weigh(s, c.Scale, false)
	case controller.Foresee:
		d.weigh(s, c.Scale, true)
	case controller.Sign:
		d.sign(s, c)
	case controller.Withdraw:
		d.guard.withdraw(s) // where the guard was first, the next look says so
	case controller.TakeSamples:
		d.sample(s)
	case controller.StopUnit:
		d.stopUnit(s, c.Victim)
	case controller.Kill:
		d.kill(s)
	case controller.Sweep:
		d.sweep(s)
	case controller.Report:
		d.tell.note(&c.Note, d.set)
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
	token, err := d.poller.Add(s.victim.Fd(memcg.CgroupEvents), unix.EPOLLPRI, s.onVictim)
	if err == nil {
		s.victimToken = token // otherwise the ticks see it
	}
}

// victimReady is called when the victim's cgroup.events changed.
func (d *daemon) victimReady(s *slice) {
	v := d.readVictim(s) // reading it makes the kernel report the next change
	if !v.OK || !v.Populated {
		d.poller.Remove(s.victimToken) // the ticks look on
	}
	d.carry(s, s.m.VictimSeen(d.now(), v, d.room()))
}

func (d *daemon) forgetVictim(s *slice) {
	if s.victim == nil {
		return
	}
	d.poller.Remove(s.victimToken)
	d.drop(s.victim)
	s.victim = nil
}

// killJob writes cgroup.kill, on a thread that may hang over it.
type killJob struct {
	d      *daemon
	s      *slice
	stop   uint64       // whose victim it is
	victim *memcg.Group // while it is under way
	err    error
}

// markGap is how often a kill looks whether the victim's units are marked, and
// markBound how long: less than until the machine has what is left swept up.
const (
	markGap   = time.Millisecond
	markBound = 200 * time.Millisecond
)

func (j *killJob) Run() {
	for end := time.Now().Add(markBound); j.s.marked.Load() < j.stop && time.Now().Before(end); {
		time.Sleep(markGap) // without the mark systemd takes it for a death like any other
	}
	j.err = j.victim.Kill()
}

// Answer brings the machine what the kernel said. The job is free before that.
func (j *killJob) Answer() {
	victim, err := j.victim, j.err
	j.victim, j.err = nil, nil
	if memcg.IsGone(err) {
		err = nil
	}
	if j.s.victim == victim {
		j.d.carry(j.s, j.s.m.KillAnswered(j.d.now(), err, j.d.room()))
	}
	j.d.drop(victim)
}

// kill has the victim killed.
func (d *daemon) kill(s *slice) {
	if s.victim == nil {
		return // it was gone before it was asked to stop
	}
	j := &s.killing
	if j.victim != nil {
		d.carry(s, s.m.KillAnswered(d.now(), errBusy, d.room()))
		return
	}
	j.d, j.s, j.stop, j.victim = d, s, s.stops, s.victim.Retain()
	if !d.killer.Give(j) {
		j.err = errBusy
		j.Answer()
	}
}

// sweepJob kills what cgroup.kill left, on another thread.
type sweepJob struct {
	d      *daemon
	s      *slice
	victim *memcg.Group // while it is under way
	swept  memcg.Swept
	err    error
}

func (j *sweepJob) Run() { j.swept, j.err = j.victim.Sweep() }

// Answer brings the machine what was found. The job is free before that.
func (j *sweepJob) Answer() {
	victim, swept, err := j.victim, j.swept, j.err
	j.victim, j.swept, j.err = nil, memcg.Swept{}, nil
	if j.s.victim == victim {
		j.d.carry(j.s, j.s.m.SweepAnswered(j.d.now(), swept, err, j.d.room()))
	}
	j.d.drop(victim)
}

// sweep has the victim swept.
func (d *daemon) sweep(s *slice) {
	if s.victim == nil {
		return
	}
	j := &s.sweeping
	if j.victim != nil {
		return // the machine asks again
	}
	j.d, j.s, j.victim = d, s, s.victim.Retain()
	if !d.sweeper.Give(j) {
		j.err = errBusy
		j.Answer()
	}
}

// dropRoom is how many groups may be let go of at once.
const dropRoom = 64

// dropJob closes groups that nobody needs any more: to close a file of a group
// that is being removed may take the kernel a while.
type dropJob struct {
	groups []*memcg.Group
	busy   bool
}

func (j *dropJob) Run() {
	for _, g := range j.groups {
		g.Release()
	}
	clear(j.groups)
	j.groups = j.groups[:0]
}

func (j *dropJob) Answer() { j.busy = false }

// drop lets go of a group, off the loop.
func (d *daemon) drop(g *memcg.Group) { d.dropped = append(d.dropped, g) }

// handDropped gives the taker what was let go of.
func (d *daemon) handDropped() {
	j := &d.dropping
	if len(d.dropped) == 0 || j.busy {
		return
	}
	j.groups, d.dropped = d.dropped, j.groups
	if j.busy = d.taker.Give(j); !j.busy {
		j.groups, d.dropped = d.dropped, j.groups
	}
}
