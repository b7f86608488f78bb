package memcg

// Move moves the mark of a throttle or of a loan. The new mark is in the ledger
// beside the one in force before the file is touched, so that a crash at any
// point can be undone. The hold that is returned is the one in force, also with
// an error; no hold and a freeze have no mark to move and come back unchanged.
//
// A throttle's mark goes to to, or for 0 to usage and a little more, and never
// above Old. A mark below usage is a squeeze: the kernel reclaims in this
// thread, for seconds where the step is large. Such a call belongs in small steps
// and on a Writer, which can end it; the mark stands even then.
//
// A loan's mark goes to to, but never below usage and a little more, nor below
// Old: the kernel would kill for it. It rises only where to is above it.
//
// Where the file does not hold h's mark nothing is written, and the error is
// ErrMoved: the next look at the file tells what became of it. So it is where
// somebody else's write followed at once. It needs Current
// and the hold's file prepared. Other errors are *FileError or *LedgerError.
func (g *Group) Move(ledger *Ledger, intent Intent, h Hold, to Limit) (Hold, error) {
	if h.File != High && h.File != MaxFile {
		return h, nil
	}
	var buf Buffer
	now, err := g.limit(h.File, &buf)
	if err != nil {
		return h, err
	}
	if now != h.Mark {
		return h, g.moved(h, now)
	}
	usage, err := g.Usage(&buf)
	if err != nil {
		return h, err
	}
	if to = h.target(to, usage); to == h.Mark {
		return h, nil
	}
	return g.move(ledger, intent, h, to, usage)
}

// target is where a mark that is asked to go to to goes, at this usage.
func (h Hold) target(to Limit, usageBytes uint64) Limit {
	fits := Limit(usageBytes).plus(slackBytes())
	if h.File == MaxFile {
		return min(max(to.wholePages(), h.Old, fits), max(to.wholePages(), h.Mark))
	}
	if to == 0 {
		to = fits
	}
	return min(to.wholePages(), h.Old)
}

func (g *Group) move(ledger *Ledger, intent Intent, h Hold, to Limit, usageBytes uint64) (Hold, error) {
	if err := ledger.beginMove(g, intent, h, to); err != nil {
		return h, err
	}
	write := g.write
	if h.File == High && to < Limit(usageBytes) {
		write = g.writeWaiting
	}
	if err := write(h.File, to.String()); err != nil {
		_ = ledger.begin(g, intent, h) // where this fails the record names both marks, which is as good
		return h, err
	}
	h.Mark = to
	var buf Buffer
	now, err := g.limit(h.File, &buf)
	if err != nil {
		return h, err
	}
	if err := ledger.begin(g, intent, h); err != nil || now == to {
		return h, err
	}
	return h, g.moved(h, now)
}

func (g *Group) moved(h Hold, now Limit) error {
	return fail(g.Path, h.File.String(), "look for "+h.Mark.String()+" and find "+now.String(), ErrMoved)
}
