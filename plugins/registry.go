// Package plugins is the registry of what comes in kinds: detectors and
// pickers (pure), ways to hold, and reports. One literal table a kind; a new
// plugin is a file in its folder, a test, and a line here.
package plugins

import (
	"fmt"
	"slices"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/plugins/detect"
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

// holds are the values of hold.by. "none" waits and touches nothing.
func holds() []string { return []string{"throttle", "none"} }

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
	names := holds()
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

// Detectors returns a detector for each limit of a policy.
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
	return all
}
