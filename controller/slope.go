package controller

import (
	"time"

	"reprieve/memcg"
)

// slope is how fast the room of a slice shrinks, where there is no swap or it
// is nearly used up: PSI is blind then until the last half second, and the
// kernel's OOM killer comes right behind it.
type slope struct {
	on   bool // the slice has an end to its memory, and no swap puts that off
	at   [slopeSamples]time.Duration
	room [slopeSamples]uint64
	n    int // samples held, the oldest at 0
}

const (
	slopeSamples = 8
	// slopeSpan is what a rate is measured over. A wait between two looks that
	// is longer counts as it is.
	slopeSpan = 500 * time.Millisecond
	// fillRate is how fast the quickest load is taken to fill memory. In calm the next
	// look comes in half of the time that it would need.
	fillRate              = 1 << 30 // bytes a second
	soonestLook, lastLook = 250 * time.Millisecond, 10 * time.Second
	// swapShare is the part of the swap that has to be free for a host with swap
	// to be one. Swap was seen to fill, and the kernel to kill, without a stall that
	// any limit would notice.
	swapShare = 4
)

// lookAfter is how long calm may go on without a look.
func (s *slope) lookAfter() time.Duration {
	if s.n == 0 {
		return soonestLook
	}
	fill := time.Duration(float64(s.room[s.n-1]) / fillRate / 2 * float64(time.Second))
	return min(max(fill, soonestLook), lastLook)
}

// Shares reports whether a look of a machine in calm, the last of which is known,
// may as well come now, with that of another: three quarters of its wait are
// over. One wake-up serves both, and they stay together from then on.
func (m *Machine) Shares(now, last time.Duration) bool {
	return m.phase == PhaseCalm && m.slope.on && m.nHeld == 0 && now-last >= m.slope.lookAfter()/4*3
}

// add notes the room at a time, and forgets what is older than the span needs.
func (s *slope) add(now time.Duration, room uint64) {
	if s.n > 0 && now <= s.at[s.n-1] {
		return
	}
	if s.n > 1 && s.at[s.n-1]-s.at[s.n-2] < slopeSpan/(slopeSamples-2) {
		s.n-- // the newest stands too near the one before it: move it on
	}
	for s.n > 1 && (s.n == slopeSamples || now-s.at[1] >= slopeSpan) {
		copy(s.at[:], s.at[1:s.n])
		copy(s.room[:], s.room[1:s.n])
		s.n--
	}
	s.at[s.n], s.room[s.n] = now, room
	s.n++
}

// left returns how long the room lasts at the present rate; false while that
// is not known. Who does not grow has for ever.
func (s *slope) left() (left time.Duration, rate uint64, ok bool) {
	if s.n < 2 {
		return 0, 0, false
	}
	last := s.n - 1
	span := s.at[last] - s.at[0]
	if span < soonestLook {
		return 0, 0, false
	}
	if s.room[last] >= s.room[0] {
		return forever, 0, true
	}
	perSecond := float64(s.room[0]-s.room[last]) / span.Seconds()
	return time.Duration(min(float64(s.room[last])/perSecond, 1e6) * float64(time.Second)), uint64(perSecond), true
}

// Wants says what the machine wants read of the slice besides its stall, its
// events and its usage.
type Wants struct {
	Host  bool // /proc/meminfo in calm as well
	Room  bool // memory.max and memory.stat of the slice
	Slope bool // the same, where the host has no swap or begins to use it
	Self  bool // the slice as a leaf: it may be held as a whole
}

// Wants says what is to be read.
func (m *Machine) Wants() Wants {
	p := &m.rules.Policy
	raise := m.phase == PhaseHeld && m.by() == byRaise
	return Wants{
		Host: p.Pressure.Scarce > 0 || p.Pressure.Left > 0,
		Room: raise, Slope: p.Pressure.Left > 0,
		Self: raise || p.Hold.On == onSlice || (m.self != nil && m.self.hold != free),
	}
}

// Slope reports whether the slice is looked at for how fast it fills: there is
// no swap or it is being used, the policy wants it, and there is an end to its memory.
func (m *Machine) Slope() bool { return m.slope.on }

// fathom measures how long memory and swap will last. Where there is swap it
// begins with the first sign of reclaim, and counts from when little of it is left.
func (m *Machine) fathom(now time.Duration, in *Reading, s *Sight) {
	limit := m.rules.Policy.Pressure.Left
	if !in.HostOK {
		return // what was known of it stays: the next look comes as it would have
	}
	root := m.self != nil && m.self.Path == "/"
	swap := in.Host.SwapTotalBytes > 0
	quiet := swap && !in.Stirring && (m.phase == PhaseCalm || !m.slope.on) // while nobody makes room, none is missing
	if limit == 0 || quiet || (!root && in.RoomOK && in.Max == memcg.Max) {
		m.slope = slope{}
		return
	}
	room := in.Host.AvailableBytes
	if !root {
		if !in.RoomOK || !in.UsageOK {
			return
		}
		room = min(room, freeBelow(in))
	}
	room += in.Host.SwapFreeBytes
	m.slope.on = true
	m.slope.add(now, room)
	s.LeftOn = in.Host.SwapFreeBytes <= in.Host.SwapTotalBytes/swapShare
	s.RoomBytes = room
	s.Left, s.RateBytes, s.LeftOK = m.slope.left()
}

// freeBelow is what a slice can have before it is at its memory.max, its page
// cache included.
func freeBelow(in *Reading) uint64 {
	used := in.UsageBytes - min(in.FileBytes, in.UsageBytes)
	return uint64(in.Max) - min(used, uint64(in.Max))
}
