package main

import (
	"context"
	"fmt"
	"sync"

	"reprieve/configs"
	"reprieve/units"
)

// managedFound is what managed_oom comes to on a host.
type managedFound struct {
	set     *configs.Set // With what the units say, as far as it is taken.
	others  []string     // Units that are no slices, and cannot be watched.
	refused string       // Why nothing is taken, and what to do; "" where it is.
}

// withManaged asks systemd as reprieved does, and lays the configuration over what its units say. Where managed_oom is off nobody is
// asked. An error is that systemd does not answer; the configuration is that of the files then.
func withManaged(set *configs.Set, systemd units.Options) (managedFound, error) {
	found := managedFound{set: set}
	if !set.Daemon().Compat.ManagedOOM {
		return found, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), alongBound)
	manager := units.New(systemd)
	var running sync.WaitGroup
	running.Go(func() { manager.Run(ctx) })
	defer running.Wait()
	defer cancel()
	got, err := manager.ManagedOOM(ctx, "slice", "service", "scope")
	switch {
	case err != nil:
		return found, fmt.Errorf("systemd does not answer, what its units say (managed_oom) is not known: %w", err)
	case got.OOMD:
		found.refused = fmt.Sprintf("nothing is taken from systemd's units (managed_oom, %s), since %s is active: "+
			"systemctl mask --now %s, or leave managed_oom off",
			set.Daemon().Origins["compat.managed_oom"], oomd, oomd)
		return found, nil
	}
	var managed []configs.Managed
	for _, u := range got.Units {
		if !units.IsSlice(u.Unit) {
			found.others = append(found.others, u.Unit)
			continue
		}
		managed = append(managed, configs.Managed{Slice: u.Unit, Pressure: u.Pressure, Limit: u.Limit, Duration: u.Duration, Swap: u.Swap})
	}
	found.set = set.WithManaged(managed)
	return found, nil
}

// managedSlice returns what became of a slice's unit; ok is false where it says nothing, or nothing was asked.
func managedSlice(set *configs.Set, slice string) (m configs.ManagedSlice, ok bool) {
	for _, one := range set.Managed() {
		if one.Slice == slice {
			return one, true
		}
	}
	return configs.ManagedSlice{}, false
}

// warnings says what of the units' settings does not count, a line each.
func (f managedFound) warnings() []string {
	var lines []string
	if f.refused != "" {
		lines = append(lines, "warning: "+f.refused)
	}
	for _, unit := range f.others {
		lines = append(lines, fmt.Sprintf("warning: %s is no slice, and what it says to systemd-oomd is not supported: watch its slice instead", unit))
	}
	for _, m := range f.set.Managed() {
		if m.Ignored != "" {
			lines = append(lines, fmt.Sprintf("note: %s %s", m.Slice, m.Ignored))
		}
	}
	return lines
}
