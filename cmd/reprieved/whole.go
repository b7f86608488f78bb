package main

import (
	"slices"
	"strings"

	"reprieve/controller"
	"reprieve/memcg"
)

// innerFiles is what is read of the groups above candidates.
var innerFiles = []memcg.File{memcg.Current, memcg.Min, memcg.Low}

// survey reads the groups between the slice and its leaves: what they protect,
// who prefers what, and which of them live or die as one.
func (w *weighing) survey() {
	for i := range w.all {
		way := w.all[i].Levels
		for _, l := range way[:len(way)-1] {
			if w.inner[l] == nil {
				w.inner[l] = w.above(l)
			}
		}
	}
}

// above reads one group above candidates. One that is gone has nothing to say.
func (w *weighing) above(l *controller.Level) *inner {
	in := &inner{}
	g, err := memcg.Open(w.mount, l.Path)
	if err != nil {
		return in
	}
	defer g.Release()
	if g.Inode != l.Inode || g.Prepare(innerFiles...) != nil {
		return in
	}
	l.UsageBytes, _ = g.Usage(&w.buf)
	l.Guard = w.guard(g)
	if set, ours, err := g.OOMGroup(); err == nil {
		in.whole = set && !ours
	}
	if p, owner, err := g.Preference(); err == nil && memcg.Honoured(owner, w.owner) {
		in.preference = p
	}
	return in
}

// join makes one candidate of each subtree that lives or dies as one: the
// kernel would kill it so, and so do we. The slice itself may be such a one.
func (w *weighing) join() {
	var whole *controller.Level
	if set, ours, err := w.roster.self.OOMGroup(); err == nil && set && !ours && len(w.all) > 0 {
		name := nameOf(w.roster.self.Path)
		whole = &controller.Level{Unit: name.unit, Path: w.roster.self.Path, Inode: w.roster.self.Inode}
	}
	parts := map[*controller.Level][]controller.Candidate{}
	rest := w.all[:0]
	for _, c := range w.all {
		top := whole
		for _, l := range c.Levels[:len(c.Levels)-1] {
			if top == nil && w.inner[l].whole {
				top = l
			}
		}
		if top == nil {
			rest = append(rest, c)
		} else {
			parts[top] = append(parts[top], c)
		}
	}
	for l, all := range parts {
		if c, ok := w.one(l, all); ok {
			rest = append(rest, c)
		}
	}
	w.all = rest
}

// one opens the group of a subtree and reads it as a candidate.
func (w *weighing) one(l *controller.Level, parts []controller.Candidate) (controller.Candidate, bool) {
	slices.SortFunc(parts, func(a, b controller.Candidate) int { return strings.Compare(a.Path, b.Path) })
	c := controller.Join(l, parts)
	g, err := memcg.Open(w.mount, l.Path)
	if err != nil {
		return c, false
	}
	if g.Inode != l.Inode || g.Prepare(leafFiles...) != nil {
		g.Release()
		return c, false
	}
	w.open[c.Inode] = g
	w.extra = append(w.extra, g)
	kills := uint64(0)
	for i := range parts {
		kills += parts[i].Kills
	}
	samples := w.samples
	w.samples = false // the parts have been counted
	w.look(&c)
	w.samples = samples
	c.Kills = kills
	return c, true
}
