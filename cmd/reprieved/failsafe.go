package main

import (
	"time"

	"reprieve/memcg"
)

// rearmAfter gathers changes of the tree before the groups are armed again:
// systemd takes memory.oom.group back at the first unit start after a
// daemon-reload, and a start is a change of the tree.
const rearmAfter = time.Second

// armSlice sets memory.oom.group on all that would be stopped whole, so that
// the kernel's OOM killer, the failsafe, follows the same rule; or takes it
// back where the policy does not want it any more. Off the loop, and of leaves that
// are not open some at a time.
func (d *daemon) armSlice(s *slice) {
	want := s.m.Rules().Policy.Stop.Arm && !s.m.Rules().Observe
	s.armed = want
	r := d.rosterOf(s)
	d.armFar(s)
	j := &r.arming
	if !j.busy {
		j.want = want
		j.busy = d.taker.Give(j)
		if j.busy {
			r.users++
			return
		}
	}
	s.armed = true // so that it is tried again
	d.rearmSoon()
}

// armJob arms the leaves of a roster, or takes it back.
type armJob struct {
	d    *daemon
	r    *roster
	want bool
	busy bool
	err  error
}

func (j *armJob) Run() { j.err = j.r.arm(j.want) }

func (j *armJob) Answer() {
	j.busy = false
	j.d.leaveRoster(j.r)
	if j.err != nil {
		j.d.sayArm(j.err)
	}
}

// arm arms the leaves of a roster, or takes it back.
func (r *roster) arm(want bool) (failed error) {
	owner, _ := r.self.Owner()
	for i := range r.entries {
		e := &r.entries[i]
		if want && e.candidate.Excluded() != "" {
			continue // a stop could not choose it, as far as its name tells
		}
		if err := armOne(e.group, owner, want); err != nil && !memcg.IsGone(err) {
			failed = err
		}
	}
	return failed
}

// armOne arms one group, or takes it back. owner is that of the slice.
func armOne(g *memcg.Group, owner uint32, want bool) (err error) {
	if want && !omitted(g, owner) {
		_, err = g.Arm()
	} else {
		_, err = g.Disarm()
	}
	return err
}

// omitted reports whether a group is left out by its extended attribute, in a
// slice whose directory belongs to owner: it is not stopped, so it is not armed.
func omitted(g *memcg.Group, owner uint32) bool {
	p, own, err := g.Preference()
	return err == nil && p == memcg.Omit && memcg.Honoured(own, owner)
}

// sayArm tells once that the failsafe cannot be armed.
func (d *daemon) sayArm(err error) {
	if !d.armTold {
		d.armTold = true
		d.tell.plain(prioWarning, "the kernel's OOM killer may kill parts of a group, where a stop of ours takes all of it: %v", err)
	}
}

// rearm arms the slices again whose groups may have changed, when it is due,
// and makes their rosters anew.
func (d *daemon) rearm(now time.Duration) {
	if d.rearmAt == 0 || now < d.rearmAt {
		return
	}
	d.rearmAt = 0
	for _, s := range d.slices {
		d.rosterOf(s) // ready for when it is needed
		if s.armed || len(s.toArm) > 0 {
			d.armSlice(s)
		}
	}
}

// rearmSoon has the slices armed again a moment from now.
func (d *daemon) rearmSoon() {
	if d.rearmAt == 0 {
		d.rearmAt = d.now() + rearmAfter
	}
}
