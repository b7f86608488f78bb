package pressure

import (
	"fmt"
	"time"
)

// Share is a share of time in hundredths of a percent: 10000 is all of it.
type Share uint32

// Whole is all of a span of time.
const Whole Share = 10000

// String renders a share in percent with two decimals, "43.20".
func (s Share) String() string {
	return fmt.Sprintf("%d.%02d", s/100, s%100)
}

// Stall is the share of a span in which some and all tasks were stalled.
type Stall struct {
	Some, Full Share
}

// samples bounds a window's memory. Twenty-four samples over a window are
// finer than the kernel's own ten looks a window.
const samples = 24

// leastSpan is the shortest time between two readings of one file that may be
// compared. The kernel weighs a stall by whole jiffies and forgets what a
// reading closer than one jiffy (up to 10 ms) to the last one saw.
const leastSpan = 20 * time.Millisecond

// Window remembers recent totals of one group and answers which share of the
// last moments was stalled. The zero value is not usable; see NewWindow. It
// has no clock: times are given, and only their differences matter.
type Window struct {
	length time.Duration
	at     [samples]time.Duration
	totals [samples]Totals
	n      int  // samples held, the oldest at 0
	missed bool // the last reading is missing
}

// NewWindow returns an empty window of the given length.
func NewWindow(length time.Duration) Window {
	return Window{length: length}
}

// Length returns the length the window was made with.
func (w *Window) Length() time.Duration { return w.length }

// Reset forgets all samples: what was seen before is no evidence any more.
func (w *Window) Reset() { w.n, w.missed = 0, false }

// Miss notes that there is no reading now. What was seen before stays for the
// next one to be compared with, and is no answer until then.
func (w *Window) Miss() { w.missed = true }

// Add notes the totals read at a time. The newest sample is always kept; the
// others stand at least 20 ms and a twentieth of the window apart. Time or
// totals that run backwards (the group was made again) empty the window first.
func (w *Window) Add(now time.Duration, t Totals) {
	w.missed = false
	if w.n > 0 {
		last := w.n - 1
		if now < w.at[last] || t.SomeMicros < w.totals[last].SomeMicros || t.FullMicros < w.totals[last].FullMicros {
			w.n = 0
		} else if w.n > 1 && w.at[last]-w.at[last-1] < max(leastSpan, w.length/20) {
			w.n-- // the newest stands too near the one before it: move it on
		}
	}
	for w.n > 1 && (w.n == samples || w.at[1] <= now-w.length) {
		copy(w.at[:], w.at[1:w.n])
		copy(w.totals[:], w.totals[1:w.n])
		w.n--
	}
	w.at[w.n], w.totals[w.n] = now, t
	w.n++
}

// Stall returns the stall of the last window. Where less than a window has
// been seen, the unseen rest counts as calm: a short history never overstates.
// It reports false while there are not two samples at least 20 ms apart, and
// where the last reading is missing.
func (w *Window) Stall() (Stall, bool) {
	s, span, ok := w.seen()
	if !ok {
		return Stall{}, false
	}
	return s.over(max(span, w.length)), true
}

// Seen returns the stall of the time that was seen, however short, and how
// long that was: a figure for people, while Stall is the one to decide on.
func (w *Window) Seen() (Stall, time.Duration, bool) {
	s, span, ok := w.seen()
	if !ok {
		return Stall{}, 0, false
	}
	return s.over(span), span, true
}

// Full reports whether a whole window has been seen.
func (w *Window) Full() bool {
	_, span, ok := w.seen()
	return ok && span >= w.length
}

func (w *Window) seen() (Totals, time.Duration, bool) {
	if w.n < 2 || w.missed {
		return Totals{}, 0, false
	}
	last := w.n - 1
	span := w.at[last] - w.at[0]
	if span < leastSpan {
		return Totals{}, 0, false
	}
	return Totals{
		SomeMicros: w.totals[last].SomeMicros - w.totals[0].SomeMicros,
		FullMicros: w.totals[last].FullMicros - w.totals[0].FullMicros,
	}, span, true
}

// over turns stalled time into a share of span. Kernels before 6.12 could add
// a bogus spike; no stall lasts longer than the time it happened in.
func (t Totals) over(span time.Duration) Stall {
	micros := uint64(span.Microseconds())
	share := func(stalled uint64) Share {
		return Share(min(stalled, micros) * uint64(Whole) / micros)
	}
	return Stall{Some: share(t.SomeMicros), Full: share(t.FullMicros)}
}
