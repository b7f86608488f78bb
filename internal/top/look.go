// Package top is the screen of `reprievectl top`: what it shows and what keys do, without a terminal, a clock or a file.
// [Model] takes looks at the host and keys, and gives frames of text; [Host] takes the looks.
package top

import (
	"time"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/memcg"
)

// Group is a control group as one look found it.
type Group struct {
	gauge.Reading
	Unit     string // the directory's name, "-.slice" for the root
	Priority int
	Ranked   bool     // it has a priority: it is a slice
	Inner    bool     // there are groups in it
	Children []*Group // of a group that is unfolded; in no order
}

// Look is the host at one moment.
type Look struct {
	At       time.Time
	Roots    []*Group        // watched slices that lie in no other; where nobody tells of any, the top-level slices
	Status   *control.Status // nil where the daemon did not answer
	Trouble  string          // why not
	Watched  map[string]bool // the paths of the watched slices
	Memory   memcg.Meminfo
	MemoryOK bool
	Unread   int // groups that were too many to be read
}

// rate is what changed of a group since the look before.
type rate struct {
	some, full float64 // percent of the time between
	growth     float64 // bytes a second
	growthOK   bool
}

// rates compares two looks. A group that is new, or was made anew, has none.
func rates(before, now Look) map[string]rate {
	old := map[string]gauge.Reading{}
	walk(before.Roots, func(g *Group, _ int) { old[g.Path] = g.Reading })
	span := now.At.Sub(before.At)
	all := map[string]rate{}
	if span <= 0 {
		return all
	}
	walk(now.Roots, func(g *Group, _ int) {
		was, known := old[g.Path]
		if !known || !was.PressureOK || !g.PressureOK || g.Some.TotalUsec < was.Some.TotalUsec || g.Full.TotalUsec < was.Full.TotalUsec {
			return
		}
		share := func(now, was uint64) float64 {
			return min(100, float64(now-was)*float64(time.Microsecond)/float64(span)*100)
		}
		r := rate{some: share(g.Some.TotalUsec, was.Some.TotalUsec), full: share(g.Full.TotalUsec, was.Full.TotalUsec)}
		if g.UsageBytes >= 0 && was.UsageBytes >= 0 {
			r.growth, r.growthOK = float64(g.UsageBytes-was.UsageBytes)/span.Seconds(), true
		}
		all[g.Path] = r
	})
	return all
}

// walk visits groups, each before its children.
func walk(groups []*Group, visit func(g *Group, depth int)) {
	var down func([]*Group, int)
	down = func(groups []*Group, depth int) {
		for _, g := range groups {
			visit(g, depth)
			down(g.Children, depth+1)
		}
	}
	down(groups, 0)
}

// slice returns what the daemon tells of the slice at a path, or nil.
func (l *Look) slice(path string) *control.Slice {
	if l.Status == nil {
		return nil
	}
	for i := range l.Status.Slices {
		if l.Status.Slices[i].Path == path {
			return &l.Status.Slices[i]
		}
	}
	return nil
}

// episodes counts the slices that are not calm.
func (l *Look) episodes() int {
	n := 0
	if l.Status != nil {
		for _, s := range l.Status.Slices {
			if s.Phase != control.Calm {
				n++
			}
		}
	}
	return n
}
