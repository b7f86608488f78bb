package controller

import (
	"time"

	"reprieve/memcg"
	"reprieve/pressure"
)

// Evidence is a judgment over readings. Its values are ordered: of several
// judgments the largest counts.
type Evidence int

// Nothing known never counts as pressure, and not as calm either.
const (
	Calm     Evidence = iota + 1 // seen, and all is well
	Unknown                      // not seen: a reading is missing
	Pressing                     // seen, and there is pressure
)

// Breach is a limit crossed, by which figures.
type Breach struct {
	By    string         // the limit: "full", "some", or a counter of memory.events
	Stall pressure.Share // of the window; 0 where not measured yet
	Limit pressure.Share // 0 for a counter
	Rise  uint64         // of the counter; 0 for a stall

	// By "left": how long what is left would last, and at which rate it goes.
	Left, LeftLimit      time.Duration
	RoomBytes, RateBytes uint64
}

// Sight is what a detector may look at.
type Sight struct {
	FiredSome, FiredFull bool

	Stall   pressure.Stall // of the policy's window; what was not seen of it counts as calm
	Seen    pressure.Stall // of what was seen of it
	StallOK bool

	Rise   memcg.Events // since the reading before
	RiseOK bool

	// Plenty says that the host is not as short of memory as the policy wants
	// it to be before a stall or an event counts.
	Plenty bool

	// Without swap: how long the memory of the slice lasts at the present rate.
	LeftOn    bool // it is looked at
	LeftOK    bool // it is known
	Left      time.Duration
	RoomBytes uint64 // what is left of it
	RateBytes uint64 // what goes of it, a second

	// Tainted says that this slice's stall and its count of high events are,
	// or may be, made by a hold of ours. A detector that lives on them has no
	// say then, and answers Calm.
	Tainted bool
}

// Detector says whether a slice is in breach of one limit. It is pure.
type Detector interface {
	Detect(s *Sight) (Breach, Evidence)
}

// detect asks all detectors; the first that presses gives the breach.
func (m *Machine) detect(s *Sight) (Breach, Evidence) {
	verdict, breach := Calm, Breach{}
	for _, d := range m.rules.Detectors {
		b, e := d.Detect(s)
		if e > verdict {
			verdict, breach = e, b
		}
	}
	return breach, verdict
}

// judge is the judgment while an episode runs: does the pressure go on?
func (m *Machine) judge(now time.Duration, s *Sight) Evidence {
	_, verdict := m.detect(s)
	if m.nHeld == 0 && !m.nested() {
		if s.Tainted {
			// Sleeps begun under a hold that is lifted still show as stall.
			return max(verdict, Unknown)
		}
		return verdict
	}
	return max(verdict, m.grounds.Fits, m.insiders(now))
}

// fits judges a held leaf: it is under its mark, has not run into it since the
// last reading, and does not grow past it into swap. The last is for a host
// that is short as a whole: its reclaim keeps a leaf under the mark. A frozen one always
// fits; one that was lent memory does when it could give it back.
func (l *Leaf) fits() Evidence {
	r := &l.Reading
	if l.hold != holding || !r.UsageOK || !r.HighOK {
		return Unknown
	}
	switch l.by {
	case byFreeze:
		return Calm
	case byRaise:
		if !r.StatOK {
			return Unknown
		}
		need := r.UsageBytes - min(r.FileBytes, r.UsageBytes)
		return verdict(memcg.Limit(need) >= l.limits.Old-l.limits.Old/raiseShare)
	}
	if !l.ranOK {
		return Unknown
	}
	swapped := r.SwapBytes > l.atHold.SwapBytes+leastGain && r.footprint() > l.atHold.footprint()+leastGain
	if memcg.Limit(r.UsageBytes) > l.limits.Mark || l.ran > 0 || swapped {
		return Pressing
	}
	return Calm
}

// insiders judges the leaves of the slice that are not held. Their own
// pressure is clean: a sibling's throttling does not show in it.
func (m *Machine) insiders(now time.Duration) Evidence {
	limits := m.rules.Policy.Pressure
	verdict := Calm
	if m.rules.Policy.Hold.On == onSlice || m.scarcity == Calm {
		return verdict // all of them are held, or there is memory for all
	}
	for _, l := range m.leaves {
		if l.hold.inForce() || now < l.glow || m.host.holdsOn(l.Path, m) {
			continue
		}
		stall, ok := l.window.Stall()
		switch {
		case !ok:
			verdict = max(verdict, Unknown)
		case over(stall.Full, pressure.Share(limits.Full)), over(stall.Some, pressure.Share(limits.Some)):
			return Pressing
		}
	}
	return verdict
}

// over reports whether a stall crosses a limit; a limit of zero is none.
func over(stall, limit pressure.Share) bool { return limit > 0 && stall >= limit }

// Scarce says whether a host has run out of both: memory that can be had
// without waiting, and swap to make some. A host without swap has run out of
// that. A floor of zero is never reached.
func (h *HostReading) Scarce() bool {
	return h.AvailableBytes < h.AvailableFloor && (h.SwapTotalBytes == 0 || h.SwapFreeBytes < h.SwapFloor)
}

// urgent says whether a wait that is not over should be cut short, and why.
// It is only asked while the pressure goes on.
func (m *Machine) urgent(s *Sight) (Why, bool) {
	switch {
	case s.RiseOK && s.Rise.OOM > 0:
		return BecauseOOM, true
	case m.grounds.Scarcity == Pressing:
		return BecauseScarce, true
	case m.nHeld > 0 && m.most.n > 0 && m.grounds.Others == Pressing:
		return BecauseOthers, true
	case m.grounds.Futile == Pressing:
		return BecauseFutile, true
	}
	return 0, false
}
