package plugins

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/plugins/detect"
	"reprieve/plugins/hold"
)

// Ensure the names that configuration may have are these, in order, each once.
func TestNames(t *testing.T) {
	want := configs.Names{
		Picks: []string{"growth", "largest", "newest", "offender", "priority", "reclaim", "stall", "swap"},
		Holds: []string{"freeze", "none", "raise", "throttle"},
	}
	if diff := cmp.Diff(want, Names()); diff != "" {
		t.Errorf("Names() (-want +got):\n%s", diff)
	}
}

// Ensure every name that configuration may have gives its picker, whether
// it samples, and a list of names gives them in that order.
func TestOrder(t *testing.T) {
	samples := map[string]bool{"reclaim": true, "offender": true}
	for _, name := range PickNames() {
		got := Order([]string{name})
		if len(got) != 1 || got[0].Name() != name {
			t.Errorf("Order(%q) = %q", name, got.Name())
		}
		if got.Samples() != samples[name] {
			t.Errorf("Order(%q).Samples() = %v, want %v", name, got.Samples(), samples[name])
		}
	}
	all := PickNames()
	slices.Reverse(all)
	order := Order(all)
	for i, name := range all {
		if got := order[i].Name(); got != name {
			t.Errorf("Order(%q)[%d].Name() = %q", all, i, got)
		}
	}
	if !order.Samples() {
		t.Errorf("Order(%q).Samples() = false, want true", all)
	}
}

// Ensure an unknown name panics, wherever it stands.
func TestOrder_Unknown(t *testing.T) {
	for _, names := range [][]string{{"nobody"}, {"largest", "nobody"}, {""}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Order(%q) does not panic", names)
				}
			}()
			Order(names)
		}()
	}
}

// Ensure each limit of a policy, and nothing else, has a detector.
func TestDetectors(t *testing.T) {
	for _, tt := range []struct {
		p    configs.Pressure
		want int
	}{
		{configs.Pressure{}, 0},
		{configs.Pressure{Full: 1}, 1},
		{configs.Pressure{Full: 1, Some: 1, Events: []string{"max", "oom"}}, 4},
		{configs.Pressure{Full: 1, Left: time.Second}, 2},
	} {
		if got := len(Detectors(tt.p)); got != tt.want {
			t.Errorf("Detectors(%+v): %d, want %d", tt.p, got, tt.want)
		}
	}
}

// Ensure the limit of what is left is asked last, with its time.
func TestDetectors_Left(t *testing.T) {
	all := Detectors(configs.Pressure{Full: 1, Events: []string{"max"}, Left: 3 * time.Second})
	want := detect.Left{Limit: 3 * time.Second}
	if got := all[len(all)-1]; got != want {
		t.Errorf("the last of Detectors() = %+v, want %+v", got, want)
	}
}

// Ensure each name that hold.by may have, but for none, has its way, and every
// way writes to the ledger that it is given.
func TestHolds(t *testing.T) {
	ledger := new(memcg.Ledger)
	want := map[string]Way{
		"throttle": hold.Throttle{Ledger: ledger}, "freeze": hold.Freeze{Ledger: ledger}, "raise": hold.Raise{Ledger: ledger},
	}
	got := Holds(ledger)
	for _, name := range HoldNames() {
		if got[name] != want[name] {
			t.Errorf("Holds()[%q] = %#v, want %#v", name, got[name], want[name])
		}
	}
	if len(got) != len(HoldNames())-1 {
		t.Errorf("Holds() has %d ways, want one for each of %q but none", len(got), HoldNames())
	}
}
