package main

import (
	"testing"
	"time"
)

// Ensure a time is read in each form, in the zone of the host.
func TestParseSince(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 22, 19, 5, 12, 0, zone)
	for text, want := range map[string]time.Time{
		"2026-11-22":           time.Date(2026, 11, 22, 0, 0, 0, 0, zone),
		"2026-11-22 19:00":     time.Date(2026, 11, 22, 19, 0, 0, 0, zone),
		"2026-11-22 19:00:05":  time.Date(2026, 11, 22, 19, 0, 5, 0, zone),
		"2026-11-22T19:00":     time.Date(2026, 11, 22, 19, 0, 0, 0, zone),
		"2026-11-22T19:00:00Z": time.Date(2026, 11, 22, 20, 0, 0, 0, zone),
		"09:30":                time.Date(2026, 11, 22, 9, 30, 0, 0, zone),
		"09:30:01":             time.Date(2026, 11, 22, 9, 30, 1, 0, zone),
		"now":                  now,
		"today":                time.Date(2026, 11, 22, 0, 0, 0, 0, zone),
		" yesterday ":          time.Date(2026, 11, 21, 0, 0, 0, 0, zone),
		"1h ago":               now.Add(-time.Hour),
		"-2d":                  now.Add(-48 * time.Hour),
		"-1h30min":             now.Add(-90 * time.Minute),
		"1 week 2 days ago":    now.Add(-9 * 24 * time.Hour),
		"90 ago":               now.Add(-90 * time.Second),
		"5m ago":               now.Add(-5 * time.Minute),
		"1M ago":               now.Add(-2629800 * time.Second),
		"@1795370712":          time.Unix(1795370712, 0),
	} {
		if got, err := parseSince(text, now); err != nil || !got.Equal(want) {
			t.Errorf("parseSince(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "ago", " ago", "-", "tomorrowish", "2026-13-01", "22.11.2026", "1x ago", "h ago", "1h", "-1h ago ago", "@", "@x", "@1e300", "@NaN",
		"99999999999999999999d ago", "9999999999y ago", "199y 199y ago", "25:00", "-1.5h",
	} {
		if got, err := parseSince(text, now); err == nil {
			t.Errorf("parseSince(%q) = %v, want an error", text, got)
		}
	}
}
