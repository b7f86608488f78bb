package stats

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure the spread has the middle and the ends, and leaves the values as they were.
func TestOf(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   Spread
	}{
		{nil, Spread{}},
		{[]float64{4}, Spread{4, 4, 4, 1}},
		{[]float64{9, 1, 2}, Spread{2, 1, 9, 3}},
		{[]float64{9, 1, 2, 4}, Spread{3, 1, 9, 4}},
	} {
		given := append([]float64(nil), tt.values...)
		if got := Of(tt.values); got != tt.want {
			t.Errorf("Of(%v) = %v, want %v", given, got, tt.want)
		}
		if diff := cmp.Diff(given, tt.values); diff != "" {
			t.Errorf("Of(%v) changed its argument: -want +got:\n%s", given, diff)
		}
	}
}

// Ensure a quantile is one of the values, and no more than the wanted share lies above it.
func TestQuantile(t *testing.T) {
	hundred := make([]int64, 100)
	for i := range hundred {
		hundred[i] = int64(100 - i)
	}
	for _, tt := range []struct {
		values []int64
		share  float64
		want   int64
	}{
		{nil, 0.99, 0},
		{[]int64{7}, 0.99, 7},
		{hundred, 0.99, 99},
		{hundred, 1, 100},
		{hundred, 0, 1},
		{[]int64{3, 1, 2}, 0.5, 2},
	} {
		if got := Quantile(tt.values, tt.share); got != tt.want {
			t.Errorf("Quantile(%d values, %v) = %d, want %d", len(tt.values), tt.share, got, tt.want)
		}
	}
}

// Ensure values are compared within their round only.
func TestRatios(t *testing.T) {
	values := map[int]float64{1: 10, 2: 30, 3: 5, 4: 8}
	base := map[int]float64{1: 2, 2: 3, 4: 0, 5: 7}
	if diff := cmp.Diff([]float64{5, 10}, Ratios(values, base)); diff != "" {
		t.Errorf("Ratios(%v, %v): -want +got:\n%s", values, base, diff)
	}
}
