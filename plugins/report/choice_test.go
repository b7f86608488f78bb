package report

import (
	"testing"

	"reprieve/controller"
	"reprieve/memcg"
)

// Ensure the words for a choice have the figures that decided it.
func TestChoice(t *testing.T) {
	type change = func(first, next *controller.Candidate)
	in := func(group *controller.Level, c *controller.Candidate) {
		c.Levels = []*controller.Level{c.Levels[0], group, c.Levels[1]}
	}
	split := &controller.Level{Unit: "batch-split.slice", Path: "/batch.slice/batch-split.slice"}
	split.Score.Priority = 10
	for _, tt := range []struct {
		name, pick string
		change     change
		want       string
	}{
		{"size", "largest", func(_, _ *controller.Candidate) {}, "largest of 9: 410M, next batch-a.slice 20M"},
		{"an upper bound", "largest", func(_, next *controller.Candidate) { next.Measured = false }, "largest of 9: 410M, next batch-a.slice at most 20M"},
		{"protection", "largest", func(_, next *controller.Candidate) {
			next.Score.FootprintBytes, next.Score.ExcessBytes = 500*mib, 100*mib
		}, "largest of 9: 410M, next batch-a.slice 500M, 400M of it protected"},
		{"priority", "priority", func(first, _ *controller.Candidate) { first.Levels[1].Score.Priority = 50 }, "lowest priority of 9: 410M with priority 50, next batch-a.slice 20M with 100"},
		{"equal priority", "priority", func(_, _ *controller.Candidate) {}, "by priority, of 9: 410M, next batch-a.slice 20M"},
		{"a chain, by its first", "priority, largest", func(first, _ *controller.Candidate) { first.Levels[1].Score.Priority = -5 }, "by priority, largest, of 9: 410M with priority -5, next batch-a.slice 20M with 100"},
		{"a chain, by its second", "priority, largest", func(_, _ *controller.Candidate) {}, "by priority, largest, of 9: 410M, next batch-a.slice 20M"},
		{"a chain, by its second, another one", "priority, swap, largest", func(first, _ *controller.Candidate) { first.Score.SwapBytes = 120 * mib }, "by priority, swap, largest, of 9: 410M, 120M in swap, next batch-a.slice 20M, 0B in swap"},
		{"growth", "growth", func(first, _ *controller.Candidate) { first.Score.GrowthBytes = 120 * mib }, "by growth, of 9: 410M, gained 120M since the breach, next batch-a.slice 20M, gained 0B since the breach"},
		{"newest", "newest", func(first, _ *controller.Candidate) { first.Score.Born = 7 }, "by newest, of 9: 410M, made last, next batch-a.slice 20M"},
		{"stall", "stall", func(first, next *controller.Candidate) {
			first.Score.StallMicros, next.Score.StallMicros = 1_200_000, 100_000
		}, "by stall, of 9: 410M, stalled 1.2s before the hold, next batch-a.slice 20M, stalled 0.1s before the hold"},
		{"reclaim", "reclaim", func(first, next *controller.Candidate) { first.Score.ScanRate, next.Score.ScanRate = 5000, 1 }, "by reclaim, of 9: 410M, 5000 pages scanned a second, next batch-a.slice 20M, 1 page scanned a second"},
		{"offender", "offender", func(first, next *controller.Candidate) { first.Score.Offences, next.Score.Offences = 12, 1 }, "by offender, of 9: 410M, ran into its limit 12 times, next batch-a.slice 20M, ran into its limit once"},
		{"prefer", "largest", func(first, _ *controller.Candidate) { first.Preference = memcg.Prefer }, "by preference (user.oomd_prefer) of 9: 410M, next batch-a.slice 20M"},
		{"avoid", "largest", func(_, next *controller.Candidate) { next.Preference = memcg.Avoid }, "by preference (batch-a.slice has user.oomd_avoid) of 9: 410M, next batch-a.slice 20M"},
		{"tame", "largest", func(_, next *controller.Candidate) { next.Tame, next.User, next.UID = true, true, 1000 }, "by preference (batch-a.slice of user 1000 has a protected name, which its user chose) of 9: 410M, next batch-a.slice of user 1000 20M"},
		{"a part of a group", "largest", func(first, _ *controller.Candidate) { in(split, first) }, "largest of 9: 410M in batch-split.slice counted whole, next batch-a.slice 20M"},
		{"a part of a group of another priority", "priority, growth", func(_, next *controller.Candidate) { in(split, next) }, "by priority, growth, of 9: 410M with priority 100, next batch-a.slice 20M in batch-split.slice with 10"},
		{"a figure of its own says nothing in a group", "growth", func(first, _ *controller.Candidate) { in(split, first); first.Score.GrowthBytes = mib }, "by growth, of 9: 410M in batch-split.slice counted whole, next batch-a.slice 20M"},
		{"an excluded one between", "largest", func(_, next *controller.Candidate) { next.Empty = true }, "the only candidate, 410M"},
	} {
		n := stopNote()
		n.Pick, n.Eligible = tt.pick, 9
		tt.change(&n.Candidates[0], &n.Candidates[1])
		if got := choice(n); got != tt.want {
			t.Errorf("%s: choice(%q)\n got %q\nwant %q", tt.name, tt.pick, got, tt.want)
		}
	}
	if got, want := choice(controller.Note{}), "no candidate is listed"; got != want {
		t.Errorf("choice(nobody) = %q, want %q", got, want)
	}
}
