package memcg

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// undoPatience is how long Undo waits for loans to come back, for all together:
// it runs while systemd waits for the service to start or to stop.
const undoPatience = 5 * time.Second

// Leftover is what became of one record of an earlier process.
type Leftover struct {
	Record
	How Restored
	Err error // the record could not be read or its group not restored; it stays
}

// Undo restores every hold in the ledger, for when the process that made them
// is gone: first thaws, then memory.high, then loans, so that whoever owes
// memory can run and give it back. It tries all; a group that is gone, or that
// was made anew under the same path, needs nothing. Loans take it 5 s at most.
// A ledger that cannot be listed is a *LedgerError.
func (l *Ledger) Undo(mount string) ([]Leftover, error) {
	files, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &LedgerError{File: l.dir, Op: "list", Err: err}
	}
	var names []string
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".json") {
			names = append(names, f.Name())
		} else {
			os.Remove(filepath.Join(l.dir, f.Name())) // a record cut short before the file was touched
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(undoTurn(a), undoTurn(b)) })
	var all []Leftover
	deadline := time.Now().Add(undoPatience)
	for _, name := range names {
		all = append(all, l.undo(mount, name, deadline))
	}
	return all, nil
}

// undoTurn says by a record's file name when it is its turn.
func undoTurn(name string) int {
	switch {
	case strings.HasSuffix(name, ".freeze.json"):
		return 0
	case strings.HasSuffix(name, ".max.json"):
		return 2
	}
	return 1
}

func (l *Ledger) undo(mount, name string, deadline time.Time) (left Leftover) {
	var h Hold
	if left.Record, h, _, left.Err = l.load(name); left.Err != nil {
		return left
	}
	g, err := Open(mount, left.Path)
	if err == nil && g.Inode != left.Inode {
		g.Release()
		err = ErrGone
	}
	if IsGone(err) {
		left.How, left.Err = NothingToDo, l.end(left.Inode, h.File)
		return left
	}
	if err != nil {
		left.Err = err
		return left
	}
	defer g.Release()
	if left.Err = g.Prepare(Current, h.File); left.Err == nil {
		left.How, left.Err = g.Restore(l, h, time.Until(deadline))
	}
	return left
}
