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

	ask   []int // to be returned by Next before it looks again
	asked int   // what Next returned last, plus one; 0: nothing yet
	saved []Score
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
	if s.asked == 0 {
		s.tally(all)
	} else {
		s.recount(&all[s.asked-1])
	}
	next := s.next(all)
	s.asked = next + 1
	return next
}

func (s *Scale) next(all []Candidate) int {
	for len(s.ask) > 0 {
		next := s.ask[0]
		if s.ask = s.ask[1:]; !all[next].Measured && !all[next].barred() {
			return next
		}
	}
	top := s.first(all)
	if top < 0 {
		return -1
	}
	if !all[top].Measured {
		s.nominate(all)
		return s.next(all)
	}
	rival := s.rival(all, top)
	if rival == top {
		return -1
	}
	l, _ := diverge(&all[top], &all[rival])
	s.contest(all, l, all[top].Class())
	return s.next(all)
}

// rival returns who is stopped first if what is not measured in the groups of
// top were nothing, since they count with all that is in them: top itself when it is certain to win.
func (s *Scale) rival(all []Candidate, top int) int {
	class, levels := all[top].Class(), all[top].Levels
	s.saved = s.saved[:0]
	for _, l := range levels {
		s.saved = append(s.saved, l.sums[class])
		l.sums[class] = l.least[class]
	}
	rival := s.first(all)
	for i, l := range levels {
		l.sums[class] = s.saved[i]
	}
	return rival
}

// fewMeasured is up to when a read of memory.stat costs more than a look at all
// candidates.
const fewMeasured = 16

// nominate asks for those that come first as far as is known, as many as are
// measured: where thousands are alike each look at all of them would find one.
func (s *Scale) nominate(all []Candidate) {
	measured := 0
	for i := range all {
		if all[i].Measured {
			measured++
		}
	}
	most := max(1, measured)
	compare := func(a, b int) int { return s.Order.compare(&all[a], &all[b]) }
	for i := range all {
		if all[i].Measured || all[i].barred() || (len(s.ask) == most && compare(i, s.ask[most-1]) > 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(s.ask, i, compare)
		if s.ask = slices.Insert(s.ask, at, i); len(s.ask) > most {
			s.ask = s.ask[:most]
		}
	}
}

// contest asks for the largest of a group that are not measured, as many as
// are: few reads too many, and few looks at all candidates.
func (s *Scale) contest(all []Candidate, l *Level, class int) {
	measured := 0
	for i := range all {
		c := &all[i]
		switch {
		case c.barred() || c.Class() != class || !slices.Contains(c.Levels, l):
		case c.Measured:
			measured++
		default:
			s.ask = append(s.ask, i)
		}
	}
	slices.SortFunc(s.ask, func(a, b int) int {
		return cmp.Compare(all[b].Score.FootprintBytes, all[a].Score.FootprintBytes)
	})
	most := max(1, measured)
	if measured >= fewMeasured {
		most *= 3
	}
	s.ask = s.ask[:min(len(s.ask), most)]
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
		all[i].counted = Score{}
		all[i].counts, all[i].countsLeast = false, false
		for _, l := range all[i].Levels {
			for class := range l.sums {
				own := Score{Priority: l.Score.Priority, Born: l.Score.Born}
				l.sums[class], l.least[class] = own, own
			}
		}
	}
	for i := range all {
		s.recount(&all[i])
	}
}

// recount adds up a candidate's score in the place of what it counted for
// before: one measured among ten thousand changes its own groups alone.
func (s *Scale) recount(c *Candidate) {
	// What protects a group protects what is charged to those in it, to each its share.
	if n := len(c.Levels); n > 0 {
		c.Score.ExcessBytes = c.Score.FootprintBytes - min(c.Levels[n-1].guarded, c.Score.FootprintBytes)
	}
	class, counts, least := c.Class(), !c.barred(), !c.barred() && c.Measured
	for _, l := range c.Levels {
		if c.counts {
			l.sums[class].take(&c.counted)
		}
		if c.countsLeast {
			l.least[class].take(&c.counted)
		}
		if counts {
			l.sums[class].add(&c.Score)
		}
		if least {
			l.least[class].add(&c.Score)
		}
	}
	c.counted, c.counts, c.countsLeast = c.Score, counts, least
}
