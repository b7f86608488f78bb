package pick

import (
	"slices"
	"testing"

	"reprieve/controller"
)

func candidate(unit string, priority int, footprint uint64, levels ...controller.Level) controller.Candidate {
	levels = append(levels, controller.Level{Unit: unit, Priority: priority, FootprintBytes: footprint})
	return controller.Candidate{Unit: unit, Priority: priority, FootprintBytes: footprint, UsageBytes: 999, Levels: levels}
}

func order(p controller.Picker, all []controller.Candidate) []string {
	slices.SortStableFunc(all, func(a, b controller.Candidate) int {
		switch {
		case p.Less(&a, &b):
			return -1
		case p.Less(&b, &a):
			return 1
		}
		return 0
	})
	var names []string
	for _, c := range all {
		names = append(names, c.Unit)
	}
	return names
}

// Ensure each picker orders as its name says.
func TestPickers(t *testing.T) {
	low := controller.Level{Unit: "low.slice", Priority: 10, FootprintBytes: 60}
	high := controller.Level{Unit: "high.slice", Priority: 200, FootprintBytes: 300}
	for _, tt := range []struct {
		name string
		p    controller.Picker
		all  []controller.Candidate
		want []string
	}{
		{"largest", Largest{}, []controller.Candidate{candidate("a", 1, 10), candidate("b", 2, 30), candidate("c", 3, 20)}, []string{"b", "c", "a"}},
		{"priority", Priority{}, []controller.Candidate{candidate("a", 100, 900), candidate("b", 10, 1), candidate("c", 50, 5)}, []string{"b", "c", "a"}},
		{"priority, equals by size", Priority{}, []controller.Candidate{candidate("a", 100, 1), candidate("b", 100, 9)}, []string{"b", "a"}},
		{
			"priority of the subtree counts before the leaf's", Priority{},
			[]controller.Candidate{candidate("leaf-of-high", 1, 300, high), candidate("leaf-of-low", 150, 60, low)},
			[]string{"leaf-of-low", "leaf-of-high"},
		},
		{
			"a subtree does not escape by splitting", Priority{},
			[]controller.Candidate{
				candidate("whole", 100, 50),
				candidate("half1", 100, 30, controller.Level{Unit: "split.slice", Priority: 100, FootprintBytes: 60}),
				candidate("half2", 100, 29, controller.Level{Unit: "split.slice", Priority: 100, FootprintBytes: 60}),
			},
			[]string{"half1", "half2", "whole"},
		},
	} {
		if got := order(tt.p, tt.all); !slices.Equal(got, tt.want) {
			t.Errorf("%s: order %v, want %v", tt.name, got, tt.want)
		}
	}
}
