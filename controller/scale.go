package controller

import (
	"cmp"
	"slices"
)

// Scale weighs the candidates of a slice: a value that the machine gives out
// and that the shell's worker uses beside its readings, off the loop.
type Scale struct {
	Order     Order
	MinBytes  uint64   // see Candidate
	Fruitless []uint64 // inodes of victims whose stop freed nothing
	Kernel    bool     // count the kernel's kills, too
	Recursive bool     // the mount has memory_recursiveprot

	ask []int // to be returned by Next before it looks again
}

// Set puts what the scale knows into each candidate. The shell calls it once,
// when memory.current and memory.swap.current of all are read.
func (s *Scale) Set(all []Candidate) {
	for i := range all {
		c := &all[i]
		c.MinBytes = s.MinBytes
		c.Fruitless = slices.Contains(s.Fruitless, c.Inode)
		for j, l := range c.Levels {
			if j > 0 && !l.linked {
				l.linked = true
				c.Levels[j-1].Children += min(l.Guard, l.UsageBytes)
			}
		}
	}
	for i := range all {
		guard(all[i].Levels, s.Recursive)
	}
}

// Next returns the candidate whose memory.stat is to be read next, or -1 when
// the choice is certain: what is charged to a group bounds its footprint from
// above, so only those that can still win are read.
func (s *Scale) Next(all []Candidate) int {
	for len(s.ask) > 0 {
		next := s.ask[0]
		if s.ask = s.ask[1:]; !all[next].Measured && !all[next].barred() {
			return next
		}
	}
	s.tally(all)
	top := s.first(all)
	if top < 0 || !all[top].Measured {
		return top
	}
	// Its groups count with all that is in them. Does it win even if what is
	// not measured yet were nothing?
	class := all[top].class()
	for _, l := range all[top].Levels {
		l.sums[class] = l.least[class]
	}
	rival := s.first(all)
	if rival == top {
		return -1
	}
	l, _ := diverge(&all[top], &all[rival])
	s.contest(all, l, class)
	return s.Next(all)
}

// contest asks for the largest of a group that are not measured, as many as
// are: few reads too many, and few looks at all candidates.
func (s *Scale) contest(all []Candidate, l *Level, class int) {
	measured := 0
	for i := range all {
		c := &all[i]
		switch {
		case c.barred() || c.class() != class || !slices.Contains(c.Levels, l):
		case c.Measured:
			measured++
		default:
			s.ask = append(s.ask, i)
		}
	}
	slices.SortFunc(s.ask, func(a, b int) int {
		return cmp.Compare(all[b].Score.FootprintBytes, all[a].Score.FootprintBytes)
	})
	s.ask = s.ask[:min(len(s.ask), max(1, measured))]
}

// first returns the candidate that is stopped first as far as is known, or -1.
func (s *Scale) first(all []Candidate) int {
	top := -1
	for i := range all {
		if !all[i].barred() && (top < 0 || s.Order.compare(&all[i], &all[top]) < 0) {
			top = i
		}
	}
	return top
}

// Rank sorts candidates, the next victim first, those that are excluded last.
func (s *Scale) Rank(all []Candidate) {
	s.tally(all)
	order := make([]*Candidate, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	slices.SortFunc(order, func(a, b *Candidate) int {
		switch ax, bx := a.barred(), b.barred(); {
		case ax != bx && ax:
			return 1
		case ax != bx:
			return -1
		}
		return s.Order.compare(a, b)
	})
	ranked := make([]Candidate, len(all))
	for i, c := range order {
		ranked[i] = *c
	}
	copy(all, ranked)
}

// tally adds up, at each group, the scores of those in it that may be stopped.
func (s *Scale) tally(all []Candidate) {
	for i := range all {
		for _, l := range all[i].Levels {
			for class := range l.sums {
				own := Score{Priority: l.Score.Priority, Born: l.Score.Born}
				l.sums[class], l.least[class] = own, own
			}
		}
	}
	for i := range all {
		c := &all[i]
		// What protects a group protects what is charged to those in it, to each its share.
		if n := len(c.Levels); n > 0 {
			c.Score.ExcessBytes = c.Score.FootprintBytes - min(c.Levels[n-1].guarded, c.Score.FootprintBytes)
		}
		if c.barred() {
			continue
		}
		class := c.class()
		for _, l := range c.Levels {
			l.sums[class].add(&c.Score)
			if c.Measured {
				l.least[class].add(&c.Score)
			}
		}
	}
}
