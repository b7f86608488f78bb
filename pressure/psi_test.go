package pressure

import (
	"errors"
	"testing"
)

const sample = "some avg10=99.00 avg60=1.20 avg300=0.00 total=5021\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=4180\n"

// Ensure Parse takes the totals and refuses what is not a pressure file.
func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       Totals
		bad        bool
	}{
		{name: "kernel", text: sample, want: Totals{5021, 4180}},
		{name: "no last newline", text: sample[:len(sample)-1], want: Totals{5021, 4180}},
		{name: "a line more", text: sample + "none total=7\n", want: Totals{5021, 4180}},
		{name: "largest", text: "some total=18446744073709551615\nfull total=0", want: Totals{1<<64 - 1, 0}},
		{name: "overflow", text: "some total=18446744073709551616\nfull total=0", bad: true},
		{name: "empty", bad: true},
		{name: "cut", text: sample[:40], bad: true},
		{name: "only some", text: "some avg10=0.00 total=1\n", bad: true},
		{name: "negative", text: "some total=-1\nfull total=0\n", bad: true},
		{name: "no number", text: "some total=\nfull total=0\n", bad: true},
	} {
		got, err := Parse([]byte(tt.text))
		if tt.bad != errors.Is(err, ErrMalformed) || got != tt.want {
			t.Errorf("%s: Parse(%q) = %v, %v; want %v, malformed %v", tt.name, tt.text, got, err, tt.want, tt.bad)
		}
	}
}

// Ensure Parse does not allocate: it runs ten times a second under pressure.
func TestParse_Allocations(t *testing.T) {
	text := []byte(sample)
	if n := testing.AllocsPerRun(100, func() { _, _ = Parse(text) }); n != 0 {
		t.Errorf("Parse allocates %v times, want 0", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("some total=1\nfull total=18446744073709551615\n"))
	f.Add([]byte("some \nfull "))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Parse(text)
		if err != nil && (got != Totals{}) {
			t.Errorf("Parse(%q) = %v with error %v, want the zero value", text, got, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte(sample)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
