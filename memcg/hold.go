package memcg

import (
	"errors"
	"os"
	"runtime"
	"time"
)

// ErrMoved says that a hold's file does not hold its mark: somebody else wrote
// it, or put it back.
var ErrMoved = errors.New("the file does not hold this hold's mark")

// Hold is a value of ours in force in one file of a group, and what it stands
// in for. The zero value is no hold.
type Hold struct {
	File File  // High, MaxFile or Freeze; Current, which is zero, is no hold
	Old  Limit // restored when the hold ends
	Mark Limit // written; equal to Old where nothing had to be
}

// inForce reports whether h is a hold at all.
func (h Hold) inForce() bool { return h.File == High || h.File == MaxFile || h.File == Freeze }

// Intent is what the ledger remembers of a hold besides its values.
type Intent struct {
	Slice   string    // the watched slice
	Episode string    // its episode
	Until   time.Time // when the hold ends at the latest, for people
}

// slackBytes is how far above usage a mark is set. Writing a limit below
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
	h := Hold{File: High, Old: g.original(ledger, High, now, old), Mark: min(now, Limit(usage).plus(slackBytes()))}
	if h.Mark == now {
		return g.asItIs(ledger, intent, h)
	}
	return g.enter(ledger, intent, h)
}

// original is the value to restore after a hold that begins where the file
// holds now. A value that the ledger knows as ours, left by a hold that could
// not be undone, is nobody's wish.
func (g *Group) original(ledger *Ledger, f File, now Limit, old *Limit) Limit {
	if old != nil {
		return *old
	}
	if left, ours := ledger.ours(g, f, now); ours {
		return left.Old
	}
	return now
}

// asItIs is the hold of a group whose file holds h's mark already. Where that
// is not by us nothing is to be restored.
func (g *Group) asItIs(ledger *Ledger, intent Intent, h Hold) (Hold, error) {
	if _, ours := ledger.ours(g, h.File, h.Mark); !ours {
		h.Old = h.Mark
		return h, nil
	}
	if err := ledger.begin(g, intent, h); err != nil {
		return Hold{}, err
	}
	return h, nil
}

// enter puts a new hold in force: on record first, then in the file.
func (g *Group) enter(ledger *Ledger, intent Intent, h Hold) (Hold, error) {
	if err := ledger.begin(g, intent, h); err != nil {
		return Hold{}, err
	}
	if err := g.write(h.File, h.Mark.String()); err != nil {
		_ = ledger.end(g.Inode, h.File) // nothing was held; a record left over restores nothing
		return Hold{}, err
	}
	// Marks are whole pages, as the kernel keeps them. Another value now would be
	// somebody else's, which the next look finds; a file that cannot be read
	// could not be compared in the end.
	var buf Buffer
	if _, err := g.limit(h.File, &buf); err != nil {
		g.takeBack(ledger, h)
		return Hold{}, err
	}
	return h, nil
}

// takeBack undoes a write whose hold did not come about: nobody else would lift
// it before the process ends. Where that fails too the record stays, and whoever undoes
// the ledger tries again.
func (g *Group) takeBack(ledger *Ledger, h Hold) {
	if err := g.write(h.File, h.Old.String()); err == nil || IsGone(err) {
		_ = ledger.end(g.Inode, h.File)
	}
}
