package configs

import (
	"testing"
	"time"
)

// Ensure durations are Go's with days in front, and nothing overflows.
func TestParseDuration(t *testing.T) {
	const hour = time.Hour
	for _, test := range []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"10s", 10 * time.Second, true},
		{"1m30s", 90 * time.Second, true},
		{"0", 0, true},
		{"0s", 0, true},
		{"1d", 24 * hour, true},
		{"1d12h", 36 * hour, true},
		{"2d0.5s", 48*hour + 500*time.Millisecond, true},
		{"106751d", 106751 * 24 * hour, true},
		{"-1s", -time.Second, true}, // Below every bound.
		{"106752d", 0, false},
		{"106751d24h", 0, false},
		{"1d-1h", 0, false},
		{"1d+1h", 0, false},
		{"-1d", 0, false},
		{"1.5d", 0, false},
		{"d", 0, false},
		{"1d1d", 0, false},
		{"10x", 0, false},
		{"10", 0, false},
		{"", 0, false},
		{"10 s", 0, false},
	} {
		got, ok := parseDuration(test.text)
		if ok != test.ok || ok && got != test.want {
			t.Errorf("parseDuration(%q) = %v, %v, want %v, %v", test.text, got, ok, test.want, test.ok)
		}
	}
}

// Ensure durations are written without zeros that say nothing.
func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "0s",
		500 * time.Millisecond:  "500ms",
		10 * time.Second:        "10s",
		10 * time.Minute:        "10m",
		90 * time.Second:        "1m30s",
		time.Hour:               "1h",
		time.Hour + time.Second: "1h0m1s",
		10 * time.Hour:          "10h",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%d) = %q, want %q", d, got, want)
		}
	}
}
