package memcg

import "time"

// Restored says how a hold ended.
type Restored int

// The ways a hold ends.
const (
	RestoredOld  Restored = iota + 1 // the old value is back
	LeftForeign                      // somebody else had written another value, and it stays
	NothingToDo                      // the group is gone, the value never changed, or somebody had put it back
	RestoredHard                     // a loan's old limit is back while more than that was in use
)

// Restore ends a hold: the old value comes back where the file still holds
// ours, and the ledger forgets it once that is read back. A file that holds the
// old value already (systemd puts it back, as a rule) needs nothing; any
// other value is somebody else's and stays.
//
// Raising memory.high and thawing never wait for memory. A loan (memory.max)
// goes back in steps, below which the group has to come by itself, until
// patience is over; then hard. Zero patience is one look. It needs the hold's
// file prepared, and Current for a loan. Errors are *FileError or *LedgerError;
// the record stays then, and the call may be repeated.
func (g *Group) Restore(ledger *Ledger, h Hold, patience time.Duration) (Restored, error) {
	if !h.inForce() {
		return NothingToDo, nil
	}
	how, err := g.restore(ledger, h, patience)
	if IsGone(err) {
		how, err = NothingToDo, nil
	}
	if err != nil {
		return 0, err
	}
	return how, ledger.end(g.Inode, h.File)
}

func (g *Group) restore(ledger *Ledger, h Hold, patience time.Duration) (Restored, error) {
	if h.File == MaxFile {
		return g.giveBack(ledger, h, patience)
	}
	var buf Buffer
	now, err := g.limit(h.File, &buf)
	if err != nil {
		return 0, err
	}
	if how := g.standing(ledger, &h, now); how != 0 {
		return how, nil
	}
	return RestoredOld, g.writeOld(h)
}

// standing compares what a hold's file holds now: 0 while it is ours. A mark
// that only the ledger knows, of a move that ended halfway, is ours as well.
func (g *Group) standing(ledger *Ledger, h *Hold, now Limit) Restored {
	if now == h.Old {
		return NothingToDo
	}
	if now == h.Mark {
		return 0
	}
	if _, ours := ledger.ours(g, h.File, now); ours {
		h.Mark = now
		return 0
	}
	if h.Mark == h.Old {
		return NothingToDo // nothing was ever written
	}
	return LeftForeign
}

// writeOld writes the old value and reads it back.
func (g *Group) writeOld(h Hold) error {
	if err := g.write(h.File, h.Old.String()); err != nil {
		return err
	}
	var buf Buffer
	now, err := g.limit(h.File, &buf)
	if err != nil {
		return err
	}
	if now == h.Mark {
		return fail(g.Path, h.File.String(), "write "+h.Old.String(), ErrMalformed)
	}
	return nil
}
