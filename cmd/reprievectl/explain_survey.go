package main

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/units"
)

// initUnit is the unit that a service manager lives in: PID 1, or a user's.
const initUnit = "init.scope"

// survey goes through a slice as reprieved would in an episode.
type survey struct {
	*matches
	mount   string
	set     *configs.Set
	protect []string
	policy  configs.Policy
	owner   uint32 // Of the watched slice's directory.
}

// unitAt names the unit whose cgroup a path is; user says that it belongs to the manager of the user uid. "" is none.
func unitAt(path string) (unit string, user bool, uid uint32) {
	if unit, ok := units.FromCgroup(path); ok {
		return unit, false, 0
	}
	unit, uid, ok := units.OfUser(path)
	return unit, ok, uid
}

// unitText names a unit, and whose it is where it is not the system's.
func unitText(path string) string {
	unit, user, uid := unitAt(path)
	if user {
		return unit + " of user " + strconv.FormatUint(uint64(uid), 10)
	}
	return unit
}

// of looks at the slice itself and at all in it.
func (s *survey) of(n *memcg.Node) {
	if g, err := memcg.Open(s.mount, n.Path); err == nil {
		s.owner, _ = g.Owner()
		s.oomGroup(g, n)
		g.Release()
	}
	for up := n; up != nil; up = up.Parent {
		if entry := s.entry(up); entry != "" {
			s.SelfProtect = cmp.Or(s.SelfProtect, entry)
		}
	}
	s.within(n, s.policy.Stop.From == "units")
}

// within looks at the groups in a slice; the leaves among them are those of reprieved: slices that hold no slice, units that
// stand beside slices, by units all units, and below a user's manager always.
func (s *survey) within(n *memcg.Node, byUnits bool) {
	for _, c := range n.Children() {
		switch unit, _, _ := unitAt(c.Path); {
		case unit == "":
		case units.ManagerRoot(c.Path):
			s.attributes(c, "")
			s.within(c, true)
		case c.Inner && (byUnits || c.HasInner()):
			s.attributes(c, "")
			s.within(c, byUnits)
		default:
			s.leaf(c)
		}
	}
}

// leaf notes one leaf.
func (s *survey) leaf(n *memcg.Node) {
	s.Leaves++
	s.attributes(n, "")
	s.inLeaf(n, n)
	p := protectedLeaf{Unit: unitText(n.Path), Path: n.Path}
	if s.spares(&p, n) {
		s.Protected = append(s.Protected, p)
	}
}

// inLeaf looks for attributes below a leaf, which count for nobody.
func (s *survey) inLeaf(leaf, n *memcg.Node) {
	for _, c := range n.Children() {
		s.attributes(c, path.Base(leaf.Path)+" is stopped as a whole")
		s.inLeaf(leaf, c)
	}
}

// spares reports whether a leaf is not stopped or comes last, and fills in why: for a unit in it, or for a slice around it.
func (s *survey) spares(p *protectedLeaf, leaf *memcg.Node) bool {
	for _, n := range s.whoSpares(leaf) {
		unit, user, _ := unitAt(n.Path)
		switch entry := s.entry(n); {
		case unit == initUnit:
			p.By, p.Entry, p.Last = unit, "", false
			return true
		case entry == "":
		case !user:
			p.By, p.Entry, p.Last = unit, entry, false
			return true
		case !p.Last:
			p.By, p.Entry, p.Last = unit, entry, true
		}
	}
	return p.Last
}

// whoSpares returns the groups whose names may spare a leaf: itself, all in it, and those above it.
func (s *survey) whoSpares(leaf *memcg.Node) []*memcg.Node {
	var all []*memcg.Node
	var down func(n *memcg.Node)
	down = func(n *memcg.Node) {
		all = append(all, n)
		for _, c := range n.Children() {
			down(c)
		}
	}
	down(leaf)
	for up := leaf.Parent; up != nil; up = up.Parent {
		all = append(all, up)
	}
	return all
}

// entry returns the entry of protect that names the unit of a group, or "".
func (s *survey) entry(n *memcg.Node) string {
	unit, _, _ := unitAt(n.Path)
	for _, glob := range s.protect {
		if one := (configs.Daemon{Protect: []string{glob}}); unit != "" && one.Protected(unit) {
			return glob
		}
	}
	return ""
}

// attributes notes the preference of a group, and its memory.oom.group. ignored says why they do not count, or is "".
func (s *survey) attributes(n *memcg.Node, ignored string) {
	g, err := memcg.Open(s.mount, n.Path)
	if err != nil {
		return
	}
	defer g.Release()
	if ignored == "" {
		s.oomGroup(g, n)
	}
	p, owner, err := g.Preference()
	if err != nil || p == memcg.NoPreference {
		return
	}
	if !memcg.Honoured(owner, s.owner) {
		ignored = "it belongs to user " + strconv.FormatUint(uint64(owner), 10) + ", and a user's wish counts in the user's own slices alone"
	}
	s.Preferences = append(s.Preferences, preferring{Unit: unitText(n.Path), Path: n.Path, Preference: p.String(), Owner: owner, Ignored: ignored})
}

// oomGroup notes a group whose memory.oom.group is set.
func (s *survey) oomGroup(g *memcg.Group, n *memcg.Node) {
	switch set, ours, err := g.OOMGroup(); {
	case err != nil || !set:
	case ours:
		s.Armed++
	default:
		s.OOMGroups = append(s.OOMGroups, oomGroup{Unit: unitText(n.Path), Path: n.Path})
	}
}

// slices notes the slices in this one that a file ranks or watches, whether they are there now or not.
func (s *survey) slices(slice string, tree *memcg.Tree) {
	names := map[string]bool{}
	for _, name := range s.set.Named() {
		names[name] = true
	}
	var walk func(n *memcg.Node)
	walk = func(n *memcg.Node) {
		if unit, ok := units.FromCgroup(n.Path); ok && units.IsSlice(unit) {
			names[unit] = true
		}
		for _, c := range n.Children() {
			walk(c)
		}
	}
	if n := tree.Lookup(s.Cgroup); n != nil {
		walk(n)
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		below := name != slice && name != "-.slice" && (slice == "-.slice" || strings.HasPrefix(name, strings.TrimSuffix(slice, ".slice")+"-"))
		p := s.set.Policy(name)
		if !below || (p.Origins["priority"].File == "" && !p.Watched) {
			continue
		}
		at, err := units.SlicePath(name)
		s.Slices = append(s.Slices, rankedSlice{
			Slice: name, Priority: p.Priority, Origin: p.Origins["priority"].String(), Watched: p.Watched, There: err == nil && tree.Lookup(at) != nil,
		})
	}
}
