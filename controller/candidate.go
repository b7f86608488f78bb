package controller

import "strings"

// Candidate is a leaf that might be stopped, with what is known of it.
type Candidate struct {
	Leaf     *Leaf
	Unit     string
	Priority int // its own, lower is stopped first

	UsageBytes     uint64 // memory.current
	FootprintBytes uint64 // what its end gives back, swap included

	// Facts that rule it out.
	Unreadable bool   // its memory could not be read
	Empty      bool   // no process in it
	Immune     bool   // all its processes have oom_score_adj -1000
	Init       bool   // PID 1 lives in it
	Self       bool   // this daemon lives in it
	Protected  string // the protected unit it is or contains
	Stopped    bool   // was stopped in this episode already

	// Levels is the way from the watched slice down: the groups below it, the
	// last of them the leaf. The shell gives name and priority; the machine
	// adds up the footprints.
	Levels []Level
}

// Level is a group on the way to a candidate.
type Level struct {
	Unit           string
	Priority       int
	FootprintBytes uint64 // of all eligible candidates in it
}

// Excluded returns why a candidate cannot be stopped, or "".
func (c *Candidate) Excluded() string {
	switch {
	case c.Init:
		return "holds PID 1"
	case c.Self:
		return "holds the daemon"
	case c.Protected != "":
		return "protected (" + c.Protected + ")"
	case c.Unreadable:
		return "could not be read"
	case c.Empty:
		return "empty"
	case c.Immune:
		return "all its processes have oom_score_adj -1000"
	case c.Stopped:
		return "stopped already"
	}
	return ""
}

// Picker orders candidates. It is pure.
type Picker interface {
	// Name is the name of the policy's pick key.
	Name() string
	// Less reports whether a is stopped before b. It must be a strict weak
	// order; candidates it finds equal go by the order of their names.
	Less(a, b *Candidate) bool
}

// rank orders candidates, the next victim first, those that are excluded last.
func rank(p Picker) func(a, b Candidate) int {
	return func(a, b Candidate) int {
		ax, bx := a.Excluded() != "", b.Excluded() != ""
		switch {
		case ax != bx && ax:
			return 1
		case ax != bx:
			return -1
		case !ax && p.Less(&a, &b):
			return -1
		case !ax && p.Less(&b, &a):
			return 1
		}
		return strings.Compare(a.Unit, b.Unit)
	}
}

// tally adds up the footprints of each level's eligible candidates.
func tally(all []Candidate) {
	sums := map[string]uint64{}
	for i := range all {
		if all[i].Excluded() != "" {
			continue
		}
		for _, l := range all[i].Levels {
			sums[l.Unit] += all[i].FootprintBytes
		}
	}
	for i := range all {
		for j := range all[i].Levels {
			all[i].Levels[j].FootprintBytes = sums[all[i].Levels[j].Unit]
		}
	}
}

// Diverge returns the groups in which two candidates' ways part: the place to
// compare them level by level, so that a subtree gains nothing by splitting.
func Diverge(a, b *Candidate) (Level, Level) {
	for i := range min(len(a.Levels), len(b.Levels)) {
		if a.Levels[i].Unit != b.Levels[i].Unit {
			return a.Levels[i], b.Levels[i]
		}
	}
	return a.own(), b.own()
}

func (c *Candidate) own() Level {
	return Level{Unit: c.Unit, Priority: c.Priority, FootprintBytes: c.FootprintBytes}
}
