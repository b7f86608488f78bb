package configs

import (
	"math"
	"testing"
)

// Ensure a share as the minimum of a stop has a floor, and a plain size has none.
func TestStop_MinBytes(t *testing.T) {
	const mib = 1 << 20
	for _, test := range []struct {
		min         Size
		usage, want uint64
	}{
		{Size{Share: 200}, 10_000 * mib, 200 * mib},
		{Size{Share: 200}, 800 * mib, 16 * mib},
		{Size{Share: 200}, 800*mib + 5000, 16*mib + 100},
		{Size{Share: 200}, 0, 16 * mib},
		{Size{Share: 1}, mib, 16 * mib},
		{Size{Share: 10000}, 100 * mib, 100 * mib},
		{Size{Share: 200}, math.MaxUint64, math.MaxUint64 / 50},
		{Size{Bytes: 64 * mib}, 100 * mib, 64 * mib},
		{Size{Bytes: 4096}, 10_000 * mib, 4096},
		{Size{Bytes: 64 * mib}, 0, 64 * mib},
		{Size{}, 10_000 * mib, 0},
	} {
		if got := (Stop{Min: test.min}).MinBytes(test.usage); got != test.want {
			t.Errorf("Stop{Min: %s}.MinBytes(%d) = %d, want %d", test.min, test.usage, got, test.want)
		}
	}
}
