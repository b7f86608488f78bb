package main

import (
	"slices"
	"time"

	"reprieve/controller"
	"reprieve/memcg"
)

const (
	// censusEvery is the shortest time between two looks at the far leaves of a
	// slice. One takes some 10 us a leaf; where it takes long, censusRest times as
	// long passes before the next, and no more than censusLate.
	censusEvery = time.Second
	censusRest  = 3
	censusLate  = 3 * time.Second
	// closeAfter is how long after an episode those opened for it stay open: the
	// next one is often near.
	closeAfter = 30 * time.Second
)

// census is the reading of a slice's far leaves in an episode, off the loop.
type census struct {
	job     *censusJob
	next    time.Duration // when it is due
	begun   bool          // in the episode that runs
	closeAt time.Duration // when those opened for an episode are closed; 0: there are none, or one runs
}

// look is one far leaf in a census: a copy that the worker may change.
type look struct {
	f    *far
	node *memcg.Node
	far  far
	ok   bool
}

// censusJob reads all and says whom to open.
type censusJob struct {
	d     *daemon
	s     *slice
	mount string
	looks []look
	took  time.Duration
	buf   memcg.Buffer
	busy  bool
}

// tendFar keeps the far leaves of slices in an episode known, and closes who
// was opened for one that is over.
func (d *daemon) tendFar(now time.Duration) {
	for i := 0; i < len(d.slices); i++ { // one may be let go meanwhile
		s := d.slices[i]
		c := &s.census
		if s.m.Phase() == controller.PhaseCalm {
			d.parting(s, now)
			continue
		}
		c.closeAt = 0
		if !c.begun {
			c.begun, c.next = true, now
			d.relist(s)
			for _, f := range s.far {
				f.seen, f.young = false, false
			}
		}
		if len(s.far) > 0 && now >= c.next && (c.job == nil || !c.job.busy) {
			d.takeCensus(s)
		}
	}
}

// takeCensus has the far leaves of a slice read.
func (d *daemon) takeCensus(s *slice) {
	c := &s.census
	if c.job == nil {
		c.job = &censusJob{d: d, s: s, mount: d.mount}
	}
	c.job.looks = s.looks(c.job.looks)
	c.job.busy = d.crowd.counter.Give(c.job)
}

// looks copies the far leaves for a worker into room.
func (s *slice) looks(room []look) []look {
	room = room[:0]
	if cap(room) < len(s.far) {
		room = make([]look, 0, len(s.far)+len(s.far)/8)
	}
	for n, f := range s.far {
		room = append(room, look{f: f, node: n, far: *f})
	}
	return room
}

// Run reads, and puts those first that are to be opened.
func (j *censusJob) Run() {
	began := time.Now()
	for i := range j.looks {
		l := &j.looks[i]
		l.read(j.mount, &j.buf)
	}
	slices.SortFunc(j.looks, func(a, b look) int { return controller.CompareFar(a.far.brief(), b.far.brief()) })
	j.took = time.Since(began)
}

// read looks at one far leaf.
func (l *look) read(mount string, buf *memcg.Buffer) {
	known, err := memcg.Glance(mount, l.node.Path, l.node.Inode, buf)
	if l.ok = err == nil; !l.ok {
		return
	}
	f := &l.far
	f.known = known
	if !f.seen {
		f.seen, f.first = true, f.bytes()
	}
}

// brief is what the controller asks of it.
func (f *far) brief() controller.Far { return controller.Far{Bytes: f.bytes(), Gained: f.gained()} }

// Answer keeps what was read, and opens whom the controller wants opened.
func (j *censusJob) Answer() {
	d, s := j.d, j.s
	j.busy = false
	c := &s.census
	c.next = d.now() + max(censusEvery, min(censusRest*j.took, censusLate))
	if s.gone || s.m.Phase() == controller.PhaseCalm || !c.begun {
		return
	}
	b := &d.crowd.budget
	for i := range j.looks {
		l := &j.looks[i]
		if !l.ok || l.f.gone {
			continue
		}
		l.f.seen, l.f.known, l.f.first = l.far.seen, l.far.known, l.far.first
		if !l.f.failed && l.f.brief().Opens(b.used[moreSlot], b.most[moreSlot]) && b.take(moreSlot) {
			d.openFar(s, l.f)
		}
	}
}

// openFar opens a far leaf for the episode.
func (d *daemon) openFar(s *slice, f *far) {
	d.forgetFar(s, f)
	d.openLeaf(s, f.node, moreSlot, f.young)
	lf := s.leaves[f.node]
	lf.kills, lf.counted, lf.had = f.kills, f.counted, f.first
	lf.was = f
}

// parting closes, some time after an episode, who was opened for it.
func (d *daemon) parting(s *slice, now time.Duration) {
	c := &s.census
	if c.begun {
		c.begun = false
		if s.anyMore() {
			c.closeAt = now + closeAfter
		}
		if c.job != nil && !c.job.busy {
			c.job = nil
		}
	}
	if c.closeAt == 0 || now < c.closeAt {
		return
	}
	c.closeAt, c.job = 0, nil
	for n, lf := range s.leaves {
		switch {
		case lf.slot != moreSlot:
		case lf.leaf == nil || lf.busy > 0 || lf.leaf.Held():
			c.closeAt = now + closeAfter // later
		default:
			lf.parting = true
			d.dropLeaf(s, n)
			d.addFar(s, n)
			s.far[n].kills, s.far[n].counted = lf.kills, true
		}
	}
	d.visit(s)
	d.rosterOf(s) // the old one has them open still
}

// anyMore reports whether any leaf is open for an episode alone.
func (s *slice) anyMore() bool {
	for _, lf := range s.leaves {
		if lf.slot == moreSlot {
			return true
		}
	}
	return false
}
