package figure

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Ensure sizes have systemd's suffixes and one decimal at most.
func TestSize(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0B", 1023: "1023B", 1024: "1.0K", 10 << 10: "10K", 1536 << 10: "1.5M", 415 << 20: "415M", 1 << 30: "1.0G", 14 << 30: "14G",
		3 << 40: "3.0T", math.MaxUint64: "16777216T",
	} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{-1: "?", 0: "0B", 1 << 20: "1.0M"} {
		if got := Known(n); got != want {
			t.Errorf("Known(%d) = %q, want %q", n, got, want)
		}
	}
}

// Ensure shares are as short as they are telling, and what is not known is not a zero.
func TestPercent(t *testing.T) {
	for p, want := range map[float64]string{-1: "?", 0: "0%", 0.04: "0.0%", 4.25: "4.2%", 9.94: "9.9%", 9.96: "10%", 43.2: "43%", 100: "100%"} {
		if got := Percent(p); got != want {
			t.Errorf("Percent(%v) = %q, want %q", p, got, want)
		}
	}
	if got := Percent(math.NaN()); got != "?" {
		t.Errorf("Percent(NaN) = %q, want ?", got)
	}
}

// Ensure a time has its two largest parts.
func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 450 * time.Millisecond: "0.4s", 9990 * time.Millisecond: "9.9s", 12 * time.Second: "12s",
		3*time.Minute + 5*time.Second: "3m5s", time.Hour: "1h", 2*time.Hour + 10*time.Minute + time.Second: "2h10m",
		24 * time.Hour: "1d", 99*time.Hour + time.Minute: "4d3h",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}

// Ensure a bar is as wide as it was asked to be, full at the limit and not before.
func TestBar(t *testing.T) {
	for _, tt := range []struct {
		value, limit float64
		width        int
		want         string
	}{
		{0, 20, 12, "[----------]"},
		{0.3, 20, 12, "[#---------]"},
		{0.1, 20, 12, "[----------]"},
		{10, 20, 12, "[#####-----]"},
		{19.99, 20, 12, "[#########-]"},
		{20, 20, 12, "[#########!]"},
		{99, 20, 12, "[#########!]"},
		{-1, 20, 12, "[          ]"},
		{5, 0, 12, "[          ]"},
		{20, 20, 1, "[#!]"},
	} {
		if got := Bar(tt.value, tt.limit, tt.width); got != tt.want {
			t.Errorf("Bar(%v, %v, %d) = %q, want %q", tt.value, tt.limit, tt.width, got, tt.want)
		}
	}
}

// Ensure plurals, cuts and lines are right, and that no control character comes through.
func TestTexts(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Count(1, "hold"), "1 hold"}, {Count(2, "hold"), "2 holds"}, {Count(3, "breach"), "3 breaches"}, {Count(0, "process"), "0 processes"},
		{Cut("batch.slice", 20), "batch.slice"}, {Cut("batch.slice", 5), "batc~"}, {Cut("äöü", 3), "äöü"}, {Cut("abc", 0), ""},
		{Plain("a\x1b[2Jb\n\xff"), `a\x1b[2Jb\x0a\xff`}, {Plain(`a\x2db.slice`), `a\x2db.slice`}, {Plain("größe"), "größe"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
	if diff := cmp.Diff([]string{"one two", "threefour", "five"}, Fold("one two threefour five", 8)); diff != "" {
		t.Errorf("Fold: -want +got\n%s", diff)
	}
}
