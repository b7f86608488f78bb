package controller

import "strings"

// Group is a group above a candidate as it counted in a choice: its own
// priority and birth, and the sums of those in it, of that candidate's class,
// that may be stopped.
type Group struct {
	Unit  string
	Path  string
	Score Score
}

// Contender is what an order compares of a candidate, and no more: enough to
// choose again when all the groups are gone.
type Contender struct {
	Path  string
	Class int // see Candidate.Class
	Score Score
	Above []Group // the groups between the watched slice and this one, from above
}

// Tell notes the groups above those candidates that a note lists, as they
// counted: of candidates that Rank has sorted. What is noted is not changed any more.
func (s *Scale) Tell(all []Candidate) {
	for i := range all[:min(len(all), listed)] {
		c := &all[i]
		c.Above = nil
		for _, l := range c.Levels[:max(len(c.Levels), 1)-1] {
			c.Above = append(c.Above, Group{Unit: l.Unit, Path: l.Path, Score: l.sums[c.Class()]})
		}
	}
}

// Contender returns what was compared of a candidate. Above is there after
// Scale.Tell, and belongs to the candidate.
func (c *Candidate) Contender() Contender {
	return Contender{Path: c.Path, Class: c.Class(), Score: c.Score, Above: c.Above}
}

// at returns the n-th group on the way from the watched slice to a contender,
// the last of them itself.
func (c *Contender) at(n int) (path string, score *Score) {
	if n < len(c.Above) {
		return c.Above[n].Path, &c.Above[n].Score
	}
	return c.Path, &c.Score
}

// Compare orders two contenders that may be stopped as Scale.Rank orders
// candidates, negative when a is stopped before b.
func (o Order) Compare(a, b *Contender) int {
	if a.Class != b.Class {
		return a.Class - b.Class
	}
	for n := range min(len(a.Above), len(b.Above)) + 1 {
		pa, sa := a.at(n)
		pb, sb := b.at(n)
		if pa != pb {
			return o.parted(pa, pb, sa, sb)
		}
	}
	return o.parted(a.Path, b.Path, &a.Score, &b.Score)
}

// parted compares the scores of two groups, and where no picker finds a
// difference their paths.
func (o Order) parted(pathA, pathB string, a, b *Score) int {
	for _, p := range o {
		switch {
		case p.Less(a, b):
			return -1
		case p.Less(b, a):
			return 1
		}
	}
	return strings.Compare(pathA, pathB)
}
