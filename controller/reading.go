package controller

import (
	"time"

	"reprieve/memcg"
	"reprieve/pressure"
)

// Reading is what the shell saw of one watched slice at one moment. A part
// that could not be read has its OK false and is no evidence of anything.
type Reading struct {
	// Fired tells which kernel triggers reported since the last reading. A
	// trigger is the kernel's own measurement of the limit in the policy.
	FiredSome, FiredFull bool

	Totals   pressure.Totals // memory.pressure of the slice
	TotalsOK bool

	Events   memcg.Events // memory.events of the slice and all below
	EventsOK bool

	UsageBytes uint64 // memory.current of the slice; of the root, what is not available
	UsageOK    bool

	// What the slice may have at most, and the page cache in it, which comes
	// back without killing anybody. Read where the policy asks, see Wants.
	Max       memcg.Limit // memory.max
	FileBytes uint64      // active and inactive, of memory.stat
	RoomOK    bool        // both were read

	// The host's free memory and swap against the configured floors, see Scarce.
	Host   HostReading
	HostOK bool
	// Stirring says that somebody has waited for memory, or that the kernel has
	// made room, somewhere on the host within the last seconds.
	Stirring bool

	Victim VictimReading // while a stop of this slice's is under way
}

// HostReading is what a host has left, and the floors of the configuration.
type HostReading struct {
	TotalBytes                     uint64
	AvailableBytes, AvailableFloor uint64
	SwapFreeBytes, SwapFloor       uint64
	SwapTotalBytes                 uint64
}

// VictimReading is cgroup.events of the group that is being stopped.
type VictimReading struct {
	OK        bool // Populated was read, or the group is gone
	Populated bool
}

// LeafReading is what the shell saw of one leaf in an episode.
type LeafReading struct {
	UsageBytes, SwapBytes uint64
	SwapCachedBytes       uint64 // counted in both
	UsageOK               bool   // all three were read

	Totals   pressure.Totals // memory.pressure of the leaf
	TotalsOK bool

	// Of a held leaf only: what the file of the hold holds (memory.high, or
	// memory.max; of cgroup.freeze 0 or 1), and how often the leaf itself ran into
	// memory.high (memory.events.local).
	High       memcg.Limit
	HighEvents uint64
	HighOK     bool

	// Of a held leaf only, from memory.stat: what reclaim looked at and what
	// it got since the group was made, and what it could still get.
	ScanPages, StealPages uint64
	FileBytes, AnonBytes  uint64
	StatOK                bool

	GuardBytes uint64 // memory.min or memory.low, of a held leaf; 0 where not read
}

// footprint is what a leaf has in memory or in swap: a group that is swapped
// out may grow although its memory does not. What is in both, on its way out
// or just back in, counts once; otherwise who is merely swapped would seem to
// grow.
func (r *LeafReading) footprint() uint64 {
	return r.UsageBytes + r.SwapBytes - min(r.SwapCachedBytes, r.SwapBytes)
}

// Witness is a group outside a watched slice whose own pressure tells how
// others fare: it is not inflated by what is held elsewhere. The shell fills
// the reading before each Step of an episode.
type Witness struct {
	Path     string
	Totals   pressure.Totals
	TotalsOK bool

	window pressure.Window
}

// take notes a witness's reading. While somebody's hold shows in its stall, or
// may, it is none.
func (w *Witness) take(now time.Duration, tainted bool) {
	switch {
	case tainted:
		w.window.Reset()
	case w.TotalsOK:
		w.window.Add(now, w.Totals)
	default:
		w.window.Miss()
	}
}
