package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// sinceAllowed is what --since takes, for an error.
const sinceAllowed = `a time as journalctl takes it: "2026-11-22", "2026-11-22 19:00", "19:00", "1h ago", "-2d", "today" or "yesterday"`

// parseSince reads a time in the common forms of systemd.time(7), in the zone of now. A time of the day alone is today's.
func parseSince(text string, now time.Time) (time.Time, error) {
	bad := fmt.Errorf("read %q, allowed: %s", text, sinceAllowed)
	text = strings.TrimSpace(text)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch text {
	case "now":
		return now, nil
	case "today":
		return midnight, nil
	case "yesterday":
		return midnight.AddDate(0, 0, -1), nil
	}
	if unix, ok := strings.CutPrefix(text, "@"); ok {
		seconds, err := strconv.ParseFloat(unix, 64)
		if err != nil || !(math.Abs(seconds) < 1e11) { // the year 5138
			return time.Time{}, bad
		}
		return time.UnixMicro(int64(seconds * 1e6)).In(now.Location()), nil
	}
	ago, isAgo := strings.CutSuffix(text, " ago")
	if minus, ok := strings.CutPrefix(text, "-"); ok && !isAgo {
		ago, isAgo = minus, true
	}
	if isAgo {
		d, ok := parseSpan(ago)
		if !ok {
			return time.Time{}, bad
		}
		return now.Add(-d), nil
	}
	for _, layout := range []string{
		time.DateTime, "2006-01-02 15:04", time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04", time.RFC3339, "2006-01-02 15:04:05 MST",
	} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{time.TimeOnly, "15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), 0, now.Location()), nil
		}
	}
	return time.Time{}, bad
}

// spanUnits are systemd's words for spans of time.
var spanUnits = []struct {
	words string
	each  time.Duration
}{
	{" s sec second seconds ", time.Second},
	{" m min minute minutes ", time.Minute},
	{" h hr hour hours ", time.Hour},
	{" d day days ", 24 * time.Hour},
	{" w week weeks ", 7 * 24 * time.Hour},
	{" M month months ", 2629800 * time.Second}, // 30.44 days, as systemd.time(7) has it
	{" y year years ", 31557600 * time.Second},
}

// spanMax is the longest span that is read: a time.Duration has 292 years.
const spanMax = 200 * 31557600 * time.Second

// parseSpan reads a span of systemd's: "2d", "1h 30min", "90". A number without a unit is seconds.
func parseSpan(text string) (time.Duration, bool) {
	var sum time.Duration
	rest := strings.TrimSpace(text)
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		rest = strings.TrimLeft(rest[digits:], " ")
		letters := strings.IndexAny(rest, " 0123456789")
		if letters < 0 {
			letters = len(rest)
		}
		each := spanUnit(rest[:letters])
		if err != nil || each == 0 || n > int64(spanMax/each) || time.Duration(n)*each > spanMax-sum {
			return 0, false
		}
		sum += time.Duration(n) * each
		rest = strings.TrimLeft(rest[letters:], " ")
	}
	return sum, text != ""
}

// spanUnit returns the length of a unit, 0 where there is none of that name.
func spanUnit(word string) time.Duration {
	if word == "" {
		return time.Second
	}
	for _, u := range spanUnits {
		if strings.Contains(u.words, " "+word+" ") {
			return u.each
		}
	}
	return 0
}

// parseNumber reads a number of episodes.
func parseNumber(text string, least int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		return 0, fmt.Errorf("read %q, allowed: a number of episodes from %d on", text, least)
	}
	return n, nil
}
