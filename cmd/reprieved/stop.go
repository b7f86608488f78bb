package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
	"reprieve/units"
)

// aboutBound is how long systemd may take to say, after a stop, whom it
// stopped along. The stop does not wait for it.
const aboutBound = 2 * time.Second

// stopUnit marks the victim's units for systemd and asks it to stop them. The
// mark must stand first: systemd looks for it when a unit's group empties.
func (d *daemon) stopUnit(s *slice, c *controller.Candidate) {
	d.watchVictim(s, c)
	stop := &stopping{d: d, s: s, victim: *c, episode: s.m.Episode(), paths: d.unitsIn(c.Path)}
	for _, p := range stop.paths {
		stop.inside = append(stop.inside, nameOf(p).unit)
	}
	if !d.stopper.Do(stop.run) {
		d.carry(s, s.m.StopAnswered(d.now(), errBusy, false, nil))
	}
}

// stopping is a stop that systemd is asked for, in a worker.
type stopping struct {
	d       *daemon
	s       *slice
	victim  controller.Candidate
	episode controller.ID
	paths   []string // cgroups of the units in it
	inside  []string // and their names
}

func (j *stopping) run() worker.Answer {
	for _, p := range j.paths {
		markStopped(j.d.mount, p)
	}
	ctx, cancel := context.WithTimeout(context.Background(), controller.BusBound)
	defer cancel()
	if j.victim.User {
		err := j.d.manager.StopUserUnit(ctx, j.victim.UID, j.victim.Unit)
		return func() { j.answer(err, j.ofUser()) }
	}
	before, err := j.d.manager.StopUnitAfter(ctx, j.victim.Unit, append([]string{j.victim.Unit}, j.inside...))
	if err != nil {
		return func() { j.answer(err, nil) }
	}
	down := j.down(before)
	j.d.desk.Post(func() { j.answer(nil, down) })
	along := j.along(before)
	return func() {
		if len(along) > 0 && j.s.m.Episode() == j.episode {
			j.s.m.Along(along)
		}
	}
}

// answer brings systemd's answer to the machine. Units that were running are
// remembered before it, so that their names are in the record of the stop.
func (j *stopping) answer(err error, down []controller.Down) {
	if len(down) > 0 && !j.d.conf.Observe {
		after := j.d.reviver.Fell(j.s.unit, j.episode, j.s.m.Rules().Policy.Stop, down)
		if j.s.m.Episode() == j.episode {
			j.s.m.After(after)
		}
		j.d.remember()
	}
	final := errors.Is(err, units.ErrNoSuchUnit) || errors.Is(err, units.ErrBadName) || errors.Is(err, units.ErrWrongPeer)
	j.d.carry(j.s, j.s.m.StopAnswered(j.d.now(), err, final, nil))
}

// down is which units the stop takes down, by what systemd said before it.
func (j *stopping) down(before []units.Description) []controller.Down {
	var all []controller.Down
	for _, b := range before {
		if b.Active && slices.Contains(j.inside, b.Unit) {
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

// along asks whom systemd stopped with the victim, outside of it.
func (j *stopping) along(before []units.Description) []string {
	var ask []string
	for _, b := range before {
		for _, unit := range b.Dependents {
			if unit != j.victim.Unit && !slices.Contains(j.inside, unit) && !slices.Contains(ask, unit) {
				ask = append(ask, unit)
			}
		}
	}
	if len(ask) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), aboutBound)
	defer cancel()
	said, _ := j.d.manager.Describe(ctx, ask) // who is not described is not named
	var along []string
	for _, u := range said {
		if u.Stopping {
			along = append(along, u.Unit)
		}
	}
	return along
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
