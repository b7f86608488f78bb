package main

import (
	"context"
	"fmt"
	"io"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/units"
)

const (
	oomd = "systemd-oomd.service"
	// managedUnits is how many units are asked whether systemd-oomd manages them.
	managedUnits = 64
)

// warnKillers says on w which other memory killers are active, and of systemd-oomd, which is told where to kill, whether it
// meets a watched slice.
func warnKillers(ctx context.Context, w io.Writer, set *configs.Set, manager *units.Manager, watched []node) {
	const both = "takes the stall of a hold for pressure"
	killers, _ := manager.OtherKillers(ctx) // who is not described is not named
	for _, unit := range killers {
		var meets []managed
		var err error
		if unit == oomd {
			meets, err = managedBy(ctx, manager, watched)
		}
		switch {
		case unit != oomd || err != nil:
			fmt.Fprintf(w, "warning: %s is active: another memory killer that watches the same groups %s; systemctl disable --now %s\n", unit, both, unit)
		case len(meets) == 0:
			fmt.Fprintf(w, "note: %s is active; it is told to kill in none of the watched slices, nor above them or in slices below\n", unit)
		}
		for _, m := range meets {
			fmt.Fprintf(w, "warning: %s: %s is active, kills there as well (%s=kill of %s), and %s; %s=auto by systemctl edit %s, or %s\n",
				m.slice, unit, m.setting, m.unit, both, m.setting, m.unit, whereSet(set.Policy(m.slice), "pressure"))
		}
	}
}

// managed is a unit in which systemd-oomd kills, by a setting, and the watched slice that it meets.
type managed struct{ unit, setting, slice string }

// managedBy asks which slices and users' managers on the way to a watched slice, or in it, systemd-oomd is to kill in. Each
// is named once, with the first watched slice that it meets.
func managedBy(ctx context.Context, manager *units.Manager, watched []node) ([]managed, error) {
	var all []managed
	asked := map[string]bool{}
	for _, one := range watched {
		for _, unit := range around(one.node) {
			if asked[unit] || len(asked) == managedUnits {
				continue
			}
			asked[unit] = true
			kind := "Slice."
			if !units.IsSlice(unit) {
				kind = "Service."
			}
			got, err := manager.Read(ctx, unit, kind+"ManagedOOMMemoryPressure", kind+"ManagedOOMSwap")
			if err != nil {
				return nil, err
			}
			for _, setting := range []string{"ManagedOOMMemoryPressure", "ManagedOOMSwap"} {
				if got[kind+setting] == "kill" {
					all = append(all, managed{unit, setting, one.slice})
				}
			}
		}
	}
	return all, nil
}

// around returns the slices above a group, its own, and the slices and users' managers in it.
func around(n *memcg.Node) []string {
	var all []string
	for up := n.Parent; up != nil; up = up.Parent {
		if unit, ok := units.FromCgroup(up.Path); ok {
			all = append(all, unit)
		}
	}
	return append(all, within(n)...)
}

// within returns a slice, and the slices and users' managers in it.
func within(n *memcg.Node) []string {
	var all []string
	if unit, ok := units.FromCgroup(n.Path); ok && (units.IsSlice(unit) || units.ManagerRoot(n.Path)) {
		all = append(all, unit)
	}
	for _, c := range n.Children() {
		all = append(all, within(c)...)
	}
	return all
}
