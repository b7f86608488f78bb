package main

import (
	"math"
	"strings"
)

// The heights of a column, the lowest first. What is not known is a blank.
const (
	sparkBlocks = "▁▂▃▄▅▆▇█"
	sparkASCII  = "_.:-=+*#"
)

// spark puts readings at times into columns of equal lengths of time. A value of -1 is a reading that is missing, NaN is a
// column of which nothing is known.
type spark struct {
	at      []int64 // microseconds, ascending
	columns int
}

// column returns where a time is, as a fraction of columns: 2.5 is the middle of the third.
func (s spark) column(at int64) float64 {
	first, last := float64(s.at[0]), float64(s.at[len(s.at)-1])
	if last <= first {
		return 0
	}
	return (float64(at) - first) / (last - first) * float64(s.columns)
}

// index is the column that a time is in.
func (s spark) index(at int64) int {
	return min(max(int(s.column(at)), 0), s.columns-1)
}

// shares returns for each column how much of its time was stalled, in percent, from a total of microseconds that grows. A
// stall between two readings is spread evenly over the time between them; a total that falls tells nothing.
func (s spark) shares(total []int64) []float64 {
	stalled, known := make([]float64, s.columns), make([]float64, s.columns)
	last := -1
	for i, t := range total {
		if t < 0 {
			continue
		}
		if last >= 0 && s.at[i] > s.at[last] && t >= total[last] {
			span := float64(s.at[i]) - float64(s.at[last])
			share := min(100*(float64(t)-float64(total[last]))/span, 100)
			from, to := s.column(s.at[last]), s.column(s.at[i])
			for c := s.index(s.at[last]); c <= s.index(s.at[i]); c++ {
				part := min(to, float64(c+1)) - max(from, float64(c))
				if part > 0 {
					stalled[c], known[c] = stalled[c]+part*share, known[c]+part
				}
			}
		}
		last = i
	}
	for c := range stalled {
		stalled[c] /= known[c] // NaN where both are 0
	}
	return stalled
}

// extremes returns for each column its largest reading, or its smallest. A reading holds until the next.
func (s spark) extremes(values []int64, smallest bool) []float64 {
	out := make([]float64, s.columns)
	for c := range out {
		out[c] = math.NaN()
	}
	better := math.Max
	if smallest {
		better = math.Min
	}
	for i, v := range values {
		if v < 0 {
			continue
		}
		from, to := s.index(s.at[i]), s.index(s.at[i])
		if i+1 < len(values) {
			// Not into a column that begins with the next reading.
			to = max(from, int(math.Ceil(s.column(s.at[i+1])))-1)
		}
		for c := from; c <= min(to, s.columns-1); c++ {
			if math.IsNaN(out[c]) {
				out[c] = float64(v)
			} else {
				out[c] = better(out[c], float64(v))
			}
		}
	}
	return out
}

// knownRange returns the smallest and the largest of values that are known; ok is false when none is.
func knownRange(values []float64) (low, high float64, ok bool) {
	for _, v := range values {
		switch {
		case math.IsNaN(v):
		case !ok:
			low, high, ok = v, v, true
		default:
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high, ok
}

// sparkline writes a column each for values between low and high.
func sparkline(values []float64, low, high float64, heights string) string {
	glyphs := []rune(heights)
	var s strings.Builder
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			s.WriteByte(' ')
		case high <= low:
			s.WriteRune(glyphs[0])
		default:
			i := int((v - low) / (high - low) * float64(len(glyphs)))
			s.WriteRune(glyphs[min(max(i, 0), len(glyphs)-1)])
		}
	}
	return s.String()
}
