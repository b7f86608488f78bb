package main

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/internal/epoll"
	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/plugins/report"
	"reprieve/pressure"
)

// slice is a watched slice that is there.
type slice struct {
	unit  string
	node  *memcg.Node
	group *memcg.Group
	m     *controller.Machine
	self  *leaf

	triggers []armed
	limits   configs.Pressure // what the triggers were armed for
	from     string           // what its leaves were looked for by
	arming   bool             // the taker is opening others
	events   epoll.Token

	leaves    map[*memcg.Node]*leaf // open, or being opened
	far       map[*memcg.Node]*far  // the others, where they are too many
	fresh     []*far                // of those, not visited yet
	toArm     []*far                // left of a round
	census    census
	farTold   bool
	witnesses map[*memcg.Node]*witness
	parts     map[*memcg.Node]*part // of the root

	recorder *recorder // nil: no traces are kept
	series   *series   // nil: there is none to be had

	reading controller.Reading
	last    time.Duration // when it was read last

	version uint64  // of what its roster is made from
	roster  *roster // nil: to be made

	weighed     *weighing    // the last choice: its groups are open
	victim      *memcg.Group // while something is being stopped
	victimToken epoll.Token
	victimGone  bool // it was removed before it could be looked at
	onVictim    epoll.Handler
	onEvents    epoll.Handler
	stopping    stopping
	stops       uint64        // how many there were
	marked      atomic.Uint64 // the newest of them whose units are marked, or cannot be
	killing     killJob
	sweeping    sweepJob
	notifying   notifyJob
	stepping    stepJob

	armed    bool          // memory.oom.group is set on its leaves
	prompt   bool          // memory.events is a limit: every change counts at once
	lookAt   time.Duration // when memory.events is polled again; 0: it is
	dirty    bool          // something was reported
	settled  bool          // an episode ended
	troubled bool          // one runs
	toll     toll          // the daemon's own, when it began
	leaving  bool          // not watched any more: let go when calm
	gone     bool          // let go
}

// armed is a trigger in the poller.
type armed struct {
	*pressure.Trigger
	token epoll.Token
}

// sliceFiles is what is read of a watched slice, and what is written in the
// case that it is held as a whole. The root has few of them.
var sliceFiles = []memcg.File{
	memcg.Current, memcg.SwapCurrent, memcg.Pressure, memcg.EventsAll, memcg.EventsLocal, memcg.StatFile, memcg.High, memcg.CgroupEvents,
	memcg.MaxFile, memcg.Freeze, memcg.Min, memcg.Low,
}

// survey brings what is watched in line with the tree and the configuration.
func (d *daemon) survey() {
	if d.ending {
		return
	}
	for _, s := range slices.Clone(d.slices) {
		if d.tree.Lookup(s.node.Path) != s.node {
			d.letGo(s)
		}
	}
	d.surveyBelow(d.tree.Root)
	d.sayUnwatched()
}

func (d *daemon) surveyBelow(n *memcg.Node) {
	if s := d.watched(n); s != nil {
		d.members(s)
	} else {
		d.mayTakeUp(n)
	}
	for _, c := range n.Children() {
		if c.Inner {
			d.surveyBelow(c)
		}
	}
}

func (d *daemon) watched(n *memcg.Node) *slice { return d.crowd.watched[n] }

// takeUp opens a slice and all that is read of it, off the loop.
func (d *daemon) takeUp(n *memcg.Node, unit string) {
	d.taking[n] = true
	rules := d.rules(unit)
	path, mount := n.Path, d.mount
	d.later(func() worker.Answer {
		limits := rules.Policy.Pressure
		if n.Parent == nil {
			limits = configs.Pressure{} // the root's are opened on its parts
		}
		g, triggers, err := openWatched(mount, path, limits, sliceFiles...)
		return func() { d.taken(n, unit, rules, g, triggers, err) }
	})
}

// taken starts to watch what takeUp opened, unless it is gone again.
func (d *daemon) taken(n *memcg.Node, unit string, rules controller.Rules, g *memcg.Group, triggers []*pressure.Trigger, err error) {
	gone := d.ending || d.watched(n) != nil || d.tree.Lookup(n.Path) != n || (g != nil && g.Inode != n.Inode)
	if gone || err != nil {
		if g != nil {
			d.later(func() worker.Answer { closeTriggers(triggers); g.Release(); return nil })
		}
		if !gone && !memcg.IsGone(err) {
			d.tell.say(idFailed, prioErr, fmt.Sprintf("%s cannot be watched: %v", unit, err), report.Field{Name: "REPRIEVE_SLICE", Value: unit})
		}
		return
	}
	s := &slice{
		unit: unit, node: n, group: g, limits: rules.Policy.Pressure,
		leaves: map[*memcg.Node]*leaf{}, far: map[*memcg.Node]*far{}, witnesses: map[*memcg.Node]*witness{}, parts: map[*memcg.Node]*part{},
	}
	s.onVictim = func(uint32) { d.victimReady(s) }
	s.onEvents = func(uint32) { d.eventsReady(s) }
	d.makeSeries(len(d.slices) + 1)
	d.makeLanes(max(0, sliceLanes*(len(d.slices)+1)-d.allLanes)) // those of slices that went are used again
	d.reviver.Watch(unit)
	s.self = &leaf{node: n, group: g.Retain(), leaf: controller.NewLeaf(unit, n.Path, n.Inode)}
	s.m = controller.NewMachine(&d.host, unit, rules, s.self.leaf, newID)
	d.retrace(s)
	_, _ = s.m.Pause(d.now(), d.pausedUntil, nil) // it holds nothing yet
	d.byLeaf[s.self.leaf] = s.self
	d.slices = append(d.slices, s)
	d.crowd.watched[n] = s
	d.arm(s, triggers)
	s.prompt, s.armed = len(rules.Policy.Pressure.Events) > 0, rules.Policy.Stop.Arm && !rules.Observe
	d.pollEvents(s)
	s.dirty = true // the counters' first reading is what they are compared with
	d.members(s)
	d.tell.say(idWatched, prioInfo, fmt.Sprintf("%s is watched: %s", unit, terms(rules.Policy, triggers)), report.Field{Name: "REPRIEVE_SLICE", Value: unit})
	d.setStatus()
}

// letGo ends the watching of a slice. What it holds is lifted first.
func (d *daemon) letGo(s *slice) {
	d.slices = slices.DeleteFunc(d.slices, func(have *slice) bool { return have == s })
	delete(d.crowd.watched, s.node)
	d.carry(s, s.m.Close(d.room()))
	s.gone = true
	d.guard.forget(s)
	if s.m.Phase() != controller.PhaseCalm {
		d.keepTrace(s)
		d.endSeries(s)
	}
	d.dropSeries(s)
	for _, t := range s.triggers {
		d.poller.Remove(t.token)
	}
	d.poller.Remove(s.events)
	d.forgetVictim(s)
	d.dismiss(s.weighed)
	s.weighed = nil
	d.dropRoster(s)
	d.reviver.Calmed(s.unit, d.now())
	for n := range s.leaves {
		d.dropLeaf(s, n)
	}
	d.leaveFar(s)
	for n := range s.witnesses {
		d.dropWitness(s, n)
	}
	for n := range s.parts {
		d.dropPart(s, n)
	}
	d.retire(s.self)
	delete(d.taking, s.node)
	delete(d.psi, s.node.Inode)
	triggers, group := s.triggers, s.group
	d.later(func() worker.Answer {
		for _, t := range triggers {
			t.Close()
		}
		group.Release()
		return nil
	})
	if !d.ending {
		d.tell.say(idWatched, prioInfo, s.unit+" is not watched any more", report.Field{Name: "REPRIEVE_SLICE", Value: s.unit})
		d.setStatus()
	}
}

// conform brings a calm slice in line with rules that changed meanwhile.
func (d *daemon) conform(s *slice) {
	want := s.m.Rules().Policy.Pressure
	if rules := s.m.Rules(); s.armed != (rules.Policy.Stop.Arm && !rules.Observe) {
		d.armSlice(s)
	}
	if s.from != s.m.Rules().Policy.Stop.From {
		d.members(s)
	}
	if s.arming || (want.Full == s.limits.Full && want.Some == s.limits.Some && want.Window == s.limits.Window && slices.Equal(want.Events, s.limits.Events)) {
		return
	}
	if s.node.Parent == nil {
		s.limits = want
		for n := range s.parts {
			d.dropPart(s, n)
		}
		d.reviewParts(s)
		return
	}
	s.arming = true
	group := s.group.Retain()
	d.later(func() worker.Answer {
		triggers, err := openTriggers(group, want)
		return func() {
			group.Release()
			s.arming, s.limits = false, want
			if err != nil || d.watched(s.node) != s {
				d.later(func() worker.Answer { closeTriggers(triggers); return nil })
				if err != nil && !memcg.IsGone(err) {
					d.tell.say(idFailed, prioErr, fmt.Sprintf("%s: change its limits: %v", s.unit, err), report.Field{Name: "REPRIEVE_SLICE", Value: s.unit})
				}
				return
			}
			d.arm(s, triggers)
			s.prompt = len(want.Events) > 0
			d.pollEvents(s)
		}
	})
}

// arm polls triggers in the place of those that were there.
func (d *daemon) arm(s *slice, triggers []*pressure.Trigger) {
	d.unpoll(s.triggers)
	s.triggers = d.poll(s, triggers)
}

func (d *daemon) unpoll(all []armed) {
	for _, t := range all {
		d.poller.Remove(t.token)
		d.later(func() worker.Answer { t.Close(); return nil })
	}
}

func (d *daemon) poll(s *slice, triggers []*pressure.Trigger) []armed {
	var all []armed
	for _, t := range triggers {
		token, err := d.poller.Add(t.Fd(), unix.EPOLLPRI, func(events uint32) { d.triggerReady(s, t, events) })
		if err != nil {
			d.tell.plain(prioErr, "%s: poll the %s trigger: %v", s.unit, t.Kind, err)
		}
		all = append(all, armed{Trigger: t, token: token})
	}
	return all
}

// openWatched opens a group, files of it, and the triggers of its limits. A
// group that is returned with an error is the caller's to release.
func openWatched(mount, path string, limits configs.Pressure, files ...memcg.File) (*memcg.Group, []*pressure.Trigger, error) {
	g, err := memcg.Open(mount, path)
	if err != nil {
		return nil, nil, err
	}
	if err := g.Prepare(files...); err != nil {
		return g, nil, err
	}
	triggers, err := openTriggers(g, limits)
	return g, triggers, err
}

// openTriggers opens a trigger for each stall limit.
func openTriggers(g *memcg.Group, p configs.Pressure) ([]*pressure.Trigger, error) {
	var all []*pressure.Trigger
	for _, want := range []struct {
		kind  pressure.Kind
		share configs.Share
	}{{pressure.Full, p.Full}, {pressure.Some, p.Some}} {
		if want.share == 0 {
			continue
		}
		t, err := pressure.OpenTrigger(g.Dir(), memcg.Pressure.String(), want.kind, pressure.Share(want.share), p.Window)
		if err != nil {
			closeTriggers(all)
			if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENOENT) {
				err = &memcg.FileError{Path: g.Path, File: memcg.Pressure.String(), Op: "open trigger", Err: memcg.ErrGone}
			}
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func closeTriggers(all []*pressure.Trigger) {
	for _, t := range all {
		t.Close()
	}
}
