package report

import (
	"testing"
	"time"
)

// Ensure sizes read as systemd writes them.
func TestSize(t *testing.T) {
	for n, want := range map[uint64]string{0: "0B", 1023: "1023B", 1536: "1.5K", 20 * mib: "20M", 9*mib + mib/2: "9.5M", 3 << 30: "3.0G", 12 << 30: "12G"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
}

// Ensure durations of a configuration read as they are written there.
func TestSetting(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 200 * time.Millisecond: "200ms", 30 * time.Second: "30s", 10 * time.Minute: "10m", time.Hour: "1h", 90 * time.Minute: "1h30m", time.Hour + time.Second: "1h0m1s",
	} {
		if got := setting(d); got != want {
			t.Errorf("setting(%d) = %q, want %q", d, got, want)
		}
	}
}

// Ensure numbers agree with their nouns.
func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"1 process": count(1, "process"), "2 processes": count(2, "process"), "0 pages": count(0, "page"), "once": times(1), "3 times": times(3),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
