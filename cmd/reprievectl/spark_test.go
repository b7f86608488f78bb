package main

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Ensure stall is a share of the time of each column, spread over readings that are missing, and nothing where none is known.
func TestSpark_Shares(t *testing.T) {
	unknown := math.NaN()
	for _, tt := range []struct {
		name    string
		at      []int64
		total   []int64
		columns int
		want    []float64
	}{
		{"a column each", []int64{0, 100, 200, 300}, []int64{10, 20, 70, 170}, 3, []float64{10, 50, 100}},
		{"two in a column", []int64{0, 100, 200, 300, 400}, []int64{0, 0, 100, 100, 200}, 2, []float64{50, 50}},
		{"half a column", []int64{0, 150, 300}, []int64{0, 150, 150}, 3, []float64{100, 50, 0}},
		{"missing between", []int64{0, 100, 200, 300}, []int64{0, -1, -1, 150}, 3, []float64{50, 50, 50}},
		{"missing at the ends", []int64{0, 100, 200, 300}, []int64{-1, 0, 100, -1}, 3, []float64{unknown, 100, unknown}},
		{"a total falls", []int64{0, 100, 200}, []int64{100, 0, 50}, 2, []float64{unknown, 50}},
		{"more than all of the time", []int64{0, 100}, []int64{0, 1000}, 1, []float64{100}},
		{"nothing", []int64{0, 100}, []int64{-1, -1}, 2, []float64{unknown, unknown}},
		{"the same time", []int64{5, 5}, []int64{1, 2}, 2, []float64{unknown, unknown}},
	} {
		got := spark{at: tt.at, columns: tt.columns}.shares(tt.total)
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
}

// Ensure a reading stands until the next, the extreme of a column is kept, and a missing reading leaves it empty.
func TestSpark_Extremes(t *testing.T) {
	unknown := math.NaN()
	for _, tt := range []struct {
		name     string
		at       []int64
		values   []int64
		columns  int
		smallest bool
		want     []float64
	}{
		{"a column each", []int64{0, 100, 200}, []int64{1, 2, 3}, 2, false, []float64{1, 3}},
		{"the smallest", []int64{0, 100, 200}, []int64{1, 2, 3}, 2, true, []float64{1, 2}},
		{"stands", []int64{0, 300, 400}, []int64{7, 9, 9}, 4, false, []float64{7, 7, 7, 9}},
		{"two in a column", []int64{0, 10, 20, 200}, []int64{5, 8, 6, 1}, 2, false, []float64{8, 6}},
		{"missing", []int64{0, 100, 200, 300}, []int64{4, -1, 4, 4}, 3, false, []float64{4, unknown, 4}},
		{"nothing", []int64{0, 100}, []int64{-1, -1}, 2, true, []float64{unknown, unknown}},
	} {
		got := spark{at: tt.at, columns: tt.columns}.extremes(tt.values, tt.smallest)
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
}

// Ensure heights go from the lowest to the highest, with a blank for what is not known.
func TestSparkline(t *testing.T) {
	unknown := math.NaN()
	for _, tt := range []struct {
		values    []float64
		low, high float64
		want      string
	}{
		{[]float64{0, 12.4, 12.5, 50, 99, 100}, 0, 100, "▁▁▂▅██"},
		{[]float64{-5, 105, unknown, 3}, 0, 100, "▁█ ▁"},
		{[]float64{7, 7}, 7, 7, "▁▁"},
		{nil, 0, 0, ""},
	} {
		if got := sparkline(tt.values, tt.low, tt.high, sparkBlocks); got != tt.want {
			t.Errorf("sparkline(%v) = %q, want %q", tt.values, got, tt.want)
		}
	}
	if got, want := len([]rune(sparkBlocks)), len(sparkASCII); got != want {
		t.Errorf("%d blocks, %d letters, want as many", got, want)
	}
}

// Ensure the locale decides as setlocale(3) has it: the first that is set.
func TestSparkHeights(t *testing.T) {
	for _, tt := range []struct{ all, ctype, lang, want string }{
		{"", "", "", sparkASCII},
		{"", "", "en_US.UTF-8", sparkBlocks},
		{"", "", "C.utf8", sparkBlocks},
		{"C", "", "en_US.UTF-8", sparkASCII},
		{"", "POSIX", "en_US.UTF-8", sparkASCII},
		{"", "de_DE.UTF-8", "C", sparkBlocks},
		{"en_US.ISO-8859-1", "C.UTF-8", "C.UTF-8", sparkASCII},
	} {
		env := map[string]string{"LC_ALL": tt.all, "LC_CTYPE": tt.ctype, "LANG": tt.lang}
		if got := sparkHeights(func(name string) string { return env[name] }); got != tt.want {
			t.Errorf("sparkHeights(%v) = %q, want %q", env, got, tt.want)
		}
	}
}
