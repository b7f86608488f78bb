package main

import (
	"time"

	"reprieve/controller"
	"reprieve/internal/worker"
	"reprieve/memcg"
)

// roster is a slice's leaves as candidates: what the tree and the
// configuration say of them, and what is open of them. It is made when it is needed after one of
// these has changed, and not changed any more: workers read it.
type roster struct {
	version uint64 // of what it was made from
	entries []entry
	levels  []controller.Level // the groups on the way to the leaves, with nothing read of them
	depth   int                // all ways together
	self    *memcg.Group       // the watched slice

	spare    []*weighing // made for it, and free
	users    int         // those that are not
	stale    bool        // a newer one is there: closed with the last user
	sampling sampleJob
	arming   armJob
}

// entry is one leaf of a roster.
type entry struct {
	lf        *leaf
	group     *memcg.Group
	candidate controller.Candidate
	way       []int    // of levels, from the slice down
	paths     []string // of the units in it, for its stop
	inside    []string // and their names
}

// rosterOf returns the roster of a slice, which is never older than the tree
// as the loop knows it.
func (d *daemon) rosterOf(s *slice) *roster {
	if s.roster != nil && s.roster.version == s.version {
		return s.roster
	}
	d.dropRoster(s)
	r := &roster{version: s.version, self: s.group.Retain(), entries: make([]entry, 0, len(s.leaves))}
	levels := map[*memcg.Node]int{}
	for _, lf := range s.leaves {
		if lf.leaf == nil {
			continue
		}
		e := entry{lf: lf, group: lf.group.Retain(), candidate: d.standing(s, lf), way: r.way(d, s, lf.node, levels)}
		e.paths = d.unitsIn(lf.node.Path)
		for _, p := range e.paths {
			e.inside = append(e.inside, nameOf(p).unit)
		}
		r.depth += len(e.way)
		r.entries = append(r.entries, e)
	}
	r.spare = []*weighing{r.another(), r.another()} // the last choice is kept until the next
	r.sampling = sampleJob{d: d, r: r, taken: make([]controller.Sample, len(r.entries))}
	r.arming = armJob{d: d, r: r}
	s.roster = r
	return r
}

// restale has all rosters made anew: the tree or the configuration changed.
func (d *daemon) restale() {
	for _, s := range d.slices {
		s.version++
	}
}

// way returns the groups between a slice and a leaf, the leaf among them.
func (r *roster) way(d *daemon, s *slice, leaf *memcg.Node, known map[*memcg.Node]int) []int {
	var way []int
	for n := leaf; n != s.node && n != nil; n = n.Parent {
		at, ok := known[n]
		if !ok {
			name := nameOf(n.Path)
			l := controller.Level{Unit: name.unit, Path: n.Path, Inode: n.Inode}
			l.Score.Priority, l.Score.Born = d.priority(name), n.Inode
			at = len(r.levels)
			known[n] = at
			r.levels = append(r.levels, l)
		}
		way = append([]int{at}, way...)
	}
	return way
}

// candidates makes what a choice is made among, in the order of the entries.
func (r *roster) candidates(known []figures) ([]controller.Candidate, map[uint64]*memcg.Group) {
	all, open := make([]controller.Candidate, len(r.entries)), make(map[uint64]*memcg.Group, len(r.entries))
	levels := append([]controller.Level(nil), r.levels...)
	ways := make([]*controller.Level, 0, r.depth)
	for i := range r.entries {
		e, c := &r.entries[i], &all[i]
		*c = e.candidate
		first := len(ways)
		for _, at := range e.way {
			ways = append(ways, &levels[at])
		}
		c.Levels = ways[first:len(ways):len(ways)]
		c.Score.GrowthBytes, c.Score.StallMicros, c.Base = known[i].gained, known[i].stalled, known[i].base
		open[c.Inode] = e.group
	}
	return all, open
}

// find returns the entry of a group, or nil.
func (r *roster) find(inode uint64) *entry {
	if r == nil {
		return nil
	}
	for i := range r.entries {
		if r.entries[i].candidate.Inode == inode {
			return &r.entries[i]
		}
	}
	return nil
}

func (r *roster) another() *weighing {
	return &weighing{roster: r, figures: make([]figures, len(r.entries))}
}

// weighing returns one that is free.
func (r *roster) weighing() *weighing {
	r.users++
	n := len(r.spare) - 1
	if n < 0 {
		return r.another()
	}
	w := r.spare[n]
	r.spare = r.spare[:n]
	return w
}

// giveBack takes a weighing that nobody needs any more.
func (r *roster) giveBack(d *daemon, w *weighing) {
	if len(r.spare) < cap(r.spare) {
		r.spare = append(r.spare, w)
	}
	d.leaveRoster(r)
}

// leaveRoster ends one use of a roster.
func (d *daemon) leaveRoster(r *roster) {
	r.users--
	if r.stale && r.users == 0 {
		d.closeRoster(r)
	}
}

// dropRoster forgets a slice's roster; it is closed when its last weighing is
// given back.
func (d *daemon) dropRoster(s *slice) {
	r := s.roster
	if r == nil {
		return
	}
	s.roster, r.stale = nil, true
	if r.users == 0 {
		d.closeRoster(r)
	}
}

func (d *daemon) closeRoster(r *roster) {
	d.later(func() worker.Answer {
		for i := range r.entries {
			r.entries[i].group.Release()
		}
		r.self.Release()
		return nil
	})
}

// sampleJob reads of all leaves what some pickers compare with later.
type sampleJob struct {
	d     *daemon
	r     *roster
	at    time.Duration
	taken []controller.Sample
	busy  bool
}

func (j *sampleJob) Run() {
	var buf memcg.Buffer
	for i := range j.r.entries {
		g := j.r.entries[i].group
		stat, err := g.Stat(&buf)
		events, errEvents := g.Events(&buf)
		j.taken[i] = controller.Sample{ScanPages: stat.Pgscan, Offences: events.Max + events.OOM, At: j.at, OK: err == nil && errEvents == nil}
	}
}

func (j *sampleJob) Answer() {
	for i := range j.taken {
		j.r.entries[i].lf.leaf.Sampled(j.taken[i])
	}
	j.busy = false
	j.d.leaveRoster(j.r)
}

// sample has the leaves sampled, off the loop.
func (d *daemon) sample(s *slice) {
	r := d.rosterOf(s)
	j := &r.sampling
	if j.busy {
		return
	}
	j.at = d.now()
	if j.busy = d.weigher.Give(j); j.busy {
		r.users++
	}
}
