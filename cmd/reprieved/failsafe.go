package main

import (
	"time"

	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
)

// rearmAfter gathers changes of the tree before the groups are armed again:
// systemd takes memory.oom.group back at the first unit start after a
// daemon-reload, and a start is a change of the tree.
const rearmAfter = time.Second

// armSlice sets memory.oom.group on all that would be stopped whole, so that
// the kernel's OOM killer, the failsafe, follows the same rule; or takes it
// back where the policy does not want it any more. Off the loop.
func (d *daemon) armSlice(s *slice) {
	want := s.m.Rules().Policy.Stop.Arm && !s.m.Rules().Observe
	s.armed = want
	var groups []*memcg.Group
	for _, lf := range s.leaves {
		if lf.leaf == nil || (want && !d.mayStop(s, lf)) {
			continue
		}
		groups = append(groups, lf.group.Retain())
	}
	self := s.group.Retain()
	d.later(func() worker.Answer {
		defer self.Release()
		owner, _ := self.Owner()
		var failed error
		for _, g := range groups {
			var err error
			if want && !omitted(g, owner) {
				_, err = g.Arm()
			} else {
				_, err = g.Disarm()
			}
			if err != nil && !memcg.IsGone(err) {
				failed = err
			}
			g.Release()
		}
		if failed == nil {
			return nil
		}
		return func() { d.sayArm(failed) }
	})
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

// mayStop reports whether a leaf is one that a stop could choose, as far as
// its name tells.
func (d *daemon) mayStop(s *slice, lf *leaf) bool {
	c := d.candidate(s, lf, map[*memcg.Node]*controller.Level{})
	return c.Excluded() == ""
}

// rearm arms the slices again whose groups may have changed, when it is due.
func (d *daemon) rearm(now time.Duration) {
	if d.rearmAt == 0 || now < d.rearmAt {
		return
	}
	d.rearmAt = 0
	for _, s := range d.slices {
		if s.armed {
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
