package main

import "testing"

// Ensure sizes are read in binary units and anything else is refused.
func TestSize(t *testing.T) {
	for _, tt := range []struct {
		text string
		want size
		ok   bool
	}{
		{"0", 0, true},
		{"4096", 4096, true},
		{"20K", 20 << 10, true},
		{"300M", 300 << 20, true},
		{"2G", 2 << 30, true},
		{"", 0, false},
		{"M", 0, false},
		{"20m", 0, false},
		{"-1M", 0, false},
		{"99999999999G", 0, false},
	} {
		var got size
		err := got.Set(tt.text)
		if (err == nil) != tt.ok || got != tt.want {
			t.Errorf("Set(%q) = %d, %v, want %d, ok %t", tt.text, got, err, tt.want, tt.ok)
		}
	}
}
