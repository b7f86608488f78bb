package controller

import (
	"fmt"
	"slices"

	"reprieve/memcg"
)

// Candidate is a group that might be stopped, with what is known of it: a leaf
// of the watched slice, or a subtree that lives or dies as one.
type Candidate struct {
	Unit  string
	UID   uint32 // of the user whose manager it belongs to
	User  bool   // it belongs to a user's manager
	Path  string // its cgroup
	Inode uint64

	Leaves []*Leaf // what is in it: itself, or the leaves of the subtree

	// Score holds its own figures. Until it is Measured, the footprint is an upper bound:
	// all that is charged to it, in memory and in swap.
	Score      Score
	Measured   bool
	UsageBytes uint64 // memory.current
	SwapBytes  uint64 // memory.swap.current

	Preference memcg.Preference // honoured extended attributes, its own or of a group above
	Forged     bool             // it has one that is not honoured, by who owns it
	Tame       bool             // protected by a name that its user chose: comes last

	// Facts that rule it out.
	Unreadable bool   // its memory could not be read
	Empty      bool   // no process in it
	Immune     bool   // all its processes have oom_score_adj -1000
	Init       bool   // a service manager lives in it: PID 1, or a user's
	Self       bool   // this daemon lives in it
	Protected  string // the protected unit it is, contains or lies in
	Fruitless  bool   // its stop freed nothing in this episode
	MinBytes   uint64 // it must have as much to be worth it

	Base Sample // read at the breach

	Kills uint64 // by the kernel's OOM killer since it was last looked at

	// What the sums of its levels have of it.
	counted             Score
	counts, countsLeast bool

	// Levels is the way from the watched slice down: the groups below it, the
	// last of them the candidate. Candidates share the groups above them.
	Levels []*Level

	Above []Group `json:"-"` // as they counted, of those that a note lists: see Scale.Tell
}

// Excluded returns why a candidate cannot be stopped, or "".
func (c *Candidate) Excluded() string {
	if why := c.untouchable(); why != "" {
		return why
	}
	switch {
	case c.Fruitless:
		return "stopped already, which freed nothing"
	case c.Score.FootprintBytes < c.MinBytes:
		return fmt.Sprintf("below min (%d of %d bytes)", c.Score.FootprintBytes, c.MinBytes)
	}
	return ""
}

// barred reports whether Excluded has a reason.
func (c *Candidate) barred() bool {
	return c.Init || c.Self || c.Protected != "" || c.Preference == memcg.Omit || c.Unreadable || c.Empty || c.Immune ||
		c.Fruitless || c.Score.FootprintBytes < c.MinBytes
}

// untouchable is Excluded without what depends on its size and history.
func (c *Candidate) untouchable() string {
	switch {
	case c.Init:
		return "holds a service manager"
	case c.Self:
		return "holds the daemon"
	case c.Protected != "":
		return "protected (" + c.Protected + ")"
	case c.Preference == memcg.Omit:
		return "left out by user.oomd_omit"
	case c.Unreadable:
		return "could not be read"
	case c.Empty:
		return "empty"
	case c.Immune:
		return "all its processes have oom_score_adj -1000"
	}
	return ""
}

// Class is the rank that comes before every picker: 0 for who prefers to be
// stopped, 1 for the others, 2 for who is to be avoided.
func (c *Candidate) Class() int {
	switch {
	case c.Preference == memcg.Avoid, c.Tame:
		return 2
	case c.Preference == memcg.Prefer:
		return 0
	}
	return 1
}

// gone reports whether all that was in it is gone.
func (c *Candidate) gone() bool {
	for _, l := range c.Leaves {
		if !l.gone {
			return false
		}
	}
	return len(c.Leaves) > 0
}

// Join makes one candidate of the leaves of a subtree that lives or dies as
// one, memory.oom.group=1: parts in order, all below level, which has unit, path and inode.
// What rules out one of them rules out all.
func Join(level *Level, parts []Candidate) Candidate {
	c := Candidate{Unit: level.Unit, Path: level.Path, Inode: level.Inode, UID: parts[0].UID, User: parts[0].User, Empty: true}
	c.Score.Priority, c.Score.Born = level.Score.Priority, level.Inode
	for i := range parts {
		p := &parts[i]
		c.Leaves = append(c.Leaves, p.Leaves...)
		c.Score.add(&p.Score)
		c.Init, c.Self, c.Tame = c.Init || p.Init, c.Self || p.Self, c.Tame || p.Tame
		if c.Protected == "" {
			c.Protected = p.Protected
		}
		if p.Preference == memcg.Omit {
			c.Preference = memcg.Omit
		}
	}
	// The slice itself is on nobody's way.
	c.Levels = []*Level{level}
	if i := slices.Index(parts[0].Levels, level); i > 0 {
		c.Levels = slices.Clone(parts[0].Levels[:i+1])
	}
	return c
}

// Protect tells what memory.min or memory.low promise a candidate right below
// the slice. It may be read late: until then nothing seems protected, which bounds the excess from above.
func (c *Candidate) Protect(bytes uint64) {
	l := c.Levels[len(c.Levels)-1]
	l.Guard = bytes
	l.guarded = min(bytes, l.UsageBytes)
}
