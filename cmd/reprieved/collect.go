package main

import (
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
	// touched and locked: the next episode finds it there and need not ask the
	// kernel for pages.
	mostGarbage = 2 << 20
	// startPercent has it run often until all settings are read, and takePercent until
	// all leaves are taken up, which may be ten thousand.
	startPercent = 25
	takePercent  = 100
	// heapRoom is how much of the heap is brought in beyond what was used when the
	// start is over: what each of goPlaces may allocate from next, and what is left of
	// the half megabyte that is in use. An episode's workers allocate; the loop has
	// all it needs.
	heapRoom = (goPlaces + 1) << 19
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
	sample  [1]metrics.Sample
}

// goPlaces is how many threads may run Go code at once: when the loop comes back
// from its wait it needs a free place, the guard another, and a worker that the
// kernel keeps from its CPU keeps the one it has. Each allocates from half a
// megabyte of the heap of its own (runtime/mpagecache.go), and that is kept in memory: with eight of them
// an episode touched 8 MiB here and there, and waited for memory to do so.
const goPlaces = 3

// compactStart is for the start: it collects often, and all is allocated from one
// place, so that the heap is small and has few holes.
func compactStart() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(startPercent)
	debug.SetMemoryLimit(leastLimit)
}

// beginTaking is for the second part of the start.
func (d *daemon) beginTaking() {
	if d.alone {
		debug.SetGCPercent(takePercent)
	}
}

// endStart ends what compactStart began, on the loop, before READY=1. In an
// episode nothing is collected; then the heap is brought in after it.
func (d *daemon) endStart() {
	c := &d.garbage
	if c.due = !d.alone || d.anyTroubled(); !c.due {
		c.d = d
		c.Run()
		c.Answer()
	}
	if !d.alone {
		return
	}
	debug.SetGCPercent(-1) // it runs at the memory limit only from here on
	runtime.GOMAXPROCS(goPlaces)
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

// Run collects, and the first time brings in the heap behind it: tables that
// were made and never written to are the loop's, and a first write to a page has
// to wait for a free one as all do who wait for memory. Once is enough: pages stay,
// and what an episode took is free for the next.
func (c *collector) Run() {
	runtime.GC()
	if !c.filled && c.d.locked {
		_, c.fillErr = memlock.FillHeap(heapRoom)
	}
	c.filled = true
}

// Answer keeps the limit far from what lives: ten thousand leaves take more
// than leastLimit. Not in an episode, since a new limit stops all threads, too.
func (c *collector) Answer() {
	if c.fillErr != nil {
		c.d.tell.plain(prioWarning, "the heap is not in memory as a whole, decisions may wait for memory under pressure: %v", c.fillErr)
		c.fillErr = nil
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
