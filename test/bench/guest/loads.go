package guest

import (
	"fmt"
	"time"
)

// The slices and services of a run. keeper is an innocent in the watched slice; canary lives in the protected slice; neighbour is one
// of the services in system.slice.
const (
	watched, victim, kept, guard = "bench.slice", "bench-load.slice", "bench-kept.slice", "guard.slice"

	loadService, keeper, canary, neighbour = "load.service", "keeper.service", "canary.service", "neighbour.service"
)

// program makes the loads, see test/load.
const program = "/run/payload/load"

const (
	tick   = 50 * time.Millisecond // of the canary
	record = "/run/bench-canary"
)

// A load is what happens to the guest in a run.
type load struct {
	command string
	limit   string        // lines of the watched slice
	swap    bool          // there are 512 MB of it
	calm    bool          // measure the calm before it: once with swap and once without is enough
	spare   bool          // nobody should die, the load itself included
	most    time.Duration // from the start of the load to the last look, where the load is not stopped
}

// warming fills memory and most of the swap, and goes away by itself.
var warming = load{command: "hog -rate 150M -max 1200M -touch -after 14s", swap: true, most: 18 * time.Second}

// loadOf returns the load of this name. The guest has 1024 MB of memory.
func loadOf(name string) (load, error) {
	loads := map[string]load{
		// A hog that goes on until memory and swap are full, and writes to all it has: what was swapped out comes back. It grows faster
		// than kswapd gets pages out.
		"steady": {command: "hog -rate 150M -max 1600M -touch", swap: true, calm: true, most: 90 * time.Second},
		"noswap": {command: "hog -rate 30M -max 1600M -touch", calm: true, most: 75 * time.Second},
		// More than the slice may use, less than with the swap: no kill by the kernel ends it.
		"limit": {command: "hog -rate 40M -max 400M -touch", limit: "MemoryMax=256M\n", swap: true, most: 45 * time.Second},
		// Each process is small; the slice is not.
		"many": {command: "crowd -processes 50 -each 30M -rate 3M", swap: true, most: 60 * time.Second},
		// More than there is memory, for a while: it frees all of it by itself.
		"burst": {command: "hog -rate 150M -max 1100M -touch -after 14s", swap: true, spare: true, most: 35 * time.Second},
		// The root disk is larger than memory.
		"scan": {command: "scan -file /dev/vda", swap: true, spare: true, most: 20 * time.Second},
	}
	l, ok := loads[name]
	if !ok {
		return load{}, fmt.Errorf("there is no load %q", name)
	}
	return l, nil
}

// units are the unit files of a run, by path.
func (l load) units() map[string]string {
	const dir = "/run/systemd/system/"
	return map[string]string{
		dir + watched: "[Slice]\n" + l.limit,
		// The weight has the CPUs shared by slices in every run: Reprieve's slice asks for that, and systemd does not take it back.
		dir + guard:       "[Slice]\nMemoryMin=48M\nCPUWeight=1000\n",
		dir + loadService: service(victim, l.command, ""),
		dir + keeper:      service(kept, "sleeper -keep 40M", ""),
		dir + canary:      service(guard, fmt.Sprintf("pulse -record %s -every %s", record, tick), "MemoryMin=48M\n"),
		dir + neighbour:   service("system.slice", "canary -working 16M -every 100ms", ""),
	}
}

func service(slice, verb, lines string) string {
	return "[Service]\nSlice=" + slice + "\nExecStart=" + program + " " + verb + "\n" + lines
}
