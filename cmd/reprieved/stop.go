package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/units"
)

// answerBound is how long a connected systemd may take to queue a stop. The
// machine waits for controller.BusBound and goes on to the kill; what was taken down can only be
// started again if the answer is heard.
const answerBound = 4 * time.Second

// How long systemd may take to say who depends on a victim, before the stop
// and at its cost, and whom it stopped along, after it and at nobody's.
const (
	dependBound = 250 * time.Millisecond
	aboutBound  = 2 * time.Second
	lookAgain   = 200 * time.Millisecond
)

// stopUnit marks the victim's units for systemd and asks it to stop them. The
// mark must stand first: systemd looks for it when a unit's group empties.
func (d *daemon) stopUnit(s *slice, c *controller.Candidate) {
	d.watchVictim(s, c)
	j := &s.stopping
	if j.busy && j.victim.Inode == c.Inode && j.episode == s.m.Episode() {
		return // PID 1 has the call, and its answer counts when it comes
	}
	if j.busy {
		j = &stopping{} // the one before is with systemd still
	}
	bound := controller.BusBound
	if d.bus.Connected {
		bound = answerBound
	}
	s.stops++
	*j = stopping{d: d, s: s, number: s.stops, busy: true, bound: bound, victim: *c, episode: s.m.Episode(), policy: s.m.Rules().Policy.Stop}
	if s.weighed != nil {
		j.entry = s.weighed.roster.find(c.Inode)
	}
	if e := j.entry; e != nil {
		j.paths, j.inside = e.paths, e.inside
	} else {
		j.paths = d.unitsIn(c.Path) // a subtree that dies as one
		j.inside = unitNames(j.paths)
	}
	if !d.stopper.Give(j) {
		j.busy = false
		s.marked.Store(j.number)
		d.carry(s, s.m.StopAnswered(d.now(), errBusy, false, d.room()))
	}
}

func unitNames(paths []string) []string {
	var all []string
	for _, p := range paths {
		all = append(all, nameOf(p).unit)
	}
	return all
}

// stopping is a stop that systemd is asked for, in a worker.
type stopping struct {
	d       *daemon
	s       *slice
	number  uint64 // of the slice's stops
	busy    bool
	bound   time.Duration
	victim  controller.Candidate
	episode controller.ID
	policy  configs.Stop
	entry   *entry   // of the victim; nil for a subtree
	paths   []string // cgroups of the units in it
	inside  []string // and their names

	err   error
	downs bool                 // the stop takes units down
	after controller.Aftermath // what becomes of them
	wait  []controller.Fallen  // who of them is started again
}

// Run asks systemd.
func (j *stopping) Run() {
	for _, p := range j.paths {
		markStopped(j.d.mount, p)
	}
	j.s.marked.Store(j.number)
	ctx, cancel := context.WithTimeout(context.Background(), j.bound)
	defer cancel()
	if j.victim.User {
		j.err = j.d.manager.StopUserUnit(ctx, j.victim.UID, j.victim.Unit)
		j.fallout(j.ofUser())
		return
	}
	about := append([]string{j.victim.Unit}, j.inside...)
	about = append(about, j.dependents(ctx, about)...)
	before, err := j.d.manager.StopUnitAfter(ctx, j.victim.Unit, about)
	if j.err = err; err == nil {
		j.fallout(j.down(before))
		if outside := j.outside(before); len(outside) > 0 {
			look := *j // j will be used again
			j.d.asker.Do(func() worker.Answer { return look.along(outside) })
		}
	}
}

func (j *stopping) fallout(downs []controller.Down) {
	j.downs = len(downs) > 0
	j.after, j.wait = controller.Fallout(j.s.unit, j.episode, j.policy, downs)
}

// Answer brings systemd's answer to the machine. Units that were running are
// remembered before it, so that their names are in the record of the stop.
func (j *stopping) Answer() {
	d, s, err := j.d, j.s, j.err
	if j.downs && !d.conf.Observe {
		d.reviver.Fell(j.wait)
		if j.current() {
			s.m.After(j.after)
		}
		d.remember()
	}
	j.busy = false
	final := errors.Is(err, units.ErrNoSuchUnit) || errors.Is(err, units.ErrBadName) || errors.Is(err, units.ErrWrongPeer)
	d.carry(s, s.m.StopAnswered(d.now(), err, final, d.room()))
}

// current reports whether the machine is still at this stop.
func (j *stopping) current() bool {
	v := j.s.m.Victim()
	return v != nil && v.Inode == j.victim.Inode && j.s.m.Episode() == j.episode
}

// down is which units the stop takes down, by what systemd said before it. Who
// went down since it was asked fell with the kill, which does not wait for long.
func (j *stopping) down(before []units.Description) []controller.Down {
	var all []controller.Down
	for _, b := range before {
		if (b.Active || b.Stopping) && slices.Contains(j.inside, b.Unit) {
			all = append(all, controller.Down{
				Unit: b.Unit, Startable: b.Startable, Transient: b.Transient, Restarts: b.Restarts, Since: b.ActiveSinceMicros,
			})
		}
	}
	return all
}

// ofUser is down for units of a user's manager, which starts them itself.
func (j *stopping) ofUser() []controller.Down {
	var all []controller.Down
	for _, unit := range j.inside {
		all = append(all, controller.Down{Unit: unit, User: true})
	}
	return all
}

// dependents asks who else would be stopped with the victim, so that the state
// they are in is asked right before the stop: systemd forgets a unit that it
// stopped and nobody needs. Who cannot be named in time is not.
func (j *stopping) dependents(ctx context.Context, about []string) []string {
	ctx, cancel := context.WithTimeout(ctx, dependBound)
	defer cancel()
	said, _ := j.d.manager.Describe(ctx, about)
	var all []string
	for _, u := range said {
		for _, unit := range u.Dependents {
			if !slices.Contains(about, unit) && !slices.Contains(all, unit) {
				all = append(all, unit)
			}
		}
	}
	return all
}

// outside is who of those that depend on the victim ran before the stop.
func (j *stopping) outside(before []units.Description) []string {
	var all []string
	for _, u := range before {
		if (u.Active || u.Stopping) && u.Unit != j.victim.Unit && !slices.Contains(j.inside, u.Unit) {
			all = append(all, u.Unit)
		}
	}
	return all
}

// along looks who of them does not run any more, and tells it as it is seen:
// the stop goes on by itself, so some may take a moment, and the record of the stop
// does not wait for them.
func (j *stopping) along(outside []string) worker.Answer {
	ctx, cancel := context.WithTimeout(context.Background(), aboutBound)
	defer cancel()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for known := 0; known < len(outside); {
		said, _ := j.d.manager.Describe(ctx, outside)
		var gone []string
		for _, u := range said {
			if u.Stopping || !u.Active {
				gone = append(gone, u.Unit)
			}
		}
		if len(gone) > known {
			known = len(gone)
			slices.Sort(gone)
			j.d.desk.Post(func() {
				if j.current() {
					j.s.m.Along(gone)
				}
			})
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// markStopped marks one unit; without it the unit's result is signal instead
// of oom-kill, and nothing else is lost.
func markStopped(mount, path string) {
	g, err := memcg.Open(mount, path)
	if err != nil {
		return
	}
	defer g.Release()
	_ = g.MarkStopped()
}
