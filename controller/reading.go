package controller

import (
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

	UsageBytes uint64 // memory.current of the slice
	UsageOK    bool

	// The host's free memory and swap against the configured floors, see Scarce.
	Host   HostReading
	HostOK bool

	Victim VictimReading // while a stop of this slice's is under way
}

// HostReading is what a host has left, and the floors of the configuration.
type HostReading struct {
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

	// Of a held leaf only: memory.high, and how often the leaf itself ran
	// into it (memory.events.local).
	High       memcg.Limit
	HighEvents uint64
	HighOK     bool

	// Of a held leaf only, from memory.stat: what reclaim looked at and what
	// it got since the group was made, and the page cache that is left.
	ScanPages, StealPages uint64
	FileBytes             uint64
	StatOK                bool
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
