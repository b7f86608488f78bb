package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"reprieve/internal/worker"
)

// collected is how often the collector has run, the runtime's own runs included.
func collected() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}

// Ensure the collector runs when it is due or enough has come together, one
// run at a time, and never in an episode.
func TestCollect(t *testing.T) {
	desk, err := worker.NewDesk()
	if err != nil {
		t.Fatal(err)
	}
	was := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(was) })
	s := &slice{}
	d := &daemon{desk: desk, taker: desk.Queue(4), slices: []*slice{s}}
	c := &d.garbage
	c.started = true
	for _, tt := range []struct {
		name          string
		due, troubled bool
		running       bool
		keptBytes     uint64
		runs          bool
	}{
		{name: "due", due: true, keptBytes: 1 << 40, runs: true},
		{name: "enough has come together", runs: true},
		{name: "little has", keptBytes: 1 << 40},
		{name: "in an episode", due: true, troubled: true},
		{name: "it runs already", due: true, running: true},
	} {
		c.due, c.kept, c.running, s.troubled = tt.due, tt.keptBytes, tt.running, tt.troubled
		before, garbage := collected(), make([]byte, 2*mostGarbage)
		d.collect()
		runtime.KeepAlive(garbage)
		if got := c.running && !tt.running; got != tt.runs {
			t.Errorf("%s: it runs: %v, want %v", tt.name, got, tt.runs)
		}
		if !tt.runs {
			continue
		}
		for end := time.Now().Add(20 * time.Second); c.running; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: no answer", tt.name)
			}
			desk.Collect()
		}
		if collected() == before {
			t.Errorf("%s: it has not run", tt.name)
		}
		if c.due || c.kept == 0 || c.kept == tt.keptBytes || c.limit < leastLimit {
			t.Errorf("%s: afterwards %+v, want nothing due, what was kept and the limit", tt.name, c)
		}
	}
	d.taker.Close()
}

// Ensure what is free stays with the program, ready to be used, however often the collector runs.
func TestCollector_KeepsRoom(t *testing.T) {
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(leastLimit)
	t.Cleanup(func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) })
	c := &collector{d: &daemon{locked: true}}
	spent := make([][]byte, 0, 1024)
	for range cap(spent) {
		spent = append(spent, make([]byte, roomPiece))
	}
	runtime.KeepAlive(spent)
	for range 4 {
		c.Run()
		before := released()
		// The runtime's scavenger has its time: it takes some hundredth of a CPU.
		for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if given := released() - before; given > 0 {
			t.Errorf("%d bytes of the heap were given back after a collection, want none", given)
		}
	}
	if c.fillErr != nil {
		t.Errorf("FillHeap() = %v", c.fillErr)
	}
	free := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(free)
	if got := free[0].Value.Uint64(); got < heapRoom {
		t.Errorf("%d bytes of the heap are free and in memory, want %d at least", got, heapRoom)
	}
}

// released is how much of the heap was given back to the kernel, in bytes.
func released() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
