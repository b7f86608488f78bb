package configs

import "testing"

// Ensure a word with a slip of the pen finds its own, and one that is too far from all finds none.
func TestNearest(t *testing.T) {
	known := []string{"status", "top", "help", "history", "hold.delay", "hold.calm", "stop.grace"}
	for _, tt := range []struct{ word, want string }{
		{"stauts", "status"},
		{"statu", "status"},
		{"Status", "status"},
		{"hlep", "help"},
		{"tpo", "top"},
		{"hisotry", "history"},
		{"hsitroy", "history"},
		{"hold.dealy", "hold.delay"},
		{"pressure.calm", "hold.calm"},
		{"xyz", ""},
		{"", ""},
		{"to", "top"},
		{"ab", ""},
	} {
		if got := Nearest(tt.word, known); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}

// Ensure a distance counts each slip once, whichever way it is asked.
func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"abc", "abd", 1}, {"abc", "ab", 1}, {"abc", "xabc", 1},
		{"abc", "acb", 1}, {"abc", "bac", 1}, {"abcd", "badc", 2}, {"abc", "cab", 2},
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance(tt.b, tt.a); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}
