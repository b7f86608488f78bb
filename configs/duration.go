package configs

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// FormatDuration writes a duration as a person would: "10m" where [time.Duration.String] has "10m0s".
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// parseDuration reads a duration of [time.ParseDuration] with, in front, a whole number of days of 24 hours: "1d12h".
func parseDuration(text string) (time.Duration, bool) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		d, err := time.ParseDuration(text)
		return d, err == nil
	}
	const day = 24 * time.Hour
	n, err := strconv.ParseUint(days, 10, 32)
	if err != nil || n > uint64(math.MaxInt64/day) {
		return 0, false
	}
	sum := time.Duration(n) * day
	if rest == "" {
		return sum, true
	}
	d, err := time.ParseDuration(rest)
	// A sign belongs in front of the whole, and there a duration of ours has none.
	if err != nil || strings.ContainsAny(rest[:1], "+-") || d > math.MaxInt64-sum {
		return 0, false
	}
	return sum + d, true
}
