package memcg

import (
	"errors"
	"testing"
)

const statTail = " 1 4711 4711 0 -1 4194560 1180 0 0 0 1 2 0 0 20 0 3 0 100 0 0\n"

// Ensure a name cannot pass for anything else.
func TestParseProcessStat(t *testing.T) {
	for _, tt := range []struct {
		text    string
		want    Process
		threads int
		bad     bool
	}{
		{text: "4711 (web worker) S" + statTail, want: Process{4711, "web worker", 'S'}, threads: 3},
		{text: "4711 (a) D 1 (b)) R" + statTail, want: Process{4711, "a) D 1 (b)", 'R'}, threads: 3},
		{text: "4711 () Z" + statTail, want: Process{4711, "", 'Z'}, threads: 3},
		{text: "4711 (\n) D" + statTail, want: Process{4711, "\n", 'D'}, threads: 3},
		{text: "", bad: true}, {text: "4711", bad: true}, {text: "4711 )(" + statTail, bad: true},
		{text: "x (a) S" + statTail, bad: true}, {text: "-1 (a) S" + statTail, bad: true}, {text: "1 (a) SS" + statTail, bad: true},
		{text: "1 (a) S 1 2 3\n", bad: true}, {text: "1 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 x 18\n", bad: true},
	} {
		got, threads, err := parseProcessStat([]byte(tt.text))
		if got != tt.want || threads != tt.threads || errors.Is(err, ErrMalformed) != tt.bad {
			t.Errorf("parseProcessStat(%q) = %+v, %v, %v; want %+v, %v, malformed %v", tt.text, got, threads, err, tt.want, tt.threads, tt.bad)
		}
	}
}

// Ensure the resident pages are the second number.
func TestParseStatm(t *testing.T) {
	for _, tt := range []struct {
		text string
		want uint64
		bad  bool
	}{
		{text: "1843 402 310 6 0 227 0\n", want: 402}, {text: "0 0 0 0 0 0 0\n"},
		{text: "", bad: true}, {text: "1843\n", bad: true}, {text: "1 -2 3\n", bad: true}, {text: "1 18446744073709551615 3\n", bad: true},
	} {
		if got, err := parseStatm([]byte(tt.text)); got != tt.want || errors.Is(err, ErrMalformed) != tt.bad {
			t.Errorf("parseStatm(%q) = %v, %v; want %v, malformed %v", tt.text, got, err, tt.want, tt.bad)
		}
	}
}

func FuzzParseProcessStat(f *testing.F) {
	f.Add([]byte("4711 (web worker) S" + statTail))
	f.Add([]byte("1 (a)) (b) D" + statTail))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, threads, err := parseProcessStat(text); err != nil && (got != (Process{}) || threads != 0) {
			t.Errorf("parseProcessStat(%q) = %+v, %v with error %v, want nothing", text, got, threads, err)
		}
	})
}

func FuzzParseStatm(f *testing.F) {
	f.Add([]byte("1843 402 310 6 0 227 0\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := parseStatm(text); err != nil && got != 0 {
			t.Errorf("parseStatm(%q) = %v with error %v, want 0", text, got, err)
		}
	})
}
