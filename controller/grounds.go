package controller

import (
	"time"

	"reprieve/memcg"
	"reprieve/pressure"
)

// Grounds is what the judgment of a held slice goes by, each evidence with its
// figures. The record of a relief or a stop has those of its moment. An
// evidence of zero was not asked for.
type Grounds struct {
	Fits     Evidence // the held leaves stay under their marks
	FitsUnit string   // the one that fits least
	Usage    uint64   // its bytes
	Mark     memcg.Limit
	HighRuns uint64 // how often it ran into the mark since the reading before

	Others      Evidence // those outside the hold stall above the urgent limit
	OthersUnit  string   // who stalls most; a path where it is no leaf
	OthersStall pressure.Share
	OthersLimit pressure.Share

	Scarcity Evidence // the host is below both floors
	Host     HostReading

	Futile     Evidence // a held leaf is scanned, and nothing comes of it
	FutileUnit string
	FutileFor  time.Duration
	ScanPages  uint64 // since the reading before
	StealPages uint64

	Kernel  Evidence // the kernel found no memory, or killed
	OOM     uint64   // since the reading before
	OOMKill uint64
}

// gather takes the evidence of a moment.
func (m *Machine) gather(now time.Duration, in *Reading, s *Sight) {
	g := Grounds{}
	m.gatherHeld(now, in, &g)
	m.gatherOthers(now, &g)
	g.Scarcity = Unknown
	if in.HostOK {
		g.Host, g.Scarcity = in.Host, verdict(in.Host.Scarce())
	}
	g.Kernel = Unknown
	if s.RiseOK {
		g.OOM, g.OOMKill = s.Rise.OOM, s.Rise.OOMKill
		g.Kernel = verdict(g.OOM > 0 || g.OOMKill > 0)
	}
	m.grounds = g
}

func verdict(pressing bool) Evidence {
	if pressing {
		return Pressing
	}
	return Calm
}

// gatherHeld asks the held leaves whether they fit, and whether their reclaim
// is futile.
func (m *Machine) gatherHeld(now time.Duration, in *Reading, g *Grounds) {
	for _, other := range m.host.machines {
		if other == m {
			continue
		}
		for _, l := range other.held[:other.nHeld] {
			if m.self != nil && related(l.Path, m.self.Path) {
				g.seeFit(l) // nested: that hold counts as ours
			}
		}
	}
	for _, l := range m.held[:m.nHeld] {
		g.seeFit(l)
		if l.by != byThrottle {
			continue
		}
		if futile := l.futility(now, in, m.rules.Policy.Hold.Futile); futile > g.Futile {
			g.Futile, g.FutileUnit, g.FutileFor = futile, l.Unit, now-l.futile
			g.ScanPages, g.StealPages = l.scanned, l.stolen
		}
	}
}

// seeFit keeps the held leaf that fits least.
func (g *Grounds) seeFit(l *Leaf) {
	if fits := l.fits(); fits > g.Fits {
		g.Fits, g.FitsUnit = fits, l.Unit
		g.Usage, g.Mark, g.HighRuns = l.Reading.UsageBytes, l.limits.Mark, l.ran
	}
}

// gatherOthers looks at everybody who is not held: the other leaves of the
// slice and the groups beside the path to the root. Those who hold something
// themselves count by what they stalled before: their windows are emptied then.
func (m *Machine) gatherOthers(now time.Duration, g *Grounds) {
	g.Others, g.OthersLimit = Unknown, pressure.Share(m.rules.Policy.Hold.Urgent)
	see := func(name string, w *pressure.Window) {
		stall, ok := w.Stall()
		if !ok {
			return
		}
		if g.OthersUnit == "" || stall.Full > g.OthersStall {
			g.OthersUnit, g.OthersStall = name, stall.Full
		}
	}
	if m.rules.Policy.Hold.On != onSlice {
		for _, l := range m.leaves {
			if !l.hold.inForce() && now >= l.glow && !m.host.holdsOn(l.Path, m) {
				see(l.Unit, &l.window)
			}
		}
	}
	for _, w := range m.witnesses {
		see(w.Path, &w.window)
	}
	if g.OthersUnit != "" {
		g.Others = verdict(over(g.OthersStall, g.OthersLimit))
	}
}

// When reclaim counts as futile: it looks at a MiB's worth of pages in a tick
// and keeps less than a twentieth of them, with no page cache to speak of and
// no swap to be had. A 90-minute livelock was seen to look like this: scanned and not
// reclaimed, no I/O, no kill of the kernel's.
const (
	futileScan  = 256
	futileShare = 20
	leastFile   = 8 << 20
	fileShare   = 50
	leastSwap   = 1 << 20
)

// futility judges a held leaf's reclaim. It is pressing when every tick of the
// last while was futile.
func (l *Leaf) futility(now time.Duration, in *Reading, after time.Duration) Evidence {
	r := &l.Reading
	seen := l.statOK
	scan, steal := l.lastScan, l.lastSteal
	l.lastScan, l.lastSteal, l.statOK = r.ScanPages, r.StealPages, r.StatOK
	if !seen || !r.StatOK || !in.HostOK || r.ScanPages < scan || r.StealPages < steal {
		l.futile = never
		return Unknown
	}
	l.scanned, l.stolen = r.ScanPages-scan, r.StealPages-steal
	swap := in.Host.SwapFreeBytes >= leastSwap
	file := r.FileBytes >= max(r.UsageBytes/fileShare, leastFile)
	if l.scanned < futileScan || l.stolen*futileShare >= l.scanned || swap || file {
		l.futile = never
		return Calm
	}
	if l.futile == never {
		l.futile = now
	}
	return verdict(now-l.futile >= after)
}

// acquitAfter is how long a held leaf must be meek before it is let go.
const acquitAfter = time.Second

// acquit lifts the holds of leaves that cannot be the cause: for a while they
// neither grew nor ran into their mark nor had anything reclaimed, and those who
// are not held stall on. To hold them longer would be an injustice. A leaf is
// held once an episode, so it is not held again in this one.
func (m *Machine) acquit(now time.Duration, out []Decision) []Decision {
	stalled := m.insiders(now) == Pressing || m.grounds.Others == Pressing
	for _, l := range m.held[:m.nHeld] {
		meek := l.hold == holding && l.by == byThrottle && l.fits() == Calm && l.statOK && l.scanned == 0 && l.Reading.footprint() <= l.atHold.footprint()
		switch {
		case !meek:
			l.meek = never
		case l.meek == never:
			l.meek = now
		}
		if !stalled || l.meek == never || now-l.meek < acquitAfter {
			continue
		}
		l.failed = true
		note := m.note(NoteAcquitted, now)
		note.ofLeaf(l)
		note.UsageBytes, note.Mark, note.Took, note.Grounds = l.Reading.UsageBytes, l.limits.Mark, now-l.meek, m.grounds
		out = m.lift(l, append(out, Decision{Action: Report, Note: note}))
	}
	return out
}
