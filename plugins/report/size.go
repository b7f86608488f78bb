package report

import (
	"fmt"
	"strings"
	"time"

	"reprieve/pressure"
)

// percent renders a share for people: "43%", "0.50%".
func percent(s pressure.Share) string {
	if s%100 == 0 || s > 1000 {
		return fmt.Sprintf("%d%%", (s+50)/100)
	}
	return s.String() + "%"
}

// size renders bytes with systemd's binary suffixes.
func size(n uint64) string {
	for _, u := range []struct {
		suffix string
		bytes  uint64
	}{{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}} {
		switch {
		case n >= 10*u.bytes:
			return fmt.Sprintf("%d%s", (n+u.bytes/2)/u.bytes, u.suffix)
		case n >= u.bytes:
			return fmt.Sprintf("%.1f%s", float64(n)/float64(u.bytes), u.suffix)
		}
	}
	return fmt.Sprintf("%dB", n)
}

// seconds renders what was measured.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

// setting renders a duration as its owner wrote it: "1h" where
// [time.Duration.String] has "1h0m0s".
func setting(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// count renders how many of something with a regular plural, "processes" included.
func count(n uint64, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		return fmt.Sprintf("%d %ses", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// times renders how often.
func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
