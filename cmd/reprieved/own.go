package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/memcg"
	"reprieve/plugins/report"
	"reprieve/pressure"
)

// toll is what the lack of memory has cost the daemon itself: how long tasks of
// its own group were stalled on memory, and how often it waited for a page of its
// own to come from a disk. Both are to stay zero.
type toll struct {
	stall       pressure.Totals
	majorFaults uint64
}

// since is how much more that is than before.
func (t toll) since(before toll) toll {
	return toll{
		stall: pressure.Totals{
			SomeMicros: t.stall.SomeMicros - before.stall.SomeMicros,
			FullMicros: t.stall.FullMicros - before.stall.FullMicros,
		},
		majorFaults: t.majorFaults - before.majorFaults,
	}
}

// String is for people: "own stall 0 us, 0 major faults".
func (t toll) String() string {
	text := "own stall " + span(t.stall.SomeMicros)
	if t.stall.FullMicros > 0 {
		text += " (" + span(t.stall.FullMicros) + " of it full)"
	}
	return fmt.Sprintf("%s, %d major faults", text, t.majorFaults)
}

// span writes microseconds as people read them.
func span(micros uint64) string {
	switch {
	case micros < 10_000:
		return fmt.Sprintf("%d us", micros)
	case micros < 10_000_000:
		return fmt.Sprintf("%d ms", micros/1_000)
	}
	return fmt.Sprintf("%d s", micros/1_000_000)
}

// tollBook keeps the daemon's own toll. Only the loop reads it; that allocates
// nothing.
type tollBook struct {
	group *memcg.Group // the daemon's own; nil: its stall is not known
	last  toll
	at    time.Duration // when the stall was read; 0: never
	usage unix.Rusage

	open  bool // READY=1 was said: from here on it counts
	ready toll // then
}

// openToll opens what the toll is read from.
func (d *daemon) openToll() {
	g, err := memcg.Open(d.mount, d.own)
	if err == nil {
		if err = g.Prepare(memcg.Pressure); err == nil {
			_, err = g.PressureText(&d.buf)
		}
	}
	if err != nil {
		d.tell.plain(prioWarning, "whether I stall myself is not known: %v", err)
		if g != nil {
			g.Release()
		}
		return
	}
	d.toll.group = g
}

// countToll begins the account, at READY=1.
func (d *daemon) countToll() {
	d.toll.ready, d.toll.open = d.readToll(d.now()), true
}

// readToll reads it: of the group at most leastGap old, and of this process
// as it is. What cannot be read stays as it was.
func (d *daemon) readToll(now time.Duration) toll {
	b := &d.toll
	if b.group != nil && (b.at == 0 || now-b.at >= leastGap) {
		b.at = now
		if text, err := b.group.PressureText(&d.buf); err == nil {
			if totals, err := pressure.Parse(text); err == nil {
				b.last.stall = totals
			}
		}
	}
	if unix.Getrusage(unix.RUSAGE_SELF, &b.usage) == nil {
		b.last.majorFaults = uint64(b.usage.Majflt)
	}
	return b.last
}

// tollSinceReady is what the status line says of it; not ok before READY=1.
func (d *daemon) tollSinceReady() (since toll, ok bool) {
	if !d.toll.open {
		return toll{}, false
	}
	return d.readToll(d.now()).since(d.toll.ready), true
}

// turnToll notes the begin of an episode, and says at its end what it has cost
// the daemon, if anything: no decision may have waited for memory.
func (d *daemon) turnToll(s *slice, begins bool) { d.turnTollAt(s, begins, d.readToll(d.now())) }

func (d *daemon) turnTollAt(s *slice, begins bool, now toll) {
	if begins {
		s.toll = now
		return
	}
	if rose := now.since(s.toll); rose != (toll{}) {
		unit, id := s.unit, s.m.Episode().String()
		d.tell.enqueue(telling{job: func() {
			_ = d.tell.Send([]report.Field{
				{Name: "MESSAGE", Value: "my own group stalled during the episode of " + unit + ": " + rose.String() +
					". Decisions may have come late. See MemoryMin= and MemorySwapMax= of reprieved.service, MemoryMin= of reprieve.slice, and whether memory is locked"},
				{Name: "PRIORITY", Value: prioWarning}, {Name: "REPRIEVE_SLICE", Value: unit}, {Name: "REPRIEVE_EPISODE", Value: id},
			})
		}})
	}
}
