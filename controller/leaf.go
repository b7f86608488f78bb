package controller

import (
	"time"

	"reprieve/memcg"
	"reprieve/pressure"
)

// Leaf is one leaf of a watched slice: the smallest group that is held or
// stopped as one. The shell fills Reading before each Step of an episode; the
// rest belongs to the machine.
type Leaf struct {
	Unit  string // systemd's name of it
	Path  string // its cgroup
	Inode uint64
	User  bool // it belongs to the manager of the user UID
	UID   uint32

	// Spared says that it is never held by itself: a service manager, the
	// daemon, or what is protected. All else would wait for them.
	Spared bool

	// HadBytes is what a leaf that is added during an episode had in memory
	// and swap when that began; 0 where it is not known: then what it has at its first
	// reading.
	HadBytes uint64

	Reading LeafReading

	window pressure.Window
	base   uint64 // footprint when the breach began
	baseOK bool
	peak   uint64 // the most it had gained while it is held

	stallBase uint64 // its some total when it was first read in this episode
	stallOK   bool
	stall     uint64 // what that gained before anything was held
	sample    Sample

	lastScan, lastSteal uint64 // of the last reading of memory.stat while it is held
	statOK              bool
	scanned, stolen     uint64        // between the last two
	futile              time.Duration // since when its reclaim is futile; never: it is not
	meek                time.Duration // since when it neither grows nor reclaims; never: it does

	gone bool // taken out of its machine

	hold   holdState
	by     string        // the way it is held, or asked to be
	asked  time.Duration // when the worker was last given something to do for it
	late   bool          // that it does not answer was told
	moving bool          // its mark is being moved
	stiff  bool          // it could not be moved
	stage  int           // of relief, that its mark has been moved to
	thawed bool          // by relief, which watches how that goes
	glow   time.Duration // its stall may be of our hold's making until then
	first  memcg.Limit   // the mark that the hold began with
	failed bool          // could not be held in this episode
	limits memcg.Hold    // while hold is holding or lifting
	atHold LeafReading   // its reading when the hold began
	seen   uint64        // high events at the last reading since the hold
	seenOK bool
	ran    uint64 // high events between the last two of them
	ranOK  bool
}

// NewLeaf returns a leaf to be added to a machine.
func NewLeaf(unit, path string, inode uint64) *Leaf {
	return &Leaf{Unit: unit, Path: path, Inode: inode, glow: never}
}

// Held reports whether the shell should read the leaf's memory.high and high
// events: a hold of ours is in force there.
func (l *Leaf) Held() bool { return l.hold == holding }

// Limits returns the values of the hold that is in force or being lifted.
func (l *Leaf) Limits() memcg.Hold { return l.limits }

// Sample is what some pickers compare with, read of a leaf at the breach.
type Sample struct {
	ScanPages uint64 // pgscan of memory.stat
	Offences  uint64 // max and oom of memory.events
	At        time.Duration
	OK        bool
}

// Sampled takes the answer to Sample.
func (l *Leaf) Sampled(s Sample) { l.sample = s }

// Figures gives what the machine knows of the leaf for a candidate's score:
// what it gained since the breach, its stall before the first hold, and the
// sample taken at the breach.
func (l *Leaf) Figures() (gainBytes, stallMicros uint64, s Sample) {
	return l.gain(), l.stall, l.sample
}

// holdState is where a leaf's hold stands. Asked and lifting end by the
// worker's answer.
type holdState int

const (
	free      holdState = iota
	asked               // the worker was told to hold
	holding             // in force
	lifting             // the worker was told to restore
	refused             // could not be held; not tried again in this episode
	pretended           // observe: would be held
)

// inForce reports whether the leaf's stall may be of our making.
func (s holdState) inForce() bool { return s == asked || s == holding || s == lifting }

// A leaf is a grower by what it gained since the breach. Everybody allocates a
// little, and who is swapped in again seems to grow: what it gained must be
// worth it in the slice (a 64th of its usage, within these bounds), and be a
// quarter of the largest gain.
const (
	leastGain  = 2 << 20
	clearGain  = 16 << 20 // a gain that always counts
	gainShare  = 4
	usageShare = 64
	MostHeld   = 16 // held at a time
)

// gain is what a leaf took since the breach began.
func (l *Leaf) gain() uint64 {
	now := l.Reading.footprint()
	if !l.Reading.UsageOK || !l.baseOK || now < l.base {
		return 0
	}
	return now - l.base
}

// take notes a leaf's reading. tainted says that the hold of another slice
// shows in its stall.
func (l *Leaf) take(now time.Duration, held, tainted bool) {
	r := &l.Reading
	if tainted || now < l.glow {
		l.window.Reset()
	} else if r.TotalsOK {
		l.window.Add(now, r.Totals)
		switch {
		case !l.stallOK:
			l.stallBase, l.stallOK = r.Totals.SomeMicros, true
		case !held && r.Totals.SomeMicros >= l.stallBase:
			l.stall = r.Totals.SomeMicros - l.stallBase
		}
	} else {
		l.window.Miss()
	}
	if !l.baseOK && r.UsageOK {
		l.base, l.baseOK = r.footprint(), true
	}
	if l.hold != holding || !r.HighOK {
		return
	}
	l.ran, l.ranOK = r.HighEvents-l.seen, l.seenOK
	l.seen, l.seenOK = r.HighEvents, true
}

// begin forgets what an earlier episode knew of the leaf.
func (l *Leaf) begin(window time.Duration) {
	l.window = pressure.NewWindow(window)
	l.baseOK, l.failed, l.stallOK, l.stall, l.sample = false, false, false, 0, Sample{}
	l.statOK, l.futile, l.meek = false, never, never
	l.thawed, l.stage, l.stiff, l.late, l.glow = false, 0, false, false, never
	if l.hold == refused || l.hold == pretended {
		l.hold = free
	}
}

// grower returns the leaf that may be held and gained most, if it gained
// enough. On one path there is one hold at a time.
func (m *Machine) grower() *Leaf {
	var best *Leaf
	var most, gained uint64
	for _, l := range m.leaves {
		g := l.gain()
		if l.hold != holding {
			l.peak = 0
		} else {
			// Beside one that is held for its growth, and freed it just now, nobody grew.
			l.peak = max(l.peak, g)
			g = l.peak
		}
		most = max(most, g)
		if l.hold == free && g > gained && !l.Spared && !l.thawed && m.host.mayHold(l.Path, m) {
			best, gained = l, g
		}
	}
	least := uint64(leastGain)
	if m.usageOK {
		least = min(max(least, m.usage/usageShare), clearGain)
	}
	if gained < least || gained < most/gainShare {
		return nil
	}
	return best
}
