package configs

import (
	"testing"
	"time"
)

// Ensure a rate is a count and a duration, and is written as it was read.
func TestParseRate(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  Rate
		wrote string // "" when it is not a rate.
	}{
		{"3/1h", Rate{3, time.Hour}, "3/1h"},
		{"1/1s", Rate{1, time.Second}, "1/1s"},
		{"1000/1d", Rate{1000, 24 * time.Hour}, "1000/24h"},
		{"5/90s", Rate{5, 90 * time.Second}, "5/1m30s"},
		{"5/1.5s", Rate{5, 1500 * time.Millisecond}, "5/1.5s"},
		{"007/10m", Rate{7, 10 * time.Minute}, "7/10m"},
		{"0/1h", Rate{0, time.Hour}, "0/1h"},    // Below every bound.
		{"3/-1h", Rate{3, -time.Hour}, "3/-1h"}, // The same.
		{"2147483648/1h", Rate{}, ""},           // More than 31 bits.
		{"99999999999999999999/1h", Rate{}, ""}, // More than 64.
		{"3/106752d", Rate{}, ""},               // More than a duration has.
		{"3/h", Rate{}, ""},                     // A unit alone is no duration.
		{"3/3600", Rate{}, ""},                  // Nor is a number alone.
		{"3", Rate{}, ""},
		{"3/", Rate{}, ""},
		{"/1h", Rate{}, ""},
		{"/", Rate{}, ""},
		{"", Rate{}, ""},
		{"1h/3", Rate{}, ""},
		{"3/1h/1h", Rate{}, ""},
		{"3 / 1h", Rate{}, ""},
		{"-3/1h", Rate{}, ""},
		{"+3/1h", Rate{}, ""},
		{"1_0/1h", Rate{}, ""},
		{"1.5/1h", Rate{}, ""},
		{"three/1h", Rate{}, ""},
	} {
		got, ok := parseRate(test.text)
		if ok != (test.wrote != "") || ok && got != test.want {
			t.Errorf("parseRate(%q) = %+v, %v, want %+v, %v", test.text, got, ok, test.want, test.wrote != "")
		}
		if ok && got.String() != test.wrote {
			t.Errorf("parseRate(%q).String() = %q, want %q", test.text, got, test.wrote)
		}
	}
}

// FuzzParseRate: what is read as a rate is written so that it is read again as the same rate.
func FuzzParseRate(f *testing.F) {
	for _, seed := range []string{"3/1h", "1000/1d12h", "1/0.5s", "0/0", "3/-1h", "3", "/1h", "3/1h/1h", "+3/1h", "2147483647/106751d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parseRate(text)
		if !ok {
			return
		}
		if again, ok := parseRate(got.String()); !ok || again != got {
			t.Errorf("parseRate(%q) = %+v, but parseRate(%q) = %+v, %v", text, got, got, again, ok)
		}
	})
}
