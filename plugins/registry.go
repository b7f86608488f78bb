// Package plugins is the registry of what comes in kinds: detectors and
// pickers (pure), ways to hold, and reports. One literal table a kind; a new
// plugin is a file in its folder, a test, and a line here.
package plugins

import (
	"fmt"
	"maps"
	"slices"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/plugins/detect"
	"reprieve/plugins/hold"
	"reprieve/plugins/pick"
	"reprieve/pressure"
)

// pickers are the values of stop.pick.
func pickers() []controller.Picker {
	return []controller.Picker{
		pick.Priority{},
		pick.Largest{},
		pick.Newest{},
		pick.Growth{},
		pick.Stall{},
		pick.Swap{},
		pick.Reclaim{},
		pick.Offender{},
	}
}

// Way is a way to hold a group. Its methods may block in the kernel: a worker
// runs them. The errors are memcg's.
type Way interface {
	// Hold begins a hold. old is what is to be restored in the end, nil for
	// what is found; lendBytes is for raise alone.
	Hold(g *memcg.Group, intent memcg.Intent, old *memcg.Limit, lendBytes uint64) (memcg.Hold, error)
	// Move moves the mark of a hold; 0 is what the group uses now.
	Move(g *memcg.Group, intent memcg.Intent, h memcg.Hold, to memcg.Limit) (memcg.Hold, error)
	// Lift ends a hold.
	Lift(g *memcg.Group, h memcg.Hold) (memcg.Restored, error)
}

// Holds returns the ways to hold, by their names in hold.by. All write to the
// ledger before they touch a file. "none" is not among them: it waits.
func Holds(ledger *memcg.Ledger) map[string]Way {
	return map[string]Way{
		"throttle": hold.Throttle{Ledger: ledger},
		"freeze":   hold.Freeze{Ledger: ledger},
		"raise":    hold.Raise{Ledger: ledger},
	}
}

// PickNames returns the names that stop.pick may have, in order.
func PickNames() []string {
	var names []string
	for _, p := range pickers() {
		names = append(names, p.Name())
	}
	slices.Sort(names)
	return names
}

// HoldNames returns the names that hold.by may have, in order.
func HoldNames() []string {
	names := append(slices.Collect(maps.Keys(Holds(nil))), "none")
	slices.Sort(names)
	return names
}

// Names returns what configuration may name.
func Names() configs.Names {
	return configs.Names{Picks: PickNames(), Holds: HoldNames()}
}

// Order returns the pickers of those names: each breaks the ties of the one
// before. A name that PickNames does not have is a programmer's error, and
// panics: configuration was checked against it.
func Order(names []string) controller.Order {
	known := pickers()
	order := make(controller.Order, len(names))
	for i, name := range names {
		at := slices.IndexFunc(known, func(p controller.Picker) bool { return p.Name() == name })
		if at < 0 {
			panic(fmt.Sprintf("plugins: no picker %q", name))
		}
		order[i] = known[at]
	}
	return order
}

// Detectors returns a detector for each limit of a policy, the one that looks
// ahead last: of two that press, the first gives the breach.
func Detectors(p configs.Pressure) []controller.Detector {
	var all []controller.Detector
	if p.Full > 0 {
		all = append(all, detect.Full{Limit: pressure.Share(p.Full)})
	}
	if p.Some > 0 {
		all = append(all, detect.Some{Limit: pressure.Share(p.Some)})
	}
	for _, name := range p.Events {
		all = append(all, detect.Event{Counter: name})
	}
	if p.Left > 0 {
		all = append(all, detect.Left{Limit: p.Left})
	}
	return all
}
