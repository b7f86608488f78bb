package memcg

import (
	"os"
	"runtime"
	"time"
)

// Hold is a memory.high of ours in force and what it stands in for.
type Hold struct {
	Old  Limit // restored when the hold ends
	Mark Limit // written; equal to Old where Old was as low already
}

// Intent is what the ledger remembers of a hold besides its values.
type Intent struct {
	Slice   string    // the watched slice
	Episode string    // its episode
	Until   time.Time // when the hold ends at the latest, for people
}

// slackBytes is how far above usage a mark is set. Writing memory.high below
// usage makes the writer reclaim, for seconds; memory.current runs ahead of
// what is charged by 64 pages a CPU (mm/memcontrol.c: MEMCG_CHARGE_BATCH), and
// a group that grows goes on between the look and the write.
func slackBytes() uint64 {
	return 1<<20 + 64*uint64(os.Getpagesize()*runtime.NumCPU())
}

// Throttle sets memory.high to what the group uses now and a little more, so
// that the write returns at once and only growth is braked. The intent and the old
// value are in the ledger before the file is touched; where the ledger cannot
// be written nothing is held.
//
// old is the value to restore later, or nil for what the file holds now: a
// hold that somebody took away is put back with the value found instead.
// A limit that is lower already is left as it is; that group is held as it is.
//
// It needs Current and High prepared and may block in the kernel: not for a
// loop. Errors are *FileError or *LedgerError.
func (g *Group) Throttle(ledger *Ledger, intent Intent, old *Limit) (Hold, error) {
	var buf Buffer
	usage, err := g.Usage(&buf)
	if err != nil {
		return Hold{}, err
	}
	now, err := g.High(&buf)
	if err != nil {
		return Hold{}, err
	}
	h := Hold{Old: now, Mark: min(now, Limit(usage+slackBytes()))}
	if old != nil {
		h.Old = *old
	}
	if h.Mark == now {
		return h, nil
	}
	if err := ledger.begin(g, intent, h); err != nil {
		return Hold{}, err
	}
	if err := g.write(High, h.Mark.String()); err != nil {
		_ = ledger.end(g.Inode) // nothing was held; a record left over restores nothing
		return Hold{}, err
	}
	// The kernel keeps whole pages: what it holds is what to compare with.
	wrote := h
	if h.Mark, err = g.High(&buf); err == nil {
		err = ledger.begin(g, intent, h)
	}
	if err != nil {
		g.takeBack(ledger, wrote)
		return Hold{}, err
	}
	return h, nil
}

// takeBack undoes a write whose hold did not come about: nobody else would lift
// it before the process ends. Where that fails too the record stays, and whoever undoes
// the ledger tries again.
func (g *Group) takeBack(ledger *Ledger, h Hold) {
	if err := g.write(High, h.Old.String()); err == nil || IsGone(err) {
		_ = ledger.end(g.Inode)
	}
}

// Restored says how a hold ended.
type Restored int

// The ways a hold ends.
const (
	RestoredOld Restored = iota + 1 // the old value is back
	LeftForeign                     // somebody else had written another value, and it stays
	NothingToDo                     // the group is gone, or the value never changed
)

// Restore ends a hold: the old value comes back where the file still holds
// ours, and the ledger forgets it once that is read back. Raising memory.high
// never waits for memory.
func (g *Group) Restore(ledger *Ledger, h Hold) (Restored, error) {
	how, err := g.restore(h)
	if IsGone(err) {
		how, err = NothingToDo, nil
	}
	if err != nil {
		return 0, err
	}
	return how, ledger.end(g.Inode)
}

func (g *Group) restore(h Hold) (Restored, error) {
	if h.Mark == h.Old {
		return NothingToDo, nil
	}
	var buf Buffer
	now, err := g.High(&buf)
	if err != nil {
		return 0, err
	}
	if now != h.Mark {
		return LeftForeign, nil
	}
	if err := g.write(High, h.Old.String()); err != nil {
		return 0, err
	}
	if now, err = g.High(&buf); err != nil {
		return 0, err
	}
	if now == h.Mark {
		return 0, fail(g.Path, High.String(), "write "+h.Old.String(), ErrMalformed)
	}
	return RestoredOld, nil
}
