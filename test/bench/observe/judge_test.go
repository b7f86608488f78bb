package observe

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/test/bench/result"
)

// crisis has a sample every 50 ms for so many of them. The load lives from sample alive on and until sample dead; from sample stalled on
// and until dead the load's slice stalls for a fifth of the time, the protected slice for a hundredth.
func crisis(n, alive, stalled, dead int) []Sample {
	samples := make([]Sample, n)
	var load, guard int64
	for i := range samples {
		if i > stalled && i <= dead {
			load, guard = load+10_000, guard+500
		}
		samples[i] = Sample{At: 1_000_000 + int64(i)*50_000, Alive: i >= alive && i < dead,
			Load: result.Stall{Some: 2 * load, Full: load}, Guard: result.Stall{Some: guard}, Host: result.Stall{Full: 7 * load}}
	}
	return samples
}

func micros(n int64) *int64 { return &n }

// Ensure a breach is a tenth of the second before a sample, an end is when the group is empty for good, and stall counts between the two.
func TestJudge(t *testing.T) {
	const start = 1_000_000 + 24*50_000
	again := crisis(200, 25, 60, 120)
	for i := 122; i < 130; i++ {
		again[i].Alive = true
	}
	for _, tt := range []struct {
		name    string
		samples []Sample
		want    result.Outcome
	}{
		{"nothing", nil, result.Outcome{}},
		{"calm", crisis(200, 25, 500, 500), result.Outcome{WatchedMicros: 175 * 50_000}},
		// Ten samples of a fifth are a tenth of a second.
		{"stopped", crisis(200, 25, 60, 120), result.Outcome{
			WatchedMicros: 175 * 50_000, BreachMicros: micros(46 * 50_000), EmptyMicros: micros(96 * 50_000), OverMicros: 61 * 50_000,
			Load: result.Stall{Some: 1_000_000, Full: 500_000}, Guard: result.Stall{Some: 25_000}, Host: result.Stall{Full: 3_500_000}}},
		{"lives on", crisis(100, 25, 60, 500), result.Outcome{
			WatchedMicros: 75 * 50_000, BreachMicros: micros(46 * 50_000), OverMicros: 30 * 50_000,
			Load: result.Stall{Some: 580_000, Full: 290_000}, Guard: result.Stall{Some: 14_500}, Host: result.Stall{Full: 2_030_000}}},
		{"ends before a breach", crisis(200, 25, 500, 40), result.Outcome{WatchedMicros: 175 * 50_000, EmptyMicros: micros(16 * 50_000)}},
		{"came back", again, result.Outcome{
			WatchedMicros: 175 * 50_000, BreachMicros: micros(46 * 50_000), EmptyMicros: micros(106 * 50_000), OverMicros: 61 * 50_000,
			Load: result.Stall{Some: 1_000_000, Full: 500_000}, Guard: result.Stall{Some: 25_000}, Host: result.Stall{Full: 3_500_000}}},
	} {
		if diff := cmp.Diff(tt.want, Judge(tt.samples, start)); diff != "" {
			t.Errorf("%s: Judge: -want +got:\n%s", tt.name, diff)
		}
	}
}
