package memcg

import (
	"errors"
	"testing"
)

// Ensure limits know "max", and zero is zero.
func TestParseLimit(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Limit
		bad  bool
	}{
		{text: "max\n", want: Max}, {text: "max", want: Max}, {text: "0\n"}, {text: "734003200\n", want: 700 << 20},
		{text: "", bad: true}, {text: "-1\n", bad: true}, {text: "maximum\n", bad: true}, {text: "1 2\n", bad: true},
	} {
		got, err := ParseLimit([]byte(tt.text))
		if got != tt.want || errors.Is(err, ErrMalformed) != tt.bad {
			t.Errorf("ParseLimit(%q) = %v, %v; want %v, malformed %v", tt.text, got, err, tt.want, tt.bad)
		}
		if back, err := ParseLimit([]byte(got.String())); !tt.bad && (back != got || err != nil) {
			t.Errorf("ParseLimit(%q) = %v, %v; want %v back", got.String(), back, err, got)
		}
	}
}

// Ensure half a file is no reading.
func TestParseEvents_Malformed(t *testing.T) {
	for _, text := range []string{"", "low 0", "low 0\nhigh 1", "low\n", "low x\n", " 1\n", "low 99999999999999999999\n"} {
		if got, err := ParseEvents([]byte(text)); !errors.Is(err, ErrMalformed) || got != (Events{}) {
			t.Errorf("ParseEvents(%q) = %v, %v; want nothing and ErrMalformed", text, got, err)
		}
	}
}

// Ensure meminfo gives the four figures and refuses less.
func TestParseMeminfo(t *testing.T) {
	good := "MemTotal:        1003528 kB\nMemFree:  1 kB\nMemAvailable:     801320 kB\nSwapTotal:        524284 kB\nSwapFree:         524283 kB\nHugePages_Total:       0\n"
	got, err := ParseMeminfo([]byte(good))
	want := Meminfo{Total: 1003528 << 10, Available: 801320 << 10, SwapTotal: 524284 << 10, SwapFree: 524283 << 10}
	if got != want || err != nil {
		t.Errorf("ParseMeminfo() = %+v, %v; want %+v", got, err, want)
	}
	for _, text := range []string{"", "MemTotal: 1 kB\n", good[:60], "MemTotal: x kB\n"} {
		if got, err := ParseMeminfo([]byte(text)); !errors.Is(err, ErrMalformed) || got != (Meminfo{}) {
			t.Errorf("ParseMeminfo(%q) = %v, %v; want nothing and ErrMalformed", text, got, err)
		}
	}
}

func FuzzParseEvents(f *testing.F) {
	f.Add([]byte("low 0\nhigh 171\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n"))
	f.Add([]byte("high 18446744073709551615\n"))
	f.Add([]byte("high\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := ParseEvents(text); err != nil && got != (Events{}) {
			t.Errorf("ParseEvents(%q) = %v with error %v, want the zero value", text, got, err)
		}
	})
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("anon 4096\ninactive_anon 2\nactive_anon 3\nunevictable 0\nsock 7\nswapcached 4096\npgscan 12\npgsteal 11\n"))
	f.Add([]byte("sock -1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := ParseStat(text); err != nil && got != (Stat{}) {
			t.Errorf("ParseStat(%q) = %v with error %v, want the zero value", text, got, err)
		}
	})
}

func FuzzParseMeminfo(f *testing.F) {
	f.Add([]byte("MemTotal: 1 kB\nMemAvailable: 1 kB\nSwapTotal: 1 kB\nSwapFree: 1 kB\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := ParseMeminfo(text); err != nil && got != (Meminfo{}) {
			t.Errorf("ParseMeminfo(%q) = %v with error %v, want the zero value", text, got, err)
		}
	})
}

func BenchmarkParseStat(b *testing.B) {
	text := []byte("anon 4096\nfile 0\nkernel 1\nkernel_stack 5\ninactive_anon 2\nactive_anon 3\nunevictable 0\nsock 7\nslab_unreclaimable 3\npgscan 12\npgsteal 11\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseStat(text); err != nil {
			b.Fatal(err)
		}
	}
}
