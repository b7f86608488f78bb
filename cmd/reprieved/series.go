package main

import (
	"time"

	"reprieve/controller"
	"reprieve/episodes"
	"reprieve/pressure"
)

const (
	// seriesRoom is how many readings are kept of an episode. When they are all
	// used, every second one goes and only every second one is kept from then on.
	seriesRoom = 512
	// seriesBefore is how many readings of calm are kept, and seriesReach how old
	// they may be.
	seriesBefore = 32
	seriesReach  = time.Minute
	// seriesSpare is how many there are besides one a slice, for episodes that are over
	// and not told yet, and seriesMost how many in all: slices beyond go without.
	seriesSpare = 2
	seriesMost  = 32
)

// series is what was read of a slice before and through an episode, for its
// record. It is filled by the loop, without allocating, and handed to the teller as a whole.
type series struct {
	n      int
	stride int  // one of so many readings is kept
	skip   int  // so many go by before the next
	runs   bool // an episode runs, or did
	began  time.Duration
	ended  time.Duration

	averages   pressure.Averages // of the slice at the breach: in calm nobody may have looked
	averagesOK bool

	points [seriesRoom]point
}

// point is one reading; -1 is one that is missing.
type point struct {
	at                                       time.Duration
	some, full, usage, available, swap, held int64
}

// reset empties a series for a slice in calm.
func (s *series) reset() { s.n, s.stride, s.skip, s.runs, s.averagesOK = 0, 1, 0, false, false }

// note keeps a reading. In calm the last minute is kept.
func (s *series) note(now time.Duration, r *controller.Reading, held int) {
	if !s.runs {
		old := 0
		for old < s.n && (s.n-old >= seriesBefore || now-s.points[old].at > seriesReach) {
			old++
		}
		s.n = copy(s.points[:], s.points[old:s.n])
	}
	if s.skip > 0 {
		s.skip--
		return
	}
	if s.n == seriesRoom {
		s.thin()
	}
	s.skip = s.stride - 1
	s.points[s.n] = pointOf(now, r, held)
	s.n++
}

// thin lets go of every second reading.
func (s *series) thin() {
	for i := range s.n / 2 {
		s.points[i] = s.points[2*i]
	}
	s.n /= 2
	s.stride *= 2
}

func pointOf(now time.Duration, r *controller.Reading, held int) point {
	p := point{at: now, some: -1, full: -1, usage: -1, available: -1, swap: -1, held: int64(held)}
	if r.TotalsOK {
		p.some, p.full = int64(r.Totals.SomeMicros), int64(r.Totals.FullMicros)
	}
	if r.UsageOK {
		p.usage = int64(r.UsageBytes)
	}
	if r.HostOK {
		p.available, p.swap = int64(r.Host.AvailableBytes), int64(r.Host.SwapFreeBytes)
	}
	return p
}

// samples is the series as a record has it. It is not for the loop.
func (s *series) samples() episodes.Samples {
	var all episodes.Samples
	if s.averagesOK {
		all.Averages = &episodes.Averages{SomePercent: percents(s.averages.Some), FullPercent: percents(s.averages.Full)}
	}
	for _, p := range s.points[:s.n] {
		all.AtUsec = append(all.AtUsec, (p.at - s.began).Microseconds())
		all.SomeUsec, all.FullUsec = append(all.SomeUsec, p.some), append(all.FullUsec, p.full)
		all.UsageBytes = append(all.UsageBytes, p.usage)
		all.AvailableBytes, all.SwapFreeBytes = append(all.AvailableBytes, p.available), append(all.SwapFreeBytes, p.swap)
		all.Held = append(all.Held, p.held)
	}
	return all
}

func percents(hundredths [3]uint16) (all [3]float64) {
	for i, n := range hundredths {
		all[i] = float64(n) / 100
	}
	return all
}

// keepReading adds the reading of a slice to its series.
func (d *daemon) keepReading(s *slice, now time.Duration) {
	if s.series == nil {
		if s.series = d.spareSeries(); s.series == nil {
			return // all are being written
		}
	}
	if !s.series.runs && s.m.Phase() != controller.PhaseCalm {
		s.series.runs, s.series.began = true, now
		d.totals(s.group, now) // a brief look has not read it
		last := d.psi[s.group.Inode]
		s.series.averages, s.series.averagesOK = last.averages, last.averagesOK
	}
	s.series.note(now, &s.reading, s.m.Holds())
}

// endSeries hands the readings of an episode that is over to the teller, who
// ends its record with them.
func (d *daemon) endSeries(s *slice) {
	if s.series != nil {
		s.series.ended = d.now()
	}
	d.tell.end(s.m.Episode(), s.series)
	s.series = d.spareSeries()
}

// spareSeries returns one that is free, or nil.
func (d *daemon) spareSeries() *series {
	select {
	case free := <-d.tell.series:
		free.reset()
		return free
	default:
		return nil
	}
}

// makeSeries makes as many as so many slices need.
func (d *daemon) makeSeries(slices int) {
	for ; d.allSeries < min(slices+seriesSpare, seriesMost); d.allSeries++ {
		d.tell.series <- &series{}
	}
}

// dropSeries gives back that of a slice that is let go.
func (d *daemon) dropSeries(s *slice) {
	if s.series != nil {
		d.tell.series <- s.series
		s.series = nil
	}
}
