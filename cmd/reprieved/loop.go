package main

import (
	"fmt"
	"time"

	"reprieve/controller"
)

// loop waits, reads, steps and carries out, until the daemon is told to end
// and nothing is held any more. In calm it sleeps without a timeout, but for
// the watchdog's.
func (d *daemon) loop() error {
	for {
		if err := d.poller.Wait(d.patience()); err != nil {
			return fmt.Errorf("event loop: %w", err)
		}
		now := d.now()
		d.feed(now)
		d.guard.beat(now)
		if d.changed {
			d.changed = false
			d.survey()
			d.restale()
			d.rearmSoon()
		}
		d.stepAll(now)
		d.tend()
		d.tendFar(now)
		d.rearm(now)
		d.unpause(now)
		d.revive(now)
		d.collect()
		d.hand()
		d.handDropped()
		d.released(now)
		if d.ending && ((len(d.byLeaf) == 0 && d.owed == 0) || now >= d.endBy) {
			return nil
		}
	}
}

// patience is how long the loop may sleep; negative for ever.
func (d *daemon) patience() time.Duration {
	now := d.now()
	next := time.Duration(1<<63 - 1)
	if d.watchdog > 0 {
		next = d.beat
	}
	if d.ending {
		next = min(next, d.endBy)
	}
	if d.pausedUntil != 0 {
		next = min(next, d.pausedUntil)
	}
	if len(d.backlog) > 0 {
		next = min(next, now+controller.Tick)
	}
	if d.rearmAt != 0 {
		next = min(next, d.rearmAt)
	}
	for i := range d.releasing {
		next = min(next, d.releasing[i].by)
	}
	if at, ok := d.reviver.Until(); ok && !d.ending && !d.conf.Observe {
		next = min(next, max(at, d.pausedUntil))
	}
	for _, s := range d.slices {
		if s.dirty {
			return 0
		}
		if s.lookAt != 0 {
			next = min(next, s.lookAt)
		}
		if s.census.closeAt != 0 {
			next = min(next, s.census.closeAt)
		}
		if at, ok := s.m.Until(s.last); ok {
			next = min(next, at)
		}
	}
	if next == 1<<63-1 {
		return -1
	}
	return max(next-now, 0)
}

// feed tells systemd's watchdog that the loop is alive. Nobody else does.
func (d *daemon) feed(now time.Duration) {
	if d.watchdog > 0 && now >= d.beat {
		d.beat = now + d.watchdog
		_ = d.notifier.Watchdog()
	}
}

// wants reports whether a slice is to be read and stepped.
func (s *slice) wants(now time.Duration) bool {
	if s.dirty {
		return true
	}
	at, ok := s.m.Until(s.last)
	return ok && now >= at
}

// stepAll steps the slices that are due and, with them, those whose look in
// calm is nearly due.
func (d *daemon) stepAll(now time.Duration) {
	stepped := false
	for _, s := range d.slices {
		if s.wants(now) {
			d.step(s, now)
			stepped = true
		}
	}
	if !stepped {
		return
	}
	for _, s := range d.slices {
		if s.last < now && s.m.Shares(now, s.last) {
			d.step(s, now)
		}
	}
}

// step reads a slice, asks its machine and carries out what that decides.
func (d *daemon) step(s *slice, now time.Duration) {
	d.guarded(s, now)
	d.read(s, now)
	decided := s.m.Step(now, &s.reading, d.room())
	d.keepReading(s, now)
	s.dirty, s.last = false, now
	s.reading.FiredSome, s.reading.FiredFull = false, false
	d.carry(s, decided)
}

// turn notes that an episode has begun or ended, with a reading or with an
// answer.
func (d *daemon) turn(s *slice) {
	troubled := s.m.Phase() != controller.PhaseCalm
	if troubled == s.troubled {
		return
	}
	s.troubled, s.settled = troubled, !troubled
	d.turnToll(s, troubled)
	d.garbage.due = d.garbage.due || !troubled
	d.setStatus()
	if troubled {
		d.reviver.Troubled(s.unit)
		d.rearmSoon()
		return
	}
	d.endSeries(s)
	d.reviver.Calmed(s.unit, d.now())
}

// tend does what waited for the end of an episode: rules that changed, a slice
// that is not watched any more, and the collector's work.
func (d *daemon) tend() {
	for i := 0; i < len(d.slices); i++ {
		s := d.slices[i]
		if s.lookAt != 0 && d.now() >= s.lookAt {
			d.pollEvents(s)
		}
		if s.m.Phase() != controller.PhaseCalm {
			continue
		}
		if s.leaving {
			d.letGo(s)
			i--
			continue
		}
		if s.settled {
			s.settled = false
			d.forgetVictim(s)
			d.dismiss(s.weighed)
			s.weighed = nil
		}
		d.conform(s)
	}
}
