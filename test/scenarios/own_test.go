//go:build guest

package scenarios

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// ownHold is a policy under which only a stall of others, or the end of a long wait, leads to a stop. Without swap the hold comes
// long before the slice is full. No pause of an emulated CPU is as long as the calm, nor as a step of relief, a quarter of it.
func ownHold(on string) string {
	return `
[pressure]
full = "10%"
left = "10s"
[hold]
on     = "` + on + `"
delay  = "9m"
calm   = "10s"
urgent = "30%"
`
}

// Ensure the stall that a hold makes, in what is held and in all above it, is never taken for pressure: more than the limit
// that cuts a wait short, it cuts nothing short, and it does not keep the hold in force when the load has passed.
func TestOwnHoldIsNoPressure(t *testing.T) {
	for _, tt := range []struct {
		on, held string
		stalls   []string // by the hold alone
	}{
		{"growers", "batch-b.slice", []string{"batch-b.slice", "batch.slice"}},
		{"slice", "batch.slice", []string{"batch.slice"}},
	} {
		t.Run(tt.on, func(t *testing.T) {
			g := begin(t) // without swap: the hog is held by its sleeps alone, and not by reclaim
			g.config("slices/batch.slice.toml", ownHold(tt.on))
			g.threeLeaves(leaves{maxMB: 400}) // room for a hog that gets faster, and a daemon that is late
			g.startDaemon()

			g.start(hog)
			hold := g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", tt.held)
			g.witness()
			mark := g.bytes(tt.held, "memory.high")
			g.signal(canary, unix.SIGSTOP) // the hog is alone then
			// Its sleeps get longer the more it is over the mark.
			g.wait("a full stall of 0.6 of six seconds and more by the hold alone, without which nothing is tested", func() bool {
				return !slices.ContainsFunc(g.ownStall(6*time.Second, tt.stalls...), func(share float64) bool { return share < 0.6 })
			})
			g.signal(canary, unix.SIGCONT)
			if events := g.read("batch.slice", "memory.events"); !strings.Contains(events, "\nmax 0\n") {
				t.Errorf("memory.events of batch.slice = %q, want no max: it stalls at its own limit, and not by the hold alone", events)
			}
			g.never(watch.Stop)
			g.never(watch.Relief)

			trail := followHigh(tt.held)
			g.free()
			relief := g.await(watch.Relief)
			between := trail.end()
			g.checkEpisode(hold, relief)
			if got := relief["REPRIEVE_EVIDENCE"]; !strings.Contains(got, "fits=yes "+tt.held) {
				t.Errorf("REPRIEVE_EVIDENCE of the relief = %q, want it to say that %s fits", got, tt.held)
			}
			g.wait("memory.high to be max again", func() bool { return g.read(tt.held, "memory.high") == "max" })
			g.awaitNoHolds()
			if steps := stepsAbove(between, mark); len(steps) < 2 || !slices.IsSorted(steps) {
				t.Errorf("memory.high of %s went through %v after the load had passed, want two or more steps up from %d", tt.held, between, mark)
			}
			g.never(watch.Stop)
			g.neverFailed()
			g.checkTicking()
		})
	}
}

// Ensure the same wait is cut short when a sibling outside of the hold really stalls; the sibling's stall is named, and it is who is
// held that dies.
func TestSiblingStallsIsUrgent(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", ownHold("growers"))
	g.unit("bulk.slice", "[Slice]\nMemoryMax=48M\n")
	g.service(bulkHog, "bulk-b.slice", load+" hog -rate 60M -max 200M -touch")
	// The hog runs into a limit of its own leaf, below that of batch.slice: who stalls beside it is the sibling, and never the canary. Both hogs
	// together fit into the guest's swap, also when both have all they want.
	g.unit("batch-b.slice", "[Slice]\nMemoryMax=128M\n")
	g.threeLeaves(leaves{hog: load + " hog -rate 30M -max 360M -touch"})
	g.startDaemon()

	g.awaitHold()
	g.start(bulkHog)
	sibling := g.mainPID(bulkHog)
	g.witness()
	g.lets(hog)

	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	settled := g.await(watch.Settled)
	g.signal(bulkHog, unix.SIGUSR1)
	// A hog that paused may have been let go once: then there were two episodes.
	hold := g.await(watch.Hold, "REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"])
	g.checkEpisode(hold, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), settled)
	if got, want := stop["REPRIEVE_REASON"], "others stall above the urgent limit"; got != want {
		t.Errorf("REPRIEVE_REASON of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	if got, want := stop["REPRIEVE_EVIDENCE"], "others=yes /bulk.slice "; !strings.Contains(got, want) {
		t.Errorf("REPRIEVE_EVIDENCE of the stop = %q, want it to have %q", got, want)
	}
	g.ownCutShort(stop)
	if got := g.mainPID(bulkHog); got != sibling {
		t.Errorf("main PID of %s = %d, want %d as before", bulkHog, got, sibling)
	}
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.neverFailed()
	g.checkNeighbours()
}

// ownCutShort asserts that a stop came with most of the delay left.
func (g *guest) ownCutShort(stop watch.Message) {
	g.t.Helper()
	waited, delay := ownMicros(stop, "REPRIEVE_WAITED_USEC"), ownMicros(stop, "REPRIEVE_DELAY_USEC")
	if waited >= delay/2 {
		g.t.Errorf("stop after %s of %s, want it with most of the delay left: %s", waited, delay, stop["MESSAGE"])
	}
}

// ownMicros reads a field of microseconds; one that is missing is -1 µs.
func ownMicros(m watch.Message, field string) time.Duration {
	micros, err := strconv.ParseInt(m[field], 10, 64)
	if err != nil {
		return -time.Microsecond
	}
	return time.Duration(micros) * time.Microsecond
}

// ownStall measures for some seconds how much of the time all tasks of each slice were stalled.
func (g *guest) ownStall(span time.Duration, slices ...string) []float64 {
	g.t.Helper()
	before, start := make([]watch.Stall, len(slices)), time.Now()
	for at, slice := range slices {
		before[at] = g.stalled(slice)
	}
	time.Sleep(span)
	shares := make([]float64, len(slices))
	for at, slice := range slices {
		shares[at] = float64(g.stalled(slice).Full-before[at].Full) / float64(time.Since(start))
	}
	return shares
}

// highTrail looks at a slice's memory.high twenty times a second. What is between two looks it does not see.
type highTrail struct {
	done chan struct{}
	over sync.WaitGroup

	values []string      // each that differs from the one before, the first included
	spans  []highSpan    // in which it was not max
	last   time.Duration // of the last look
}

// highSpan is a time in which a slice's memory.high was not max, since boot as the journal has it: from the first look that found it so to
// the last, so that it is never longer than it was in truth.
type highSpan struct{ from, to time.Duration }

// highGap is the longest time between two looks of one span. What was in a longer one, as when the one who looks had no CPU, is not known.
const highGap = 500 * time.Millisecond

// sinceBoot is the clock of the journal's __MONOTONIC_TIMESTAMP.
func sinceBoot() time.Duration {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // there always is one
	return time.Duration(now.Nano())
}

// followHigh begins to look; end ends that.
func followHigh(slice string) *highTrail {
	trail := &highTrail{done: make(chan struct{})}
	trail.over.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			begun := sinceBoot()
			if value, err := watch.Read(slice, "memory.high"); err == nil && value != "" {
				trail.see(value, begun, sinceBoot())
			}
			select {
			case <-trail.done:
				return
			case <-tick.C:
			}
		}
	})
	return trail
}

// see notes a look, which was between two times.
func (h *highTrail) see(value string, begun, ended time.Duration) {
	last := "max"
	if n := len(h.values); n > 0 {
		last = h.values[n-1]
	}
	switch {
	case value == "max":
	case last != "max" && ended-h.last <= highGap:
		h.spans[len(h.spans)-1].to = begun
	default:
		h.spans = append(h.spans, highSpan{from: ended, to: ended})
	}
	h.last = ended
	if len(h.values) == 0 || last != value {
		h.values = append(h.values, value)
	}
}

// end returns the values that were seen.
func (h *highTrail) end() []string {
	close(h.done)
	h.over.Wait()
	return h.values
}

// stepsAbove returns the values between a mark and max.
func stepsAbove(values []string, mark int64) []int64 {
	var steps []int64
	for _, value := range values {
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > mark {
			steps = append(steps, n)
		}
	}
	return steps
}
