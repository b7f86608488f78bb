package pick_test

import (
	"path"

	"reprieve/controller"
	"reprieve/memcg"
)

const mib = 1 << 20

// group is a group below a watched slice, by hand: a candidate where nothing
// is below it. Of a group with others below it only name, priority and guard
// are its own; its usage is theirs.
type group struct {
	name     string
	priority int
	usage    uint64 // memory.current, of which
	cache    uint64 // is page cache: only memory.stat tells
	swap     uint64
	guard    uint64 // memory.low
	growth   uint64
	stall    uint64

	preference memcg.Preference
	empty      bool
	below      []group
}

// world is a watched slice at the moment of a choice: what the shell has read
// of all, and what it would read.
type world struct {
	scale *controller.Scale
	all   []controller.Candidate
	stats map[uint64]uint64 // footprint by inode, as memory.stat and memory.swap.current tell it
	reads int               // of memory.stat
	inode uint64
}

func newWorld(s *controller.Scale, groups []group) *world {
	w := &world{scale: s, stats: make(map[uint64]uint64)}
	for i := range groups {
		w.add(&groups[i], "/w.slice", nil)
	}
	s.Set(w.all)
	return w
}

// add takes up a group and what is below it, and returns its usage.
func (w *world) add(g *group, above string, way []*controller.Level) uint64 {
	w.inode++
	l := &controller.Level{
		Unit: g.name, Path: path.Join(above, g.name), Inode: w.inode,
		Score: controller.Score{Priority: g.priority, Born: w.inode}, UsageBytes: g.usage, Guard: g.guard,
	}
	way = append(way[:len(way):len(way)], l)
	for i := range g.below {
		l.UsageBytes += w.add(&g.below[i], l.Path, way)
	}
	if len(g.below) > 0 {
		return l.UsageBytes
	}
	c := controller.Candidate{
		Unit: l.Unit, Path: l.Path, Inode: l.Inode, Levels: way, UsageBytes: g.usage, SwapBytes: g.swap,
		Preference: g.preference, Empty: g.empty,
		Score: controller.Score{
			Priority: g.priority, Born: l.Inode, FootprintBytes: g.usage + g.swap, SwapBytes: g.swap,
			GrowthBytes: g.growth, StallMicros: g.stall,
			ScanRate: g.growth / 7, Offences: g.stall % 5,
		},
	}
	w.all, w.stats[c.Inode] = append(w.all, c), g.usage+g.swap-g.cache
	return l.UsageBytes
}

func (w *world) measure(c *controller.Candidate) {
	c.Score.FootprintBytes, c.Measured = w.stats[c.Inode], true
	w.reads++
}

// choose reads memory.stat of those that Next asks for, and ranks.
func (w *world) choose() *controller.Candidate {
	for i := w.scale.Next(w.all); i >= 0; i = w.scale.Next(w.all) {
		if w.all[i].Measured {
			panic("Next asks for " + w.all[i].Path + " again")
		}
		w.measure(&w.all[i])
	}
	w.scale.Rank(w.all)
	return &w.all[0]
}

// chooseOfAll reads memory.stat of all, and ranks.
func (w *world) chooseOfAll() *controller.Candidate {
	for i := range w.all {
		w.measure(&w.all[i])
	}
	w.scale.Rank(w.all)
	return &w.all[0]
}

// rank measures all and returns their names in the order of stopping, those
// that are excluded in brackets.
func (w *world) rank() []string {
	w.chooseOfAll()
	names := make([]string, len(w.all))
	for i := range w.all {
		names[i] = w.all[i].Unit
		if w.all[i].Excluded() != "" {
			names[i] = "(" + names[i] + ")"
		}
	}
	return names
}
