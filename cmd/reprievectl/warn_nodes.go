package main

import (
	"slices"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/units"
)

// node is a watched slice that is there.
type node struct {
	slice string
	node  *memcg.Node
}

// watchedNodes returns the watched slices that are there, from n down, those above before those below.
func watchedNodes(set *configs.Set, n *memcg.Node) []node {
	var all []node
	if slice, ok := units.FromCgroup(n.Path); ok && set.Watched(slice) {
		all = append(all, node{slice, n})
	}
	for _, c := range n.Children() {
		if c.Inner {
			all = append(all, watchedNodes(set, c)...)
		}
	}
	return all
}

// whereSet names the file and the key of a policy's setting: what there is to change.
func whereSet(p configs.Policy, key string) string {
	if o := p.Origins[key]; o.File != "" {
		return o.String() + ": " + key
	}
	return "/etc/reprieve/slices/" + p.Slice + ".d/NAME.toml: " + key
}

// wayOf is the key that has a way to hold: of the ladder where there is one.
func wayOf(p configs.Policy) string {
	if len(p.Hold.Steps) > 0 {
		return "hold.step"
	}
	return "hold.by"
}

// holdsBy reports whether a hold comes to hold anybody by one of the ways.
func holdsBy(h configs.Hold, ways ...string) bool {
	return slices.ContainsFunc(h.Ladder(), func(s configs.Step) bool { return s.Delay > 0 && slices.Contains(ways, s.By) })
}
