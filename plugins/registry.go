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
	return []controller.Picker{pick.Largest{}, pick.Priority{}}
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

// Picker returns the picker of that name. A name that PickNames does not have
// is a programmer's error: configuration was checked against it.
func Picker(name string) controller.Picker {
	for _, p := range pickers() {
		if p.Name() == name {
			return p
		}
	}
	panic(fmt.Sprintf("plugins: no picker %q", name))
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
