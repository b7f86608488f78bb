package pick_test

import (
	"slices"
	"testing"

	"reprieve/controller"
	"reprieve/plugins/pick"
)

// builtin is one case a picker: scores as it puts them in order.
var builtin = []struct {
	p      controller.Picker
	name   string
	scores []controller.Score
}{
	{pick.Priority{}, "priority", []controller.Score{{Priority: -1000}, {Priority: -1}, {}, {Priority: 100}}},
	{pick.Largest{}, "largest", []controller.Score{{ExcessBytes: 3 << 30}, {ExcessBytes: 1, FootprintBytes: 9}, {FootprintBytes: 1 << 40}}},
	{pick.Newest{}, "newest", []controller.Score{{Born: 1 << 33}, {Born: 4001}, {Born: 4000}}},
	{pick.Growth{}, "growth", []controller.Score{{GrowthBytes: 1 << 30}, {GrowthBytes: 1}, {FootprintBytes: 1 << 40}}},
	{pick.Stall{}, "stall", []controller.Score{{StallMicros: 900_000}, {StallMicros: 1}, {}}},
	{pick.Swap{}, "swap", []controller.Score{{SwapBytes: 1 << 40}, {SwapBytes: 4096}, {FootprintBytes: 1 << 41}}},
	{pick.Reclaim{}, "reclaim", []controller.Score{{ScanRate: 100_000}, {ScanRate: 99_999}, {}}},
	{pick.Offender{}, "offender", []controller.Score{{Offences: 17}, {Offences: 16}, {}}},
}

// Ensure each picker orders as its name says, and finds equal what does not
// differ in its figure.
func TestLess(t *testing.T) {
	for _, tt := range builtin {
		if got := tt.p.Name(); got != tt.name {
			t.Errorf("%T.Name() = %q, want %q", tt.p, got, tt.name)
		}
		for i := range tt.scores {
			for j := range tt.scores {
				if got, want := tt.p.Less(&tt.scores[i], &tt.scores[j]), i < j; got != want {
					t.Errorf("%T.Less(%+v, %+v) = %v, want %v", tt.p, tt.scores[i], tt.scores[j], got, want)
				}
			}
		}
	}
}

// Ensure a picker looks at nothing but its own figure.
func TestLess_OwnFigure(t *testing.T) {
	for i, tt := range builtin {
		for j, other := range builtin {
			if i == j {
				continue
			}
			a, b := &other.scores[0], &other.scores[1]
			if tt.p.Less(a, b) || tt.p.Less(b, a) {
				t.Errorf("%T orders %+v and %+v, which differ for %T", tt.p, *a, *b, other.p)
			}
		}
	}
}

// Ensure the order of candidates is that of the first picker, ties that of the
// next, and what is left that of the paths.
func TestOrder_Chain(t *testing.T) {
	all := []group{
		{name: "d", priority: 50, usage: 30 * mib, growth: 1 * mib},
		{name: "a", priority: 90, usage: 90 * mib, growth: 2 * mib},
		{name: "c", priority: 50, usage: 30 * mib, growth: 1 * mib},
		{name: "b", priority: 50, usage: 30 * mib, growth: 9 * mib},
		{name: "e", priority: 50, usage: 60 * mib},
	}
	for _, tt := range []struct {
		order controller.Order
		want  []string
	}{
		{controller.Order{pick.Priority{}, pick.Largest{}, pick.Growth{}}, []string{"e", "b", "c", "d", "a"}},
		{controller.Order{pick.Largest{}, pick.Growth{}}, []string{"a", "e", "b", "c", "d"}},
		{controller.Order{pick.Growth{}, pick.Priority{}}, []string{"b", "a", "c", "d", "e"}},
		{controller.Order{pick.Priority{}}, []string{"b", "c", "d", "e", "a"}},
		{controller.Order{pick.Newest{}}, []string{"e", "b", "c", "a", "d"}},
		{nil, []string{"a", "b", "c", "d", "e"}},
	} {
		w := newWorld(&controller.Scale{Order: tt.order}, all)
		if got := w.rank(); !slices.Equal(got, tt.want) {
			t.Errorf("Order %q: rank %v, want %v", tt.order.Name(), got, tt.want)
		}
	}
}
