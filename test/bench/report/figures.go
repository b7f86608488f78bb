// Package report makes of the results of the benchmark what people read: tables in Markdown and a chart in SVG. It prints what was measured
// and "not run yet" where nothing was.
package report

import (
	"slices"

	"reprieve/test/bench/plan"
	"reprieve/test/bench/result"
	"reprieve/test/bench/stats"
)

// base is the controller that the others are compared with, in the same round.
const base = "reprieve-0"

// A figure is one number of a run; false where the run has none.
type figure func(result.Run) (float64, bool)

const (
	millisecond, second = 1e3, 1e6 // in microseconds
	mebibyte            = 1 << 20
)

func reaction(r result.Run) (float64, bool) {
	micros, ok := r.Outcome.ReactionMicros()
	return float64(micros) / second, ok
}

func over(r result.Run) (float64, bool) { return float64(r.Outcome.OverMicros) / second, true }

// some and full are figures of the stall of one slice, in milliseconds.
func some(slice func(result.Outcome) result.Stall) figure {
	return func(r result.Run) (float64, bool) { return float64(slice(r.Outcome).Some) / millisecond, true }
}

func full(slice func(result.Outcome) result.Stall) figure {
	return func(r result.Run) (float64, bool) { return float64(slice(r.Outcome).Full) / millisecond, true }
}

func guard(o result.Outcome) result.Stall  { return o.Guard }
func system(o result.Outcome) result.Stall { return o.System }

func ticks(r result.Run) (float64, bool) {
	return 100 * float64(r.Canary.Kept) / float64(max(r.Canary.Due, 1)), r.Canary.Due > 0
}
func p99(r result.Run) (float64, bool) {
	return float64(r.Canary.P99Micros) / millisecond, r.Canary.Due > 0
}
func worst(r result.Run) (float64, bool) {
	return float64(r.Canary.WorstMicros) / millisecond, r.Canary.Due > 0
}

// ofCalm and ofCrisis are figures of the parts that not every run has.
func ofCalm(f func(*result.Calm) float64) figure {
	return func(r result.Run) (float64, bool) {
		if r.Calm == nil || r.Calm.Micros == 0 {
			return 0, false
		}
		return f(r.Calm) / (float64(r.Calm.Micros) / second), true
	}
}

func ofCrisis(f func(*result.Crisis) float64) figure {
	return func(r result.Run) (float64, bool) {
		if r.Crisis == nil {
			return 0, false
		}
		return f(r.Crisis), true
	}
}

// group is the runs of one controller with one load, or with all.
type group []result.Run

// spread is the spread of a figure over those runs that have it.
func (g group) spread(f figure) stats.Spread {
	var values []float64
	for _, run := range g {
		if value, ok := f(run); ok {
			values = append(values, value)
		}
	}
	return stats.Of(values)
}

// ratio is the spread of a figure as a multiple of that of the base in the same round.
func (g group) ratio(f figure, base group) stats.Spread {
	return stats.Of(stats.Ratios(g.byRound(f), base.byRound(f)))
}

func (g group) byRound(f figure) map[int]float64 {
	values := map[int]float64{}
	for _, run := range g {
		if value, ok := f(run); ok {
			values[run.Round] = value
		}
	}
	return values
}

// of returns the runs of a controller with a load; "" stands for all loads.
func of(runs []result.Run, load, controller string) group {
	var g group
	for _, run := range runs {
		if run.Controller == controller && (load == "" || run.Load == load) {
			g = append(g, run)
		}
	}
	return g
}

// present returns which of the controllers of a suite have runs with a load, in the order of the plan.
func present(runs []result.Run, suite, load string) []string {
	return slices.DeleteFunc(plan.Controllers(suite), func(name string) bool { return len(of(runs, load, name)) == 0 })
}
