// Package stats has the few figures that the benchmark's tables are made of. It knows nothing of what was measured.
package stats

import (
	"maps"
	"slices"
)

// Spread is the middle and the ends of some measurements.
type Spread struct {
	Median, Min, Max float64
	N                int // how many there were; with 0 the others mean nothing
}

// Of returns the spread of values, which it does not change. The median of an even number is the mean of the two in the middle.
func Of(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	median := sorted[mid]
	if len(sorted)%2 == 0 {
		median = (sorted[mid-1] + sorted[mid]) / 2
	}
	return Spread{Median: median, Min: sorted[0], Max: sorted[len(sorted)-1], N: len(sorted)}
}

// Quantile returns the smallest of the values that at least this share of them does not exceed; 0 of none. It sorts values.
func Quantile(values []int64, share float64) int64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	rank := int(share * float64(len(values)))
	if float64(rank) < share*float64(len(values)) {
		rank++
	}
	return values[min(max(rank, 1), len(values))-1]
}

// Ratios divides each value by the base of the same round. A round that has only one of the two, or a base of 0, has no ratio.
func Ratios(values, base map[int]float64) []float64 {
	var ratios []float64
	for _, round := range slices.Sorted(maps.Keys(values)) {
		if b, ok := base[round]; ok && b != 0 {
			ratios = append(ratios, values[round]/b)
		}
	}
	return ratios
}
