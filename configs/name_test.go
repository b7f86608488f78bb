package configs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure names of slices and of drop-in folders are those that systemd takes.
func TestNames(t *testing.T) {
	for _, test := range []struct {
		name        string
		slice, stem bool
	}{
		{"batch.slice", true, true},
		{"a-b-c.slice", true, true},
		{"-.slice", true, true},
		{`app-org\x2dx.slice`, true, true},
		{"user-1000.slice", true, true},
		{"slice.slice", true, true},
		{"user-.slice", false, true},
		{"a-b-.slice", false, true},
		{"slice", false, true},
		{"-a.slice", false, false},
		{"a--b.slice", false, false},
		{"a--.slice", false, false},
		{"--.slice", false, false},
		{".slice", false, false},
		{"a@.slice", false, false},
		{"a b.slice", false, false},
		{"a/b.slice", false, false},
		{"a.service", false, false},
		{"a", false, false},
		{"", false, false},
		{strings.Repeat("a", 249) + ".slice", true, true},
		{strings.Repeat("a", 250) + ".slice", false, false},
	} {
		if got := validSlice(test.name); got != test.slice {
			t.Errorf("validSlice(%q) = %v, want %v", test.name, got, test.slice)
		}
		if got := validStem(test.name); got != test.stem {
			t.Errorf("validStem(%q) = %v, want %v", test.name, got, test.stem)
		}
	}
}

// Ensure a slice has the stems of all its prefixes, and nothing is a prefix of the root.
func TestStems(t *testing.T) {
	for slice, want := range map[string][]string{
		"a-b-c.slice": {"a-b-c.slice", "a-b-.slice", "a-.slice"},
		"a.slice":     {"a.slice"},
		"-.slice":     {"-.slice"},
		"a-b-.slice":  {"a-b-.slice", "a-.slice"},
		"user-.slice": {"user-.slice"},
	} {
		if diff := cmp.Diff(want, stems(slice)); diff != "" {
			t.Errorf("stems(%q): -want +got\n%s", slice, diff)
		}
	}
}
