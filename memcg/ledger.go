package memcg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DefaultLedger is where holds in force are written down.
const DefaultLedger = "/run/reprieve/holds"

// Ledger is a directory with a file for each hold in force, named by the
// group's inode and the held file, written before that file is and removed after
// it was restored. Whoever is alive can undo a hold by it: this process, the command
// that systemd runs after a crash, the next start. It lies in memory (/run): a
// power cut empties it together with the cgroups it speaks of.
type Ledger struct {
	dir string

	// During, if set, runs each writing of a record: a hold waits for it, and it takes the kernel
	// pages, which whoever holds is short of. Set before the first hold.
	During func(work func())
}

// LedgerError is an error of the ledger's own files.
type LedgerError struct {
	File string
	Op   string
	Err  error
}

func (e *LedgerError) Error() string { return e.File + ": " + e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *LedgerError) Unwrap() error { return e.Err }

// OpenLedger uses dir, and makes it where it is missing.
func OpenLedger(dir string) (*Ledger, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, &LedgerError{File: dir, Op: "make directory", Err: err}
	}
	return &Ledger{dir: dir}, nil
}

// begin writes a hold down, in place of what was known of it.
func (l *Ledger) begin(g *Group, intent Intent, h Hold) error {
	return l.put(newRecord(g, intent, h))
}

// beginMove writes down that the mark of a hold in force is about to move.
func (l *Ledger) beginMove(g *Group, intent Intent, h Hold, next Limit) error {
	r := newRecord(g, intent, h)
	r.Next = next.String()
	return l.put(r)
}

func (l *Ledger) put(r Record) error {
	name := filepath.Join(l.dir, r.name())
	text, err := json.Marshal(r)
	if err != nil {
		return &LedgerError{File: name, Op: "encode", Err: err}
	}
	write := func() {
		if err = os.WriteFile(name+".new", append(text, '\n'), 0o644); err != nil {
			err = &LedgerError{File: name, Op: "write", Err: err}
		} else if err = os.Rename(name+".new", name); err != nil {
			err = &LedgerError{File: name, Op: "rename", Err: err}
		}
	}
	if l.During != nil {
		l.During(write)
	} else {
		write()
	}
	return err
}

// end forgets a hold.
func (l *Ledger) end(inode uint64, f File) error {
	name := filepath.Join(l.dir, recordName(inode, f.String()))
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &LedgerError{File: name, Op: "remove", Err: err}
	}
	return nil
}

// ours returns the hold on record for a group's file, and whether now is a
// mark of it: in force, or about to be when its process ended. A record that
// cannot be read claims nothing.
func (l *Ledger) ours(g *Group, f File, now Limit) (Hold, bool) {
	r, h, next, err := l.load(recordName(g.Inode, f.String()))
	if err != nil || r.Path != g.Path || now == h.Old {
		return Hold{}, false
	}
	return h, now == h.Mark || now == next
}

// intent returns what is on record about a hold besides its values.
func (l *Ledger) intent(g *Group, f File) Intent {
	r, _, _, err := l.load(recordName(g.Inode, f.String()))
	if err != nil {
		return Intent{}
	}
	return Intent{Slice: r.Slice, Episode: r.Episode, Until: r.Until}
}

// load reads a record by its file's name. What could be read of the record is
// returned with an error too, for people.
func (l *Ledger) load(name string) (r Record, h Hold, next Limit, err error) {
	text, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil {
		return r, h, next, &LedgerError{File: filepath.Join(l.dir, name), Op: "read", Err: err}
	}
	h, next, err = r.parse(text)
	if err == nil && r.name() != name {
		err = fmt.Errorf("%w: this record belongs into %s", ErrMalformed, r.name())
	}
	if err != nil {
		err = &LedgerError{File: filepath.Join(l.dir, name), Op: "parse", Err: err}
	}
	return r, h, next, err
}
