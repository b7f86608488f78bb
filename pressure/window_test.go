package pressure

import (
	"testing"
	"time"
)

const ms = time.Millisecond

func fill(w *Window, step time.Duration, n int, stalledPerStep uint64) {
	for i := range n {
		w.Add(time.Duration(i)*step, Totals{uint64(i) * stalledPerStep, uint64(i) * stalledPerStep / 2})
	}
}

// Ensure a window gives the stalled share of its own length.
func TestWindow_Stall(t *testing.T) {
	for _, tt := range []struct {
		name    string
		length  time.Duration
		step    time.Duration
		n       int
		stalled uint64
		want    Stall
		ok      bool
		full    bool
	}{
		{name: "nothing", length: time.Second},
		{name: "one sample", length: time.Second, step: 100 * ms, n: 1},
		{name: "steady 40%", length: time.Second, step: 100 * ms, n: 30, stalled: 40_000, want: Stall{4000, 2000}, ok: true, full: true},
		{name: "a short history counts the rest as calm", length: time.Second, step: 100 * ms, n: 3, stalled: 100_000, want: Stall{2000, 1000}, ok: true},
		{name: "long window, many samples", length: 10 * time.Second, step: 100 * ms, n: 300, stalled: 100_000, want: Stall{10000, 5000}, ok: true, full: true},
		{name: "bogus spike", length: time.Second, step: 100 * ms, n: 30, stalled: 900_000, want: Stall{10000, 10000}, ok: true, full: true},
		{name: "too close together", length: time.Second, step: ms, n: 5, stalled: 1000},
	} {
		w := NewWindow(tt.length)
		fill(&w, tt.step, tt.n, tt.stalled)
		got, ok := w.Stall()
		if got != tt.want || ok != tt.ok || w.Full() != tt.full {
			t.Errorf("%s: Stall() = %v, %v, Full() = %v; want %v, %v, %v", tt.name, got, ok, w.Full(), tt.want, tt.ok, tt.full)
		}
	}
}

// Ensure the old part of a history does not linger in the window.
func TestWindow_Forgets(t *testing.T) {
	w := NewWindow(time.Second)
	fill(&w, 100*ms, 20, 100_000)
	for i := range 15 {
		w.Add(1900*ms+time.Duration(i+1)*100*ms, Totals{1_900_000, 950_000})
	}
	if got, _ := w.Stall(); got != (Stall{}) {
		t.Errorf("Stall() = %v a window after the stall ended, want none", got)
	}
}

// Ensure totals that run backwards, as of a group made again, are no stall.
func TestWindow_Backwards(t *testing.T) {
	w := NewWindow(time.Second)
	w.Add(0, Totals{900, 900})
	w.Add(100*ms, Totals{100, 100})
	if got, ok := w.Stall(); ok {
		t.Errorf("Stall() = %v, true over totals that ran backwards; want false", got)
	}
	w.Add(200*ms, Totals{50_100, 100})
	if got, _, _ := w.Seen(); got != (Stall{Some: 5000}) {
		t.Errorf("Seen() = %v, want half of the last 100 ms", got)
	}
	w.Reset()
	if _, ok := w.Stall(); ok {
		t.Error("Stall() = _, true after Reset, want false")
	}
}

// Ensure a window has no answer while the last reading is missing, and goes on
// from what it knew with the next one.
func TestWindow_Miss(t *testing.T) {
	w := NewWindow(time.Second)
	fill(&w, 100*ms, 20, 50_000)
	w.Miss()
	if got, ok := w.Stall(); ok {
		t.Errorf("Stall() = %v, true after a missing reading, want false", got)
	}
	if _, _, ok := w.Seen(); ok || w.Full() {
		t.Error("Seen() or Full() has an answer after a missing reading")
	}
	w.Add(2000*ms, Totals{1_000_000, 500_000})
	if got, ok := w.Stall(); !ok || got != (Stall{5000, 2500}) {
		t.Errorf("Stall() = %v, %v with the next reading, want 50.00 and 25.00", got, ok)
	}
}
