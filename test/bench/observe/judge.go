// Package observe looks at a crisis from outside of whoever handles it: it samples the pressure of the slices and the life of the load's
// group from a locked, real-time thread, and says afterwards when the limit was first broken, when the load was gone and what the
// others had to bear until then. It uses nothing of the daemon's own code.
package observe

import (
	"time"

	"reprieve/test/bench/result"
)

// Window and Limit are when a limit counts as broken, for all controllers alike: all tasks of the load's slice, of the protected slice or
// of system.slice were stalled at once for this share of a window that ends at the sample. Not of /proc/pressure/memory: what kswapd
// does counts there as well, and was seen to make 60% of it while nobody waited.
const (
	Window = time.Second
	Limit  = 0.10
)

// Sample is one look. At is CLOCK_MONOTONIC in microseconds; the stalls are totals.
type Sample struct {
	At                        int64
	Load, Host, Guard, System result.Stall
	Alive                     bool // the load's group has a process
}

// Judge says what the samples of one run show of the load that was started at start. The samples should begin a window before that. Only
// what the samples tell is set in the outcome.
func Judge(samples []Sample, start int64) result.Outcome {
	var out result.Outcome
	if len(samples) == 0 {
		return out
	}
	breach, empty := -1, -1
	for i, s := range samples {
		if s.At < start {
			continue
		}
		if broken(samples[:i+1]) {
			if breach < 0 {
				breach = i
			}
			out.OverMicros += s.At - samples[max(i-1, 0)].At
		}
		if empty < 0 && i > 0 && samples[i-1].Alive && !s.Alive {
			empty = i
		}
		if s.Alive {
			empty = -1 // it came back, or another of its processes did
		}
	}
	last := samples[len(samples)-1]
	out.WatchedMicros = last.At - start
	if empty >= 0 {
		at := samples[empty].At - start
		out.EmptyMicros = &at
	}
	if breach < 0 {
		return out
	}
	first := samples[breach]
	at := first.At - start
	out.BreachMicros = &at
	if empty >= 0 {
		last = samples[max(empty, breach)]
	}
	out.Guard, out.System = last.Guard.Sub(first.Guard), last.System.Sub(first.System)
	out.Host, out.Load = last.Host.Sub(first.Host), last.Load.Sub(first.Load)
	return out
}

// broken reports whether the limit was broken in the window that ends at the last sample. With less than a window of samples it was not.
func broken(samples []Sample) bool {
	last := samples[len(samples)-1]
	for i := len(samples) - 2; i >= 0; i-- {
		elapsed := last.At - samples[i].At
		if elapsed < Window.Microseconds() {
			continue
		}
		before := samples[i]
		most := max(last.Load.Full-before.Load.Full, last.Guard.Full-before.Guard.Full, last.System.Full-before.System.Full)
		return float64(most) >= Limit*float64(elapsed)
	}
	return false
}
