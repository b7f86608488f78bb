package controller

import (
	"slices"
	"strings"

	"reprieve/memcg"
)

// Score is what pickers compare: the figures of a candidate, or of a group
// above candidates with the sums of those in it that may be stopped.
type Score struct {
	Priority int    // lower is stopped first
	Born     uint64 // later groups have larger ones: kernfs counts its inodes up (fs/kernfs/dir.c)

	FootprintBytes uint64 // what its end gives back, swap included
	ExcessBytes    uint64 // of that, above what memory.min and memory.low protect
	GrowthBytes    uint64 // gained since the breach
	SwapBytes      uint64
	StallMicros    uint64 // its own some stall from the breach to the first hold
	ScanRate       uint64 // its pages scanned by reclaim, a second
	Offences       uint64 // by how much max and oom of its own memory.events rose
}

// add sums up what is additive.
func (s *Score) add(o *Score) {
	s.FootprintBytes += o.FootprintBytes
	s.ExcessBytes += o.ExcessBytes
	s.GrowthBytes += o.GrowthBytes
	s.SwapBytes += o.SwapBytes
	s.StallMicros += o.StallMicros
	s.ScanRate += o.ScanRate
	s.Offences += o.Offences
}

// take is the opposite of add.
func (s *Score) take(o *Score) {
	s.FootprintBytes -= o.FootprintBytes
	s.ExcessBytes -= o.ExcessBytes
	s.GrowthBytes -= o.GrowthBytes
	s.SwapBytes -= o.SwapBytes
	s.StallMicros -= o.StallMicros
	s.ScanRate -= o.ScanRate
	s.Offences -= o.Offences
}

// classes is how many there are, see Candidate.Class.
const classes = 3

// Level is a group on the way to a candidate; candidates share those above them.
type Level struct {
	Unit  string
	Path  string
	Inode uint64
	Score Score // Priority and Born of the group itself

	// What memory.min and memory.low promise, and what they are shared out
	// by. Of the group as a whole, eligible or not.
	UsageBytes  uint64         // memory.current
	Guard       uint64         // the larger of memory.min and memory.low
	Children    uint64         // guards of its children, each at most its usage
	guarded     uint64         // effective
	sums        [classes]Score // of those that may be stopped
	least       [classes]Score // of those of them that are measured
	linked      bool           // counted in its parent's Children
	effectiveOK bool
}

// Picker compares what is below one group. It is pure.
type Picker interface {
	// Name is the name that stop.pick has for it.
	Name() string
	// Less reports whether a is stopped before b. It must be a strict weak
	// order. Who it finds equal is left to the next picker.
	Less(a, b *Score) bool
}

// Sampler is a picker that compares what happened since the breach: it wants
// memory.stat and memory.events of all read then, and now.
type Sampler interface{ Samples() }

// Order is the pickers of stop.pick: each breaks the ties of the one before.
type Order []Picker

// Name returns the names in their order.
func (o Order) Name() string {
	names := make([]string, len(o))
	for i, p := range o {
		names[i] = p.Name()
	}
	return strings.Join(names, ", ")
}

// Samples reports whether any of its pickers is a Sampler.
func (o Order) Samples() bool {
	return slices.ContainsFunc(o, func(p Picker) bool { _, ok := p.(Sampler); return ok })
}

// compare orders two candidates, negative when a is stopped before b. Their
// preferences come first. Then the ways from the watched slice down are
// followed to where they part, and the groups there are compared, each with
// all that may be stopped in it: a subtree gains nothing by splitting.
func (o Order) compare(a, b *Candidate) int {
	if ca, cb := a.Class(), b.Class(); ca != cb {
		return ca - cb
	}
	la, lb := diverge(a, b)
	if la == nil {
		return o.parted(a.Path, b.Path, &a.Score, &b.Score)
	}
	class := a.Class()
	return o.parted(la.Path, lb.Path, &la.sums[class], &lb.sums[class])
}

// diverge returns the groups in which two ways part.
func diverge(a, b *Candidate) (*Level, *Level) {
	for i := range min(len(a.Levels), len(b.Levels)) {
		if a.Levels[i] != b.Levels[i] {
			return a.Levels[i], b.Levels[i]
		}
	}
	return nil, nil
}

// guard works out what the kernel protects of each group on a way, from the
// watched slice down, as reclaim in that slice does (mm/page_counter.c).
func guard(levels []*Level, recursive bool) {
	for i, l := range levels {
		switch {
		case l.effectiveOK:
		case i == 0:
			l.guarded = min(l.Guard, l.UsageBytes)
		default:
			up := levels[i-1]
			l.guarded = memcg.EffectiveProtection(l.UsageBytes, up.UsageBytes, l.Guard, up.guarded, up.Children, recursive)
		}
		l.effectiveOK = true
	}
}
