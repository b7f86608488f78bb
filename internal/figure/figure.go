// Package figure writes sizes, shares and times for people, as narrow as they may be: for a screen of 80 columns.
package figure

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Size renders bytes with systemd's binary suffixes: "512B", "3.5M", "14G".
func Size(n uint64) string {
	for _, u := range []struct {
		suffix string
		bytes  uint64
	}{{"T", 1 << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}} {
		switch {
		case n >= 10*u.bytes:
			return fmt.Sprintf("%.0f%s", math.Round(float64(n)/float64(u.bytes)), u.suffix)
		case n >= u.bytes:
			return fmt.Sprintf("%.1f%s", float64(n)/float64(u.bytes), u.suffix)
		}
	}
	return fmt.Sprintf("%dB", n)
}

// Known is [Size] of bytes that may be unknown: "?" for what is negative.
func Known(n int64) string {
	if n < 0 {
		return "?"
	}
	return Size(uint64(n))
}

// Percent renders a share in percent: "0%", "4.2%", "43%", and "?" for one that is not known, which is negative.
func Percent(p float64) string {
	switch {
	case p < 0 || math.IsNaN(p):
		return "?"
	case p == 0:
		return "0%"
	case p < 9.95:
		return fmt.Sprintf("%.1f%%", p)
	}
	return fmt.Sprintf("%.0f%%", p)
}

// Span renders a time by its two largest parts, cut to seconds from a minute on: "0.4s", "12s", "3m5s", "2h10m",
// "4d3h". What is negative is "0s".
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 0:
		return "0s"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return parts(d/time.Minute, "m", d%time.Minute/time.Second, "s")
	case d < day:
		return parts(d/time.Hour, "h", d%time.Hour/time.Minute, "m")
	}
	return parts(d/day, "d", d%day/time.Hour, "h")
}

func parts(large time.Duration, suffix string, small time.Duration, smallSuffix string) string {
	if small == 0 {
		return fmt.Sprintf("%d%s", large, suffix)
	}
	return fmt.Sprintf("%d%s%d%s", large, suffix, small, smallSuffix)
}

// Count renders how many of something: "1 hold", "3 holds", "2 breaches".
func Count(n uint64, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"), strings.HasSuffix(what, "ch"):
		return fmt.Sprintf("%d %ses", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Bar draws how much of a limit is reached, in width characters with its frame: "[####------]". Beyond the limit it is full
// and ends with "!". A share that is not known, or no limit, is an empty frame. Width is 4 at least.
func Bar(value, limit float64, width int) string {
	room := max(width, 4) - 2
	if value < 0 || math.IsNaN(value) || limit <= 0 {
		return "[" + strings.Repeat(" ", room) + "]"
	}
	if value >= limit {
		return "[" + strings.Repeat("#", room-1) + "!]"
	}
	full := int(value / limit * float64(room))
	if full == 0 && value > 0 && value/limit >= 0.01 {
		full = 1 // something is not nothing
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", room-full) + "]"
}

// Cut shortens a text to width characters; what was cut off is marked by "~" at the end.
func Cut(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	if width <= 0 {
		return ""
	}
	return string(runes[:width-1]) + "~"
}

// Plain makes a text that may come from others safe for a terminal: what is no printable character is written as
// systemd writes it in unit names, "\x1b".
func Plain(text string) string {
	var s strings.Builder
	for i, r := range text {
		if r == '�' || r < ' ' || r >= 0x7f && r < 0xa0 {
			fmt.Fprintf(&s, `\x%02x`, text[i])
			continue
		}
		s.WriteRune(r)
	}
	return s.String()
}

// Fold breaks a text at blanks into lines of at most width characters; a longer word has a line of its own.
func Fold(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
