package watch

import (
	"testing"
	"time"
)

// Ensure slices are found where systemd puts them.
func TestSlicePath(t *testing.T) {
	for _, tt := range []struct{ slice, want string }{
		{"batch.slice", "/sys/fs/cgroup/batch.slice"},
		{"batch-b.slice", "/sys/fs/cgroup/batch.slice/batch-b.slice"},
		{"a-b-c.slice", "/sys/fs/cgroup/a.slice/a-b.slice/a-b-c.slice"},
	} {
		if got := SlicePath(tt.slice); got != tt.want {
			t.Errorf("SlicePath(%q) = %q, want %q", tt.slice, got, tt.want)
		}
	}
}

// Ensure both totals of memory.pressure are read, and a line without one is an error.
func TestParseStall(t *testing.T) {
	const text = "some avg10=1.00 avg60=0.50 avg300=0.10 total=2500\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n"
	got, err := parseStall(text)
	if want := (Stall{Some: 2500 * time.Microsecond, Full: time.Millisecond}); err != nil || got != want {
		t.Errorf("parseStall(%q) = %v, %v, want %v", text, got, err, want)
	}
	if got, err := parseStall("some avg10=1.00\n"); err == nil {
		t.Errorf("parseStall without total= = %v, want an error", got)
	}
}
