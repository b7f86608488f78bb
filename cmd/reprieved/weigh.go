package main

import (
	"time"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/internal/control"
	"reprieve/memcg"
)

// unitPriority is the priority of a unit that is no slice: what a slice
// without a file has.
const unitPriority = 100

// weighing is the choosing of a victim under way, off the loop: candidates and
// what is open of them. It belongs to the worker until it is answered, and is
// used again when nobody needs what it has open.
type weighing struct {
	d       *daemon
	s       *slice
	roster  *roster
	figures []figures // of the roster's entries, in their order

	mount   string
	scale   controller.Scale
	samples bool // some picker compares what happened since the breach
	ahead   bool // for a verdict that is signed beforehand
	now     time.Duration

	all   []controller.Candidate
	open  map[uint64]*memcg.Group // by inode, of all candidates
	extra []*memcg.Group          // of those, opened by the worker
	inner map[*controller.Level]*inner
	looks []look           // the far leaves
	far   map[uint64]*look // those of them that are candidates
	set   *configs.Set
	owner uint32 // of the directory of the watched slice
	buf   memcg.Buffer
	reads int // of memory.stat

	plan func(control.Plan, error) // who asked, where nobody is to be stopped
	made control.Plan              // for them
}

// figures is what the loop knows of a leaf that changes.
type figures struct {
	gained, stalled uint64
	base            controller.Sample
	kills           uint64 // oom_kill of its memory.events: before, then as the worker found it
}

// inner is what is read of a group above candidates.
type inner struct {
	preference memcg.Preference
	whole      bool // memory.oom.group is set, and not by us
}

// weigh gathers the candidates of a slice off the loop: memory.stat costs the
// kernel work, and whether all processes are immune is read in /proc.
func (d *daemon) weigh(s *slice, scale controller.Scale, ahead bool) {
	w := d.weighing(s, scale)
	w.ahead = ahead
	if !d.weigher.Give(w) {
		d.dismiss(w)
	}
}

// weighing notes what the loop knows of a slice's leaves.
func (d *daemon) weighing(s *slice, scale controller.Scale) *weighing {
	r := d.rosterOf(s)
	w := r.weighing()
	scale.Recursive = d.recursive
	w.d, w.s, w.mount, w.scale, w.samples, w.now = d, s, d.mount, scale, scale.Order.Samples(), d.now()
	w.set, w.looks = d.set, s.looks(w.looks)
	for n, lf := range s.leaves {
		if lf.leaf == nil && lf.was != nil { // it is being opened: no roster has it yet
			w.looks = append(w.looks, look{f: lf.was, node: n, far: *lf.was})
		}
	}
	for i := range r.entries {
		lf, f := r.entries[i].lf, &w.figures[i]
		f.gained, f.stalled, f.base = lf.leaf.Figures()
		f.kills = lf.kills
	}
	return w
}

// Run makes candidates of the leaves and weighs them.
func (w *weighing) Run() {
	w.all, w.open = w.roster.candidates(w.figures)
	w.inner, w.reads = map[*controller.Level]*inner{}, 0
	w.run()
	if w.plan != nil {
		w.made = w.verdict()
	}
}

// Answer gives the candidates to the machine. What is open of them stays so
// until the next choice: one of them may be the victim.
func (w *weighing) Answer() {
	d, s := w.d, w.s
	if w.plan != nil {
		w.planned()
		return
	}
	for i := range w.figures {
		w.roster.entries[i].lf.kills = w.figures[i].kills
	}
	w.keepKills()
	if s.gone {
		d.dismiss(w)
		return
	}
	old := s.weighed
	s.weighed = w
	d.dismiss(old)
	if w.ahead {
		d.carry(s, s.m.Foreseen(d.now(), w.all, d.room()))
		return
	}
	d.carry(s, s.m.Weighed(d.now(), w.all, d.room()))
}

// dismiss gives a weighing back, and what is open of it.
func (d *daemon) dismiss(w *weighing) {
	if w == nil {
		return
	}
	for _, g := range w.extra {
		d.drop(g)
	}
	w.all, w.open, w.inner, w.extra, w.far = nil, nil, nil, nil, nil
	w.roster.giveBack(d, w)
}

func (d *daemon) priority(n name) int { return priorityOf(d.set, n) }

func priorityOf(set *configs.Set, n name) int {
	if n.slice && !n.user {
		return set.Priority(n.unit)
	}
	return unitPriority
}

// standing is what the tree and the configuration say of a leaf.
func (d *daemon) standing(s *slice, lf *leaf) controller.Candidate {
	name := nameOf(lf.node.Path)
	c := controller.Candidate{
		Unit: name.unit, User: name.user, UID: name.uid, Path: lf.node.Path, Inode: lf.node.Inode, Leaves: []*controller.Leaf{lf.leaf},
	}
	for n := lf.node.Parent; n != nil; n = n.Parent { // a slice around the watched one protects as well
		d.protect(&c, n)
	}
	c.Score.Priority, c.Score.Born = d.priority(name), lf.node.Inode
	d.inspect(&c, lf.node)
	c.Self = within(d.own, lf.node.Path)
	return c
}

// inspect looks for who must not be stopped in a group and below it.
func (d *daemon) inspect(c *controller.Candidate, n *memcg.Node) {
	d.protect(c, n)
	for _, child := range n.Children() {
		d.inspect(c, child)
	}
}

// protect marks a candidate by a group it is, contains or lies in. A name that
// a user chose, of a unit of the user's own manager, earns less: who could be spared
// by a name would take it.
func (d *daemon) protect(c *controller.Candidate, n *memcg.Node) {
	name := nameOf(n.Path)
	switch {
	case name.unit == "":
	case name.unit == initScope:
		c.Init = true
	case !d.conf.Protected(name.unit):
	case name.user:
		c.Tame = true
	case c.Protected == "":
		c.Protected = name.unit
	}
}

// run reads: memory.current and memory.swap.current of all, and memory.stat of
// those that can still win.
func (w *weighing) run() {
	w.owner, _ = w.roster.self.Owner()
	w.addFar()
	w.survey()
	for i := range w.all {
		w.look(&w.all[i])
		if w.scale.Kernel && i < len(w.figures) {
			w.count(&w.all[i], &w.figures[i])
		}
	}
	w.join()
	w.scale.Set(w.all)
	for i := w.scale.Next(w.all); i >= 0; i = w.scale.Next(w.all) {
		w.measure(&w.all[i])
	}
	w.scale.Rank(w.all)
	if !w.ahead {
		w.scale.Tell(w.all)
	}
	w.keepFirst()
}

// look reads what is read of every candidate.
func (w *weighing) look(c *controller.Candidate) {
	g := w.open[c.Inode]
	if g == nil {
		w.lookFar(c)
		return
	}
	var err, errSwap error
	c.UsageBytes, err = g.Usage(&w.buf)
	c.SwapBytes, errSwap = g.Swap(&w.buf)
	c.Empty = memcg.IsGone(err)
	c.Unreadable = !c.Empty && (err != nil || errSwap != nil)
	c.Score.SwapBytes = c.SwapBytes
	c.Score.FootprintBytes = c.UsageBytes + c.SwapBytes
	last := c.Levels[len(c.Levels)-1]
	last.UsageBytes = c.UsageBytes
	own, owner, err := g.Preference()
	w.prefer(c, own, owner, err)
	if n := len(c.Levels); n > 1 && c.Levels[n-2].Guard > 0 {
		last.Guard = w.guardOf(c) // it shares with its siblings what they all have
	}
	if w.samples {
		w.sample(c, g)
	}
}

// count reads how many of a leaf the kernel's OOM killer killed since it was
// looked at last.
func (w *weighing) count(c *controller.Candidate, f *figures) {
	g := w.open[c.Inode]
	if e, err := g.Events(&w.buf); err == nil {
		c.Kills = e.OOMKill - min(f.kills, e.OOMKill)
		f.kills = e.OOMKill
	}
	c.Empty = c.Empty || w.isEmpty(g) // it may have died whole
}

// prefer reads the extended attributes of a candidate; omit of any group above
// counts, otherwise the nearest.
func (w *weighing) prefer(c *controller.Candidate, own memcg.Preference, owner uint32, err error) {
	for _, l := range c.Levels[:len(c.Levels)-1] {
		if in := w.inner[l]; in != nil && in.preference != memcg.NoPreference && c.Preference != memcg.Omit {
			c.Preference = in.preference
		}
	}
	switch {
	case err != nil || own == memcg.NoPreference || c.Preference == memcg.Omit:
	case memcg.Honoured(owner, w.owner):
		c.Preference = own
	default:
		c.Forged = true
	}
}

// sample reads what some pickers compare since the breach.
func (w *weighing) sample(c *controller.Candidate, g *memcg.Group) {
	stat, err := g.Stat(&w.buf)
	w.reads++
	events, errEvents := g.Events(&w.buf)
	if err != nil || errEvents != nil || !c.Base.OK {
		return // nothing known is nothing done
	}
	if secs := (w.now - c.Base.At).Seconds(); secs > 0 && stat.Pgscan >= c.Base.ScanPages {
		c.Score.ScanRate = uint64(float64(stat.Pgscan-c.Base.ScanPages) / secs)
	}
	if offences := events.Max + events.OOM; offences >= c.Base.Offences {
		c.Score.Offences = offences - c.Base.Offences
	}
}

// measure reads what is read of those that can still win.
func (w *weighing) measure(c *controller.Candidate) {
	g := w.at(c)
	c.Measured = true
	if g == nil {
		return
	}
	if c.Empty = c.Empty || w.isEmpty(g); c.Empty {
		return
	}
	stat, errStat := g.Stat(&w.buf)
	w.reads++
	immune, errImmune := g.Immune()
	c.Immune = immune
	c.Unreadable = c.Unreadable || (errStat != nil && !memcg.IsGone(errStat)) || (errImmune != nil && !memcg.IsGone(errImmune))
	c.Empty = c.Empty || memcg.IsGone(errStat)
	if errStat == nil {
		// What is in memory and in swap at once counts once.
		c.Score.FootprintBytes = stat.Footprint() + c.SwapBytes - min(stat.SwapCached, c.SwapBytes)
	}
	if len(c.Levels) == 1 {
		c.Protect(w.guardOf(c))
	}
}

func (w *weighing) isEmpty(g *memcg.Group) bool {
	populated, err := g.Populated(&w.buf)
	return (err == nil && !populated) || memcg.IsGone(err)
}

// guardOf opens what guard reads of a candidate: two descriptors for each leaf,
// kept for this alone, would be too many.
func (w *weighing) guardOf(c *controller.Candidate) uint64 {
	g, err := memcg.Open(w.mount, c.Path)
	if err != nil {
		return 0
	}
	defer g.Release()
	if g.Inode != c.Inode || g.Prepare(memcg.Min, memcg.Low) != nil {
		return 0
	}
	return w.guard(g)
}

// guard is the larger of memory.min and memory.low.
func (w *weighing) guard(g *memcg.Group) uint64 {
	low, least, err := g.Protection(&w.buf)
	if err != nil {
		return 0
	}
	return uint64(max(low, least))
}
