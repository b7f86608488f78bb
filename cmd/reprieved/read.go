package main

import (
	"time"

	"golang.org/x/sys/unix"

	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/pressure"
)

// leastGap is the shortest time between two readings of a pressure file: a
// quicker reader makes the kernel lose what it measures, for every reader.
const leastGap = 20 * time.Millisecond

// psi is the last reading of a group's pressure file. A group may be a slice's
// leaf, another's witness and watched itself; it is read once for all of them.
type psi struct {
	at     time.Duration
	totals pressure.Totals
	ok     bool

	averages   pressure.Averages
	averagesOK bool
}

// read fills a slice's reading: of the slice alone in calm, of its leaves and
// of others too in an episode. Where calm is only looked at for how fast memory
// fills, that is all: stall and events are reported by the kernel.
func (d *daemon) read(s *slice, now time.Duration) {
	r := &s.reading
	wants, calm := s.m.Wants(), s.m.Phase() == controller.PhaseCalm
	brief := calm && !s.dirty && s.m.Slope() && s.m.Holds() == 0
	r.TotalsOK, r.EventsOK, r.UsageOK = false, false, false
	if !brief {
		var err error
		r.Totals, r.TotalsOK = d.totals(s.group, now)
		r.Events, err = s.group.Events(&d.buf)
		r.EventsOK = err == nil
	}
	if s.node.Parent != nil {
		var err error
		r.UsageBytes, err = s.group.Usage(&d.buf)
		r.UsageOK = err == nil
	}
	r.HostOK, r.Stirring = false, d.stir.lately(now)
	if wants.Host || !calm {
		d.readHost(r, now)
	}
	if r.HostOK && s.node.Parent == nil {
		r.UsageBytes, r.UsageOK = d.meminfo.Total-min(d.meminfo.Available, d.meminfo.Total), true // the root has no memory.current
	}
	r.RoomOK = false
	if wants.Room || (wants.Slope && r.HostOK && (r.Host.SwapTotalBytes == 0 || r.Stirring || s.m.Slope())) {
		d.readRoom(s, r)
	}
	for _, p := range s.parts {
		p.seen.TotalsOK = false
		if p.group != nil && !brief {
			p.seen.Totals, p.seen.TotalsOK = d.totals(p.group, now)
		}
	}
	if calm {
		return
	}
	for _, lf := range s.leaves {
		if lf.leaf != nil {
			d.readLeaf(lf, now)
		}
	}
	if wants.Self {
		d.readLeaf(s.self, now)
	}
	for _, w := range s.witnesses {
		if w.group != nil {
			w.seen.Totals, w.seen.TotalsOK = d.totals(w.group, now)
		}
	}
	r.Victim = d.readVictim(s)
}

// readHost reads the host's memory, once for all slices of a turn.
func (d *daemon) readHost(r *controller.Reading, now time.Duration) {
	if d.meminfoAt != now || d.meminfoErr != nil {
		d.meminfo, d.meminfoErr = d.info.Read(&d.buf)
		d.meminfoAt = now
	}
	r.HostOK = d.meminfoErr == nil
	r.Host = controller.HostReading{
		TotalBytes:     d.meminfo.Total,
		AvailableBytes: d.meminfo.Available, AvailableFloor: d.conf.Host.Available.Of(d.meminfo.Total),
		SwapFreeBytes: d.meminfo.SwapFree, SwapFloor: d.conf.Host.Swap.Of(d.meminfo.SwapTotal), SwapTotalBytes: d.meminfo.SwapTotal,
	}
}

// readRoom reads what a slice may have, and what of it is page cache.
func (d *daemon) readRoom(s *slice, r *controller.Reading) {
	var err error
	if r.Max, err = s.group.Max(&d.buf); err != nil {
		return
	}
	if r.Max == memcg.Max {
		r.RoomOK = true
		return
	}
	stat, err := s.group.Stat(&d.buf)
	r.FileBytes, r.RoomOK = stat.InactiveFile+stat.ActiveFile, err == nil
}

func (d *daemon) readLeaf(lf *leaf, now time.Duration) {
	r := &lf.leaf.Reading
	var err error
	r.UsageBytes, err = lf.group.Usage(&d.buf)
	r.UsageOK = err == nil
	if r.SwapBytes, err = lf.group.Swap(&d.buf); err != nil {
		r.UsageOK = false
	}
	r.SwapCachedBytes, r.StatOK = 0, false
	if r.SwapBytes > 0 || lf.leaf.Held() {
		// memory.stat costs the kernel some work: only where it matters.
		stat, err := lf.group.Stat(&d.buf)
		r.SwapCachedBytes = stat.SwapCached
		r.ScanPages, r.StealPages, r.StatOK = stat.Pgscan, stat.Pgsteal, err == nil
		r.FileBytes, r.AnonBytes = stat.InactiveFile+stat.ActiveFile, stat.InactiveAnon+stat.ActiveAnon
		r.UsageOK = r.UsageOK && err == nil
	}
	r.Totals, r.TotalsOK = d.totals(lf.group, now)
	r.HighOK = false
	if !lf.leaf.Held() {
		return
	}
	events, err := lf.group.LocalEvents(&d.buf)
	if err != nil {
		return
	}
	if r.High, err = lf.group.Value(lf.leaf.Limits().File, &d.buf); err == nil {
		r.HighEvents, r.HighOK = events.High, true
	}
	if r.GuardBytes, err = lf.group.Guard(&d.buf); err != nil {
		r.GuardBytes = r.UsageBytes // not known: nothing is taken away
	}
}

// totals returns a group's memory.pressure, at most leastGap old.
func (d *daemon) totals(g *memcg.Group, now time.Duration) (pressure.Totals, bool) {
	last, seen := d.psi[g.Inode]
	if !seen || now-last.at >= leastGap {
		last = psi{at: now}
		if text, err := g.PressureText(&d.buf); err == nil {
			last.totals, err = pressure.Parse(text)
			last.ok = err == nil
			last.averages, last.averagesOK = pressure.ParseAverages(text)
		}
		d.psi[g.Inode] = last
	}
	return last.totals, last.ok
}

// readVictim says whether the victim is empty; systemd removes the group soon
// after it is.
func (d *daemon) readVictim(s *slice) controller.VictimReading {
	if s.victim == nil {
		return controller.VictimReading{OK: s.victimGone}
	}
	populated, err := s.victim.Populated(&d.buf)
	if memcg.IsGone(err) {
		return controller.VictimReading{OK: true}
	}
	return controller.VictimReading{OK: err == nil, Populated: populated}
}

// triggerReady is called when the kernel measured a limit's worth of stall.
func (d *daemon) triggerReady(s *slice, t *pressure.Trigger, events uint32) {
	if events&unix.EPOLLERR != 0 {
		// The group is gone, or its cgroup.pressure was set to 0: the
		// descriptor would report for ever.
		d.disarm(s)
		return
	}
	switch t.Kind {
	case pressure.Some:
		s.reading.FiredSome = true
	case pressure.Full:
		s.reading.FiredFull = true
	}
	if s.m.Phase() == controller.PhaseCalm {
		s.dirty = true
	}
}

// disarm takes a slice's triggers out of the poller.
func (d *daemon) disarm(s *slice) {
	d.arm(s, nil)
	if _, err := s.group.PressureText(&d.buf); err != nil && d.tree.Lookup(s.node.Path) == s.node {
		if _, err := s.group.Usage(&d.buf); err == nil {
			d.tell.say(idFailed, prioErr, s.unit+": its pressure file went away (cgroup.pressure is 0?); its stall limits are blind until a reload that changes them or a new start")
		}
	}
}

// eventsReady is called when a counter of memory.events changed. Reading it
// makes the kernel report the next change.
func (d *daemon) eventsReady(s *slice) {
	if _, err := s.group.Events(&d.buf); memcg.IsGone(err) {
		d.poller.Remove(s.events)
		return
	}
	if s.m.Phase() == controller.PhaseCalm {
		s.dirty = true
	}
	if !s.prompt {
		// The counters are watched for kills of the kernel alone. A slice that lives
		// at its limit counts up a hundred times a second: once a second will do.
		d.poller.Remove(s.events)
		s.lookAt = d.now() + time.Second
	}
}

// pollEvents polls memory.events.
func (d *daemon) pollEvents(s *slice) {
	d.poller.Remove(s.events)
	s.lookAt = 0
	fd := s.group.Fd(memcg.EventsAll)
	if fd < 0 {
		return
	}
	var err error
	if s.events, err = d.poller.Add(fd, unix.EPOLLPRI, s.onEvents); err != nil {
		d.tell.plain(prioErr, "%s: poll memory.events: %v", s.unit, err)
	}
}
