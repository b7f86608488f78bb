package main

import (
	"reprieve/controller"
	"reprieve/memcg"
)

const (
	// openedMost is how many groups a choice keeps open beside the open leaves.
	openedMost = 64
	// openFirst is how many of those that come first are open when it is made:
	// some may be gone by the time of the stop.
	openFirst = 8
)

// addFar makes candidates of the far leaves: by their reading of the last
// census, or one in passing where there was none. Who is too small to be
// stopped is left out here, which is most of them as a rule.
func (w *weighing) addFar() {
	if len(w.looks) == 0 {
		return
	}
	w.far = map[uint64]*look{}
	levels := map[uint64]*controller.Level{}
	for i := range w.all {
		for _, l := range w.all[i].Levels {
			levels[l.Inode] = l
		}
	}
	for i := range w.looks {
		l := &w.looks[i]
		if l.ok = l.far.seen; !l.ok {
			l.read(w.mount, &w.buf)
		}
		kills := w.killsOf(l)
		if !l.ok || (kills == 0 && (l.far.bytes() == 0 || l.far.bytes() < w.scale.MinBytes)) {
			continue
		}
		w.far[l.node.Inode] = l
		c := w.candidateOf(l, levels)
		c.Kills = kills
		w.all = append(w.all, c)
	}
}

// killsOf reads how many of a far leaf the kernel's OOM killer killed since it
// was looked at last, where that is asked.
func (w *weighing) killsOf(l *look) uint64 {
	if !w.scale.Kernel || !l.far.counted {
		return 0
	}
	e, err := memcg.GlanceEvents(w.mount, l.node.Path, l.node.Inode, &w.buf)
	if err != nil {
		return 0
	}
	kills := e.OOMKill - min(l.far.kills, e.OOMKill)
	l.far.kills = e.OOMKill
	return kills
}

// keepKills has the far leaves know what killsOf read.
func (w *weighing) keepKills() {
	if !w.scale.Kernel {
		return
	}
	for i := range w.looks {
		w.looks[i].f.kills = w.looks[i].far.kills
	}
}

// candidateOf makes a candidate of a far leaf. levels has the groups on the
// ways of those before it.
func (w *weighing) candidateOf(l *look, levels map[uint64]*controller.Level) controller.Candidate {
	name := nameOf(l.node.Path)
	c := controller.Candidate{Unit: name.unit, User: name.user, UID: name.uid, Path: l.node.Path, Inode: l.node.Inode}
	l.far.marks.on(&c)
	c.Score.Priority, c.Score.Born = priorityOf(w.set, name), l.node.Inode
	c.Score.GrowthBytes = l.far.gained()
	depth := 0
	for n := l.node; n != nil && n.Inode != w.roster.self.Inode; n = n.Parent {
		depth++
	}
	c.Levels = make([]*controller.Level, depth)
	for n := l.node; depth > 0; n = n.Parent {
		depth--
		up := levels[n.Inode]
		if up == nil {
			if n != l.node {
				name = nameOf(n.Path)
			}
			up = &controller.Level{Unit: name.unit, Path: n.Path, Inode: n.Inode}
			up.Score.Priority, up.Score.Born = priorityOf(w.set, name), n.Inode
			levels[n.Inode] = up
		}
		c.Levels[depth] = up
	}
	return c
}

// lookFar is look for a candidate that is not open.
func (w *weighing) lookFar(c *controller.Candidate) {
	l := w.far[c.Inode]
	if l == nil {
		c.Unreadable = true
		return
	}
	c.UsageBytes, c.SwapBytes = l.far.known.UsageBytes, l.far.known.SwapBytes
	c.Score.SwapBytes, c.Score.FootprintBytes = c.SwapBytes, c.UsageBytes+c.SwapBytes
	last := c.Levels[len(c.Levels)-1]
	last.UsageBytes = c.UsageBytes
	w.prefer(c, l.far.known.Preference, l.far.known.Owner, nil)
	if n := len(c.Levels); n > 1 && c.Levels[n-2].Guard > 0 {
		last.Guard = w.guardOf(c)
	}
}

// at returns a candidate's group, opened if need be. Of too many that were opened
// the first are closed again.
func (w *weighing) at(c *controller.Candidate) *memcg.Group {
	if g := w.open[c.Inode]; g != nil {
		return g
	}
	g, err := memcg.OpenAs(w.mount, c.Path, c.Inode, leafFiles...)
	if err != nil {
		c.Empty, c.Unreadable = memcg.IsGone(err), !memcg.IsGone(err)
		return nil
	}
	if len(w.extra) == openedMost {
		first := w.extra[0]
		delete(w.open, first.Inode)
		first.Release()
		w.extra = append(w.extra[:0], w.extra[1:]...)
	}
	w.open[c.Inode] = g
	w.extra = append(w.extra, g)
	w.reread(c, g)
	return g
}

// reread brings a far candidate's figures up to date when it is opened.
func (w *weighing) reread(c *controller.Candidate, g *memcg.Group) {
	if usage, err := g.Usage(&w.buf); err == nil && !c.Measured {
		c.UsageBytes = usage
	}
	if swap, err := g.Swap(&w.buf); err == nil && !c.Measured {
		c.SwapBytes, c.Score.SwapBytes = swap, swap
	}
}

// keepFirst has those open that come first: the victim's files are written and
// polled.
func (w *weighing) keepFirst() {
	for i := range w.all[:min(openFirst, len(w.all))] {
		if w.all[i].Excluded() == "" {
			w.at(&w.all[i])
		}
	}
}
