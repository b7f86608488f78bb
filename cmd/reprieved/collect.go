package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The collector stops all of the program's threads for a moment, twice a run,
// and waits for each to come to where it may be stopped: one that the kernel
// keeps in a page fault keeps them all. So it does not run in an episode. What an
// episode allocates is bounded and small beside leastLimit; it runs when all is
// calm, asked for by the daemon: after the start, after each episode, and when
// mostGarbage has come together, as a host does whose units come and go.
const (
	// leastLimit is how much memory the runtime may have before it collects all
	// the same, since growth without bound is worse: never near in practice. The
	// runtime itself takes some 8 MiB of it; an episode with 200 leaves was seen
	// to allocate 3 MiB.
	leastLimit = 48 << 20
	// mostGarbage is how much the heap grows in calm before it is collected;
	// half of what lives where that is more. What was freed stays with the program,
	// touched and locked: the next episode finds it there and need not ask the
	// kernel for pages.
	mostGarbage = 2 << 20
)

// collector is the loop's, and the taker's job while it runs.
type collector struct {
	d       *daemon
	due     bool   // something has ended whose garbage is now collected
	running bool   // on the taker
	kept    uint64 // bytes of the heap after the last run
	limit   int64
	sample  [1]metrics.Sample
}

// tameCollector has the runtime collect at leastLimit only.
func tameCollector() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(leastLimit)
}

// heapBytes is what is on the heap, live or not. It stops nothing and
// allocates nothing.
func (c *collector) heapBytes() uint64 {
	c.sample[0].Name = "/memory/classes/heap/objects:bytes"
	metrics.Read(c.sample[:])
	return c.sample[0].Value.Uint64()
}

// collect has the collector run, off the loop, when all slices are calm and
// it is worth it.
func (d *daemon) collect() {
	c := &d.garbage
	if c.running || d.ending || d.anyTroubled() || (!c.due && c.heapBytes() < c.kept+max(mostGarbage, c.kept/2)) {
		return
	}
	c.d = d
	if c.running = d.taker.Give(c); c.running { // where there is no room, at the next turn
		c.due = false
	}
}

// Run collects.
func (c *collector) Run() { runtime.GC() }

// Answer keeps the limit far from what lives: ten thousand leaves take more
// than leastLimit. Not in an episode, since a new limit stops all threads, too.
func (c *collector) Answer() {
	c.running, c.kept = false, c.heapBytes()
	limit := max(leastLimit, int64(4*c.kept))
	if limit > c.limit && !c.d.anyTroubled() {
		c.limit = limit
		debug.SetMemoryLimit(limit)
	}
}

// anyTroubled reports whether any slice is in an episode.
func (d *daemon) anyTroubled() bool {
	for _, s := range d.slices {
		if s.troubled {
			return true
		}
	}
	return false
}
