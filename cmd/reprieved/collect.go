package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"reprieve/internal/memlock"
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
	// touched and locked, by makeRoom: the next episode finds it there and need not ask
	// the kernel for pages.
	mostGarbage = 1 << 20
	// heapRoom is how much of the heap is free and in memory after a collection, at
	// least: half a megabyte for each of goPlaces to allocate from, one for what is
	// left of those in use, and what calm may make garbage of before an episode. An
	// episode's workers allocate; the loop has all it needs.
	heapRoom = (goPlaces+1)<<19 + mostGarbage
	// mostRoom is how much of it, at most: a host whose ten thousand leaves went away
	// has its memory back.
	mostRoom = 4 * heapRoom
	// roomPiece is what room is made of: one page of the runtime's.
	roomPiece = 8 << 10
)

// collector is the loop's, and the taker's job while it runs.
type collector struct {
	d       *daemon
	due     bool   // something has ended whose garbage is now collected
	running bool   // on the taker
	kept    uint64 // bytes of the heap after the last run
	limit   int64
	filled  bool  // the heap is in memory, or cannot be brought in
	fillErr error // why
	started bool  // the start is over; until then endStart alone collects
	placed  bool  // the places are ready, or cannot be made so

	placeErr error // why
	sample   [1]metrics.Sample
	free     [1]metrics.Sample // the taker's
	ready    [2]metrics.Sample // as well: what the limit is for is the first without the second
}

// goPlaces is how many threads may run Go code at once: when the loop comes back
// from its wait it needs a free place, the guard another, and a worker that the
// kernel keeps from its CPU keeps the one it has. Each allocates from half a
// megabyte of the heap of its own (runtime/mpagecache.go), and that is kept in memory: with eight of them
// an episode touched 8 MiB here and there, and waited for memory to do so.
const goPlaces = 3

// tameCollector has the runtime collect at leastLimit only, and allocate from one
// place until the start is over, so that the heap has few holes.
func tameCollector() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(leastLimit)
}

// endStart has the heap brought in, on the loop, before READY=1, where nobody else
// allocates from it: milliseconds, in which no slice is in an episode. In one nothing is
// collected; then that is done after it.
func (d *daemon) endStart() {
	c := &d.garbage
	if c.due = !d.alone || d.anyTroubled(); !c.due {
		c.d = d
		c.Run()
		c.Answer()
	}
	if d.alone {
		runtime.GOMAXPROCS(goPlaces)
	}
	c.started = true
	if !c.due {
		c.readyPlaces()
		c.Answer()
	}
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
	if !c.started || c.running || d.ending || d.anyTroubled() || (!c.due && c.heapBytes() < c.kept+max(mostGarbage, c.kept/2)) {
		return
	}
	c.d = d
	if c.running = d.taker.Give(c); c.running { // where there is no room, at the next turn
		c.due = false
	}
}

// Run collects. Where memory is locked, it brings in the heap as well: tables that
// were made and never written to are the loop's, and a first write to a page has
// to wait for a free one as all do who wait for memory. For them once is enough.
func (c *collector) Run() {
	c.free[0].Name = "/memory/classes/heap/free:bytes"
	c.ready[0].Name, c.ready[1].Name = "/memory/classes/total:bytes", "/memory/classes/heap/released:bytes"
	runtime.GC()
	if c.d.locked {
		c.makeRoom()
		if !c.filled {
			c.filled = true
			_, c.fillErr = memlock.FillHeap()
		}
		c.keepRoom()
	}
	if c.started {
		c.readyPlaces()
	}
}

// readyPlaces has the places made ready, once, where memory is locked: not before the start is over, since there is one
// place until then, and not in an episode, where it would be that which waits.
func (c *collector) readyPlaces() {
	if c.d.locked && !c.placed {
		c.placed = true
		c.placeErr = readyPlaces()
	}
}

// keepRoom collects so that the runtime's scavenger leaves the room alone. It gives back what is more
// than was in use before the collection, times the quotient of the heap's goal now and then
// (runtime/mgcscavenge.go: gcPaceScavenger). The goals are what the limit leaves: with one just above what is in use, and
// the usual one afterwards, that is several times the heap. Seen without it: 2 of 3 MiB were gone
// 15 s after the start.
func (c *collector) keepRoom() {
	usual := debug.SetMemoryLimit(-1)
	metrics.Read(c.ready[:])
	used := int64(c.ready[0].Value.Uint64() - c.ready[1].Value.Uint64())
	if tight := used + used/8; tight < usual {
		debug.SetMemoryLimit(tight)
	}
	runtime.GC()
	debug.SetMemoryLimit(usual)
}

// makeRoom takes up what is free of the heap, heapRoom at least, and touches it; the
// collection that follows frees it again, and keeps it: what the runtime gives back is gone though it
// is locked, mapped anew where madvise(2) refuses (runtime/mem_linux.go: sysUnusedOS).
func (c *collector) makeRoom() {
	metrics.Read(c.free[:])
	page := os.Getpagesize()
	pieces := make([][]byte, min(max(c.free[0].Value.Uint64(), heapRoom), mostRoom)/roomPiece)
	for n := range pieces {
		piece := make([]byte, roomPiece)
		for i := 0; i < roomPiece; i += page {
			piece[i] = 1
		}
		pieces[n] = piece
	}
}

// Answer keeps the limit far from what lives: ten thousand leaves take more
// than leastLimit. Not in an episode, since a new limit stops all threads, too.
func (c *collector) Answer() {
	if c.fillErr != nil {
		c.d.tell.plain(prioWarning, "the heap is not in memory as a whole, decisions may wait for memory under pressure: %v", c.fillErr)
		c.fillErr = nil
	}
	if c.placeErr != nil {
		c.d.tell.plain(prioWarning, "the runtime's own memory is not in memory as a whole, decisions may wait for memory under pressure: %v", c.placeErr)
		c.placeErr = nil
	}
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
