package detect

import (
	"testing"
	"time"

	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/pressure"
)

// Ensure each detector presses at its limit, is silent about what a hold of
// ours makes (but for what is left, which a hold cannot make less), and knows nothing where nothing was read.
func TestDetectors(t *testing.T) {
	left := func(d time.Duration) controller.Sight {
		return controller.Sight{LeftOn: true, LeftOK: true, Left: d, RoomBytes: 60, RateBytes: 20}
	}
	tainted := left(3 * time.Second)
	tainted.Tainted = true
	pressed := controller.Breach{By: "left", Left: 3 * time.Second, LeftLimit: 3 * time.Second, RoomBytes: 60, RateBytes: 20}
	stalled := pressure.Stall{Some: 6000, Full: 2000}
	for _, tt := range []struct {
		name string
		d    controller.Detector
		s    controller.Sight
		want controller.Evidence
		by   controller.Breach
	}{
		{"full at the limit", Full{2000}, controller.Sight{Stall: stalled, StallOK: true}, controller.Pressing, controller.Breach{By: "full", Stall: 2000, Limit: 2000}},
		{"full under it", Full{2001}, controller.Sight{Stall: stalled, StallOK: true}, controller.Calm, controller.Breach{}},
		{"some at the limit", Some{6000}, controller.Sight{Stall: stalled, StallOK: true}, controller.Pressing, controller.Breach{By: "some", Stall: 6000, Limit: 6000}},
		{"the kernel's trigger", Full{2000}, controller.Sight{FiredFull: true}, controller.Pressing, controller.Breach{By: "full", Limit: 2000}},
		{"the other trigger", Full{2000}, controller.Sight{FiredSome: true}, controller.Unknown, controller.Breach{}},
		{"not read", Some{1}, controller.Sight{Stall: stalled}, controller.Unknown, controller.Breach{}},
		{"tainted", Full{1}, controller.Sight{Stall: stalled, StallOK: true, FiredFull: true, Tainted: true}, controller.Calm, controller.Breach{}},
		{"max rose", Event{"max"}, controller.Sight{Rise: memcg.Events{Max: 3}, RiseOK: true}, controller.Pressing, controller.Breach{By: "max", Rise: 3}},
		{"max rose while tainted", Event{"max"}, controller.Sight{Rise: memcg.Events{Max: 3}, RiseOK: true, Tainted: true}, controller.Pressing, controller.Breach{By: "max", Rise: 3}},
		{"high rose while tainted", Event{"high"}, controller.Sight{Rise: memcg.Events{High: 3}, RiseOK: true, Tainted: true}, controller.Calm, controller.Breach{}},
		{"max rose on a host with plenty", Event{"max"}, controller.Sight{Rise: memcg.Events{Max: 3}, RiseOK: true, Plenty: true}, controller.Calm, controller.Breach{}},
		{"another rose", Event{"oom"}, controller.Sight{Rise: memcg.Events{Max: 3}, RiseOK: true}, controller.Calm, controller.Breach{}},
		{"left at the limit", Left{3 * time.Second}, left(3 * time.Second), controller.Pressing, pressed},
		{"left at the limit while tainted", Left{3 * time.Second}, tainted, controller.Pressing, pressed},
		{"left over it", Left{3*time.Second - 1}, left(3 * time.Second), controller.Calm, controller.Breach{}},
		{"left is not known", Left{3 * time.Second}, controller.Sight{LeftOn: true}, controller.Unknown, controller.Breach{}},
		{"left is not looked at", Left{3 * time.Second}, controller.Sight{LeftOK: true}, controller.Calm, controller.Breach{}},
		{"counters not read", Event{"oom"}, controller.Sight{}, controller.Unknown, controller.Breach{}},
	} {
		by, got := tt.d.Detect(&tt.s)
		if got != tt.want || by != tt.by {
			t.Errorf("%s: Detect() = %+v, %v; want %+v, %v", tt.name, by, got, tt.by, tt.want)
		}
	}
}

// Ensure every counter that configuration may name is looked at.
func TestEvent_Counters(t *testing.T) {
	rise := memcg.Events{Low: 1, High: 2, Max: 3, OOM: 4, OOMKill: 5}
	for name, want := range map[string]uint64{"low": 1, "high": 2, "max": 3, "oom": 4, "oom_kill": 5} {
		by, e := Event{name}.Detect(&controller.Sight{Rise: rise, RiseOK: true})
		if by.Rise != want || e != controller.Pressing {
			t.Errorf("Event(%q).Detect() = %+v, %v; want a rise of %d", name, by, e, want)
		}
	}
}
