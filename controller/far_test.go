package controller_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/controller"
)

// Ensure those who grew are opened first, the most of them before the less, and the large ones behind them; what is too little to be held
// for is no growth.
func TestCompareFar(t *testing.T) {
	small, large := controller.Far{Bytes: 10 * mib}, controller.Far{Bytes: 900 * mib, Gained: 2*mib - 1}
	grew, grewMore := controller.Far{Bytes: 3 * mib, Gained: 2 * mib}, controller.Far{Bytes: 20 * mib, Gained: 20 * mib}
	got := []controller.Far{small, grew, large, grewMore}
	slices.SortFunc(got, controller.CompareFar)
	if diff := cmp.Diff([]controller.Far{grewMore, grew, large, small}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// Ensure half of the places are kept for those who grow later.
func TestFar_Opens(t *testing.T) {
	for _, tt := range []struct {
		name  string
		far   controller.Far
		taken int
		want  bool
	}{
		{"large, with room", controller.Far{Bytes: mib}, 127, true},
		{"large, half taken", controller.Far{Bytes: mib}, 128, false},
		{"empty", controller.Far{}, 0, false},
		{"grew, half taken", controller.Far{Bytes: 2 * mib, Gained: 2 * mib}, 200, true},
		{"grew a little, half taken", controller.Far{Bytes: 2 * mib, Gained: mib}, 200, false},
	} {
		if got := tt.far.Opens(tt.taken, 256); got != tt.want {
			t.Errorf("%s: Opens(%d, 256) = %v, want %v", tt.name, tt.taken, got, tt.want)
		}
	}
}
