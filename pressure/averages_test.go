package pressure

import "testing"

// Ensure the kernel's averages are read as it writes them, and nothing else passes for one.
func TestParseAverages(t *testing.T) {
	const full = "full avg10=0.00 avg60=1.05 avg300=100.00 total=4180\n"
	want := Averages{Some: [3]uint16{1234, 7, 0}, Full: [3]uint16{0, 105, 10000}}
	for _, tt := range []struct {
		text string
		ok   bool
	}{
		{"some avg10=12.34 avg60=0.07 avg300=0.00 total=5021\n" + full, true},
		{full + "some avg10=12.34 avg60=0.07 avg300=0.00", true},
		{"new avg10=1.00\nsome avg10=12.34 avg60=0.07 avg300=0.00 more=1 total=1\n" + full, true},
		{"", false},
		{full, false},
		{"some avg10=12.34 avg60=0.07 total=5021\n" + full, false},
		{"some avg10=12.3 avg60=0.07 avg300=0.00 total=5021\n" + full, false},
		{"some avg10=12 avg60=0.07 avg300=0.00 total=5021\n" + full, false},
		{"some avg10=100.01 avg60=0.07 avg300=0.00 total=5021\n" + full, false},
		{"some avg10=-1.00 avg60=0.07 avg300=0.00 total=5021\n" + full, false},
		{"some avg10=.00 avg60=0.07 avg300=0.00 total=5021\n" + full, false},
	} {
		got, ok := ParseAverages([]byte(tt.text))
		if ok != tt.ok || ok && got != want || !ok && got != (Averages{}) {
			t.Errorf("ParseAverages(%q) = %+v, %v, want %v", tt.text, got, ok, tt.ok)
		}
	}
	text := []byte("some avg10=12.34 avg60=0.07 avg300=0.00 total=5021\n" + full)
	if n := testing.AllocsPerRun(100, func() { ParseAverages(text) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
