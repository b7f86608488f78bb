package main

import (
	"maps"
	"slices"
	"sync"
	"time"

	"reprieve/controller"
	"reprieve/episodes"
	"reprieve/internal/control"
)

// tally counts what was told of each slice, for those who ask. The teller adds,
// the control socket's goroutines read.
type tally struct {
	mu      sync.Mutex
	bySlice map[string]*control.Tally
	last    map[string]control.Last
}

func newTally() *tally {
	return &tally{bySlice: map[string]*control.Tally{}, last: map[string]control.Last{}}
}

// count counts a note.
func (t *tally) count(n *controller.Note) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.bySlice[n.Slice]
	if c == nil {
		c = blank()
		t.bySlice[n.Slice] = c
	}
	switch n.Kind {
	case controller.NoteBreach:
		if !n.Resumed {
			c.Breaches++
		}
	case controller.NoteHold:
		if !n.Observe {
			c.Holds++
		}
	case controller.NoteRelief:
		if n.Spared {
			c.Spared++
		} else {
			c.Relieved++
		}
		observe(&c.Waited, n.Waited)
	case controller.NoteStop:
		if !n.Observe {
			c.Stops++
		}
		observe(&c.Waited, n.Waited)
	case controller.NoteStopped:
		observe(&c.Emptied, n.Took)
	case controller.NoteSettled:
		c.FreedBytes += n.FreedBytes
		c.KernelKills += n.Kills
	case controller.NoteKernel:
		c.KernelKills += n.Kills
	case controller.NoteRevived:
		c.Revived++
	case controller.NoteFailed:
		c.Failures++
	}
}

// ended remembers the last episode of a slice.
func (t *tally) ended(r *episodes.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := control.Last{Episode: r.Episode, Outcome: r.Outcome, EndedUnixUsec: r.Ended.UnixMicro()}
	if n := len(r.Stopped); n > 0 {
		last.Unit = r.Stopped[n-1]
	}
	was := t.last[r.Slice]
	t.last[r.Slice] = last
	if was.Episode == last.Episode && was.Outcome == last.Outcome {
		return // it went on after relief, and ended so once more
	}
	if c := t.bySlice[r.Slice]; c != nil {
		c.Outcomes[r.Outcome]++
	}
}

// of returns a slice's counts, and its last episode, nil where there was none.
func (t *tally) of(slice string) (control.Tally, *control.Last) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := *blank()
	if have := t.bySlice[slice]; have != nil {
		c = *have
		c.Waited.Counts, c.Emptied.Counts, c.Outcomes = slices.Clone(c.Waited.Counts), slices.Clone(c.Emptied.Counts), maps.Clone(c.Outcomes)
	}
	if last, ok := t.last[slice]; ok {
		return c, &last
	}
	return c, nil
}

// blank is a tally of nothing.
func blank() *control.Tally {
	return &control.Tally{Waited: histogram(), Emptied: histogram(), Outcomes: map[episodes.Outcome]uint64{}}
}

func histogram() control.Histogram {
	return control.Histogram{Counts: make([]uint64, len(control.Buckets())+1)}
}

// observe adds a duration to a histogram.
func observe(h *control.Histogram, d time.Duration) {
	i := 0
	for _, bound := range control.Buckets() {
		if d <= bound {
			break
		}
		i++
	}
	h.Counts[i]++
	h.SumUsec += uint64(max(d, 0).Microseconds())
}
