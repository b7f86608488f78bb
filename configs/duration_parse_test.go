package configs

import (
	"testing"
	"time"
)

// Ensure a duration is read as in the files, and what is none is named with what is allowed.
func TestParseDuration_Exported(t *testing.T) {
	for text, want := range map[string]time.Duration{"10m": 10 * time.Minute, "1h30m": 90 * time.Minute, "1d12h": 36 * time.Hour, "0": 0, "-1s": -time.Second} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "10", "soon", "1d-2h", "1w"} {
		got, err := ParseDuration(text)
		if err == nil || got != 0 {
			t.Errorf("ParseDuration(%q) = %v, want an error", text, got)
		}
	}
	_, err := ParseDuration("10 minutes")
	if want := `"10 minutes" is no duration; it is written as 90s, 10m, 1h30m or 1d`; err == nil || err.Error() != want {
		t.Errorf("ParseDuration = %v, want %q", err, want)
	}
}
