package memcg

import (
	"errors"
	"time"
)

// ErrNoLimit says that memory.max is "max": there is nothing to lend to.
var ErrNoLimit = errors.New("the control group has no memory.max to raise")

// returnPoll is how often a loan on its way back is looked at.
const returnPoll = 50 * time.Millisecond

// Lend raises memory.max by some bytes above old. It never lowers what the
// file holds: where that is as much already, nothing is written.
//
// old is the value to restore later, or nil for what the file holds now, as
// for Throttle. It needs MaxFile prepared, and Current for its return. A group
// without a limit gives ErrNoLimit; errors are *FileError or *LedgerError.
func (g *Group) Lend(ledger *Ledger, intent Intent, bytes uint64, old *Limit) (Hold, error) {
	var buf Buffer
	now, err := g.Max(&buf)
	if err != nil {
		return Hold{}, err
	}
	h := Hold{File: MaxFile, Old: g.original(ledger, MaxFile, now, old)}
	if now == Max || h.Old == Max {
		return Hold{}, fail(g.Path, MaxFile.String(), "lend", ErrNoLimit)
	}
	if h.Mark = h.Old.plus(bytes); h.Mark <= now {
		h.Mark = now
		return g.asItIs(ledger, intent, h)
	}
	return g.enter(ledger, intent, h)
}

// giveBack takes a loan back without the kernel killing for it: down to what
// is used and a little more, again and again, as the group gives memory up.
// After patience the old limit is written all the same, and the kernel reclaims
// and kills as it must: it is the administrator's own limit.
func (g *Group) giveBack(ledger *Ledger, h Hold, patience time.Duration) (Restored, error) {
	deadline := time.Now().Add(patience)
	intent := ledger.intent(g, h.File)
	var buf Buffer
	for {
		now, err := g.limit(h.File, &buf)
		if err != nil {
			return 0, err
		}
		if how := g.standing(ledger, &h, now); how != 0 {
			return how, nil
		}
		usage, err := g.Usage(&buf)
		if err != nil {
			return 0, err
		}
		if Limit(usage).plus(slackBytes()) <= h.Old {
			return RestoredOld, g.writeOld(h)
		}
		left := time.Until(deadline)
		if left <= 0 {
			return RestoredHard, g.writeOld(h)
		}
		// A step that fails is no reason to end the return: the next look or
		// the deadline settles it.
		if h, err = g.Move(ledger, intent, h, h.Old); IsGone(err) {
			return 0, err
		}
		time.Sleep(min(left, returnPoll))
	}
}
