package report

import (
	"time"

	"reprieve/controller"
)

// figure is what a picker compares, by its name in stop.pick, and how to say it.
type figure struct {
	of    func(*controller.Score) uint64
	words func(uint64) string
}

// Priority and largest are not here: what they compare is always said. Nor
// has newest words for the next: it is merely older.
var figures = map[string]figure{
	"growth": {
		func(s *controller.Score) uint64 { return s.GrowthBytes },
		func(n uint64) string { return "gained " + size(n) + " since the breach" },
	},
	"newest": {func(s *controller.Score) uint64 { return s.Born }, nil},
	"offender": {
		func(s *controller.Score) uint64 { return s.Offences },
		func(n uint64) string { return "ran into its limit " + times(n) },
	},
	"reclaim": {
		func(s *controller.Score) uint64 { return s.ScanRate },
		func(n uint64) string { return count(n, "page") + " scanned a second" },
	},
	"stall": {
		func(s *controller.Score) uint64 { return s.StallMicros },
		func(n uint64) string {
			return "stalled " + seconds(time.Duration(n)*time.Microsecond) + " before the hold"
		},
	},
	"swap": {
		func(s *controller.Score) uint64 { return s.SwapBytes },
		func(n uint64) string { return size(n) + " in swap" },
	},
}
