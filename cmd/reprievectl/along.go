package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/units"
)

const (
	// alongBound is how long systemd may take to answer all questions of one kind.
	alongBound = 2 * time.Second
	// alongUnits is how many units of a watched slice are asked about: what one call of units.Describe takes.
	alongUnits = 64
)

// places is where check finds the host. The zero value of units.Options is what a host has.
type places struct {
	mount    string   // Of cgroup2.
	dirs     []string // Of the configuration where none is named, the first wins; nil is configs.DefaultDirs.
	systemd  units.Options
	unitDirs []string // With systemd's unit files.
}

// watched is a watched slice that is there.
type watched struct {
	slice string
	// candidates has the names of the units in each of its leaves: they are stopped together. Leaves that are never
	// stopped are left out.
	candidates [][]string
}

// warn says on w, one a line, what on the running host is at odds with the configuration: watched slices that nobody knows,
// limits that contradict each other, who must run and would be frozen, which units a stop in a watched slice would take
// along (active ones outside of the candidate), which have less time than a hold may last, and which other memory killers
// are active. It is a help and no test: what cannot be looked at is said on stderr, and changes no exit code.
func warn(w, stderr io.Writer, set *configs.Set, at places) {
	// The inside of a user's manager is not PID 1's.
	tree, err := memcg.OpenTree(at.mount, units.IsSlice)
	if err != nil {
		fmt.Fprintf(stderr, "list the cgroup tree: %v, units that a stop would take along are not looked for\n", err)
		return
	}
	defer tree.Close()
	there := watchedNodes(set, tree.Root)
	warnAbsent(w, set, tree, at.unitDirs)
	warnLimits(w, set, at.mount, there)
	warnFrozen(w, set, tree.Root)
	all := watchedSlices(set, tree.Root)
	if len(all) == 0 {
		return // nobody to ask about
	}
	manager := units.New(at.systemd)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { manager.Run(ctx) })
	defer running.Wait()
	defer cancel()
	err = bounded(ctx, func(ctx context.Context) error {
		for _, one := range all {
			if err := one.warn(ctx, w, manager); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		fmt.Fprintln(stderr, "systemd does not answer, units that a stop would take along, their times and other memory killers are not looked for")
		return
	}
	if err := bounded(ctx, func(ctx context.Context) error { return warnTimes(ctx, w, set, manager, all) }); err != nil {
		fmt.Fprintln(stderr, "systemd does not answer in time, times of units are not all looked for")
	}
	_ = bounded(ctx, func(ctx context.Context) error { warnKillers(ctx, w, set, manager, there); return nil })
}

// bounded does one kind of asking within its bound.
func bounded(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, alongBound)
	defer cancel()
	return ask(ctx)
}

// watchedSlices returns the watched slices that are there as a cgroup and have somebody who may be stopped.
func watchedSlices(set *configs.Set, root *memcg.Node) []watched {
	var all []watched
	protect := set.Daemon()
	var walk func(n *memcg.Node)
	walk = func(n *memcg.Node) {
		if slice, ok := units.FromCgroup(n.Path); ok && set.Policy(slice).Watched {
			one := watched{slice: slice, candidates: candidates(n, set.Policy(slice).Stop.From == "units", protect)}
			if len(one.candidates) > 0 {
				all = append(all, one)
			}
		}
		for _, c := range n.Children() {
			if c.Inner {
				walk(c)
			}
		}
	}
	walk(root)
	return all
}

// candidates returns the units in each leaf of a slice, the leaves being those of reprieved: slices that hold no slice,
// and units that stand beside slices; by units, all units. Users' units, and leaves that are protected, are left out.
func candidates(n *memcg.Node, byUnits bool, protect configs.Daemon) [][]string {
	var all [][]string
	for _, c := range n.Children() {
		unit, ok := units.FromCgroup(c.Path)
		switch {
		case !ok || units.ManagerRoot(c.Path) || protect.Protected(unit):
		case !c.Inner:
			all = append(all, []string{unit})
		case byUnits || slices.ContainsFunc(c.Children(), divides):
			all = append(all, candidates(c, byUnits, protect)...)
		default:
			leaf := slices.Concat(candidates(c, true, configs.Daemon{})...)
			if len(leaf) > 0 && !slices.ContainsFunc(leaf, protect.Protected) {
				all = append(all, leaf)
			}
		}
	}
	return all
}

// divides reports whether a slice that holds the group is no leaf: candidates lie below it.
func divides(n *memcg.Node) bool { return n.Inner || units.ManagerRoot(n.Path) }

// warn asks systemd about the units of one slice, and then which of those that depend on them are active. An error is
// that systemd does not answer in time; a unit that went meanwhile is none.
func (s *watched) warn(ctx context.Context, w io.Writer, manager *units.Manager) error {
	home := map[string]int{} // the candidate that a unit lies in, counted from 1
	for i, c := range s.candidates {
		for _, unit := range c {
			home[unit] = i + 1
		}
	}
	ask := slices.Concat(s.candidates...)
	if len(ask) > alongUnits {
		fmt.Fprintf(w, "warning: %s: has %d units, only the first %d are looked at for what a stop would take along\n", s.slice, len(ask), alongUnits)
		ask = ask[:alongUnits]
	}
	about, err := describe(ctx, manager, ask)
	if err != nil {
		return err
	}
	var outside []string
	for i := range about {
		d := &about[i]
		d.Dependents = slices.DeleteFunc(d.Dependents, func(unit string) bool { return home[unit] == home[d.Unit] })
		outside = append(outside, d.Dependents...)
	}
	slices.Sort(outside)
	active, err := activeOf(ctx, manager, slices.Compact(outside))
	for _, d := range about {
		for _, unit := range d.Dependents {
			if active[unit] {
				fmt.Fprintf(w, "warning: %s: a stop of %s also stops %s, which requires it or is part of it\n", s.slice, d.Unit, unit)
			}
		}
	}
	return err
}

// activeOf returns which of the units are active: what depends on a unit is on systemd's list whether it is or not.
func activeOf(ctx context.Context, manager *units.Manager, names []string) (map[string]bool, error) {
	active := map[string]bool{}
	for some := range slices.Chunk(names, alongUnits) {
		about, err := describe(ctx, manager, some)
		for _, d := range about {
			active[d.Unit] = d.Active
		}
		if err != nil {
			return active, err
		}
	}
	return active, nil
}

// describe is units.Describe without errors about single units.
func describe(ctx context.Context, manager *units.Manager, names []string) ([]units.Description, error) {
	about, err := manager.Describe(ctx, names)
	if ctx.Err() != nil || errors.Is(err, units.ErrDisconnected) || errors.Is(err, units.ErrNoAnswer) {
		return about, cmp.Or(err, ctx.Err())
	}
	return about, nil
}
