package main

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// Ensure a pause is asked for in microseconds, and says until when, for how long and what was let go.
func TestPause(t *testing.T) {
	d := &scripted{status: calm(), released: 2}
	from := d.listen(t)
	for _, tt := range []struct {
		arg, want string
		usec      int64
	}{
		{"10m", "paused until 19:11:02, for 10m; 2 holds lifted; sudo reprievectl pause off ends it\n", 600e6},
		{"1h30m", "paused until 20:31:02, for 1h30m; 2 holds lifted; sudo reprievectl pause off ends it\n", 5400e6},
		{"1d", "paused until 2026-11-23 19:01:02, for 24h; 2 holds lifted; sudo reprievectl pause off ends it\n", 24 * 3600e6},
		{"off", "no pause is in force any more\n", 0},
	} {
		d.paused = nil
		var stdout, stderr bytes.Buffer
		if code := pauseAt([]string{tt.arg}, &stdout, &stderr, from); code != exitOK || stdout.String() != tt.want || stderr.Len() > 0 {
			t.Errorf("pauseAt(%q) = %d, %q, %q, want %q", tt.arg, code, stdout.String(), stderr.String(), tt.want)
		}
		if !slices.Equal(d.paused, []int64{tt.usec}) {
			t.Errorf("pauseAt(%q) asked for %d µs, want %d", tt.arg, d.paused, tt.usec)
		}
	}
}

// Ensure programs are told of a pause in figures.
func TestPause_JSON(t *testing.T) {
	d := &scripted{status: calm(), released: 2}
	from := d.listen(t)
	for arg, want := range map[string]string{
		"10m": "{\n  \"pausedUntilUnixUsec\": 1795374662000000,\n  \"released\": 2\n}\n",
		"off": "{\n  \"pausedUntilUnixUsec\": 0,\n  \"released\": 2\n}\n",
	} {
		var stdout, stderr bytes.Buffer
		if code := pauseAt([]string{"--json", arg}, &stdout, &stderr, from); code != exitOK || stdout.String() != want || stderr.Len() > 0 {
			t.Errorf("pauseAt(--json %s) = %d, %q, %q, want %q", arg, code, stdout.String(), stderr.String(), want)
		}
	}
}

// Ensure a length that is none, or out of bounds, is refused before the daemon is asked.
func TestPause_Wrong(t *testing.T) {
	d := &scripted{status: calm()}
	from := d.listen(t)
	for arg, want := range map[string]string{
		"soon": `reprievectl pause: "soon" is no duration; it is written as 90s, 10m, 1h30m or 1d, or off` + "\n",
		"0":    "reprievectl pause: got 0, allowed: 1s to 24h, or off\n",
		"25h":  "reprievectl pause: got 25h, allowed: 1s to 24h, or off\n",
		"-.1s": "reprievectl pause: no flag -.1s; there is --json\n",
	} {
		var stdout, stderr bytes.Buffer
		if code := pauseAt([]string{arg}, &stdout, &stderr, from); code != exitUsage || stderr.String() != want || stdout.Len() > 0 {
			t.Errorf("pauseAt(%q) = %d, %q, %q, want %d, %q", arg, code, stdout.String(), stderr.String(), exitUsage, want)
		}
	}
	if len(d.paused) > 0 {
		t.Errorf("the daemon was asked for %d", d.paused)
	}
}

// Ensure the end is told from the length where the daemon does not say it, and a daemon that does not run is an error.
func TestPause_Inactive(t *testing.T) {
	from := quietHost(t)
	if got := from.pausedUntil(time.Minute); got != "19:02:02" {
		t.Errorf("pausedUntil(1m) = %q, want 19:02:02", got)
	}
	var stdout, stderr bytes.Buffer
	code := pauseAt([]string{"10m"}, &stdout, &stderr, from)
	if want := "reprievectl pause: reprieved does not run; systemctl start reprieved\n"; code != exitFindings || stderr.String() != want {
		t.Errorf("pauseAt() = %d, %q, want %d, %q", code, stderr.String(), exitFindings, want)
	}
}
