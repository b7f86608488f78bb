package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"reprieve/configs"
	"reprieve/internal/figure"
	"reprieve/internal/probe"
	"reprieve/memcg"
	"reprieve/units"
)

// watched returns the watched slices that are there as groups, and pressure.left of all watched ones. Without a
// configuration there are none.
func (at doctorPlaces) watched(set *configs.Set) (groups []probe.Group, lefts []probe.Left) {
	if set == nil {
		return nil, nil
	}
	// Patterns stand for slices like them, and have what these have.
	for _, name := range slices.Concat(set.Named(), set.Patterns()) {
		if p := set.Policy(name); p.Watched {
			lefts = append(lefts, probe.Left{Slice: title(name), Left: p.Pressure.Left})
		}
	}
	tree, err := memcg.OpenTree(filepath.Join("/", at.host.Root, memcg.DefaultMount), units.IsSlice)
	if err != nil {
		return nil, lefts // what is wrong there is said of the hierarchy
	}
	defer tree.Close()
	for _, n := range watchedNodes(set, tree.Root) {
		groups = append(groups, probe.Group{Slice: n.slice, Path: n.node.Path})
	}
	return groups, lefts
}

// configuration says whether the configuration is right.
func configuration(set *configs.Set, err error) probe.Finding {
	const name = "configuration"
	if err != nil {
		count, first := 1, err.Error()
		if all := (configs.Errors)(nil); errors.As(err, &all) {
			count, first = len(all), all[0].Error()
		}
		return probe.Finding{Name: name, State: probe.Bad, Remedy: "reprievectl check lists all of them",
			Text: fmt.Sprintf("%s, the first is %s", figure.Count(uint64(count), "error"), first)}
	}
	var watched []string
	for _, slice := range slices.Concat(set.Named(), set.Patterns()) {
		if set.Watched(slice) {
			watched = append(watched, title(slice))
		}
	}
	switch {
	case len(watched) == 0:
		return probe.Finding{Name: name, State: probe.Note, Text: "right, and nothing is watched: no slice has a [pressure] table",
			Remedy: "see /usr/lib/reprieve/examples/batch.slice.toml"}
	case set.Daemon().Observe:
		return probe.Finding{Name: name, State: probe.Note, Text: "right; with observe = true nothing is held or stopped in " + strings.Join(watched, ", "),
			Remedy: "observe = false in " + cmp.Or(set.Daemon().Origins["observe"].File, "reprieve.toml") + ", when you have seen enough"}
	}
	return probe.Finding{Name: name, State: probe.Good, Text: "right; watches " + strings.Join(watched, ", ")}
}
