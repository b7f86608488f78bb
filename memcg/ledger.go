package memcg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// DefaultLedger is where holds in force are written down.
const DefaultLedger = "/run/reprieve/holds"

// Ledger is a directory with a file for each hold in force, named by the
// group's inode, written before memory.high is and removed after it was
// restored. Whoever is alive can undo a hold by it: this process, the command
// that systemd runs after a crash, the next start. It lies in memory (/run): a
// power cut empties it together with the cgroups it speaks of.
type Ledger struct{ dir string }

// LedgerError is an error of the ledger's own files.
type LedgerError struct {
	File string
	Op   string
	Err  error
}

func (e *LedgerError) Error() string { return e.File + ": " + e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *LedgerError) Unwrap() error { return e.Err }

// Record is a hold in the ledger.
type Record struct {
	Version int       `json:"version"` // 1
	Path    string    `json:"cgroup"`
	Inode   uint64    `json:"inode"`
	File    string    `json:"file"` // memory.high
	Old     string    `json:"old"`
	Mark    string    `json:"mark"`
	Slice   string    `json:"slice"`
	Episode string    `json:"episode"`
	Until   time.Time `json:"until"`
}

// OpenLedger uses dir, and makes it where it is missing.
func OpenLedger(dir string) (*Ledger, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, &LedgerError{File: dir, Op: "make directory", Err: err}
	}
	return &Ledger{dir: dir}, nil
}

func (l *Ledger) begin(g *Group, intent Intent, h Hold) error {
	text, err := json.Marshal(Record{
		Version: 1, Path: g.Path, Inode: g.Inode, File: High.String(), Old: h.Old.String(), Mark: h.Mark.String(),
		Slice: intent.Slice, Episode: intent.Episode, Until: intent.Until,
	})
	if err != nil {
		return &LedgerError{File: l.file(g.Inode), Op: "encode", Err: err}
	}
	name := l.file(g.Inode)
	if err := os.WriteFile(name+".new", append(text, '\n'), 0o644); err != nil {
		return &LedgerError{File: name, Op: "write", Err: err}
	}
	if err := os.Rename(name+".new", name); err != nil {
		return &LedgerError{File: name, Op: "rename", Err: err}
	}
	return nil
}

func (l *Ledger) end(inode uint64) error {
	if err := os.Remove(l.file(inode)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &LedgerError{File: l.file(inode), Op: "remove", Err: err}
	}
	return nil
}

func (l *Ledger) file(inode uint64) string {
	return filepath.Join(l.dir, strconv.FormatUint(inode, 10)+".json")
}

// Leftover is what became of one record of an earlier process.
type Leftover struct {
	Record
	How Restored
	Err error // the record could not be read or its group not restored; it stays
}

// Undo restores every hold in the ledger, for when the process that made them
// is gone. It tries all; a group that is gone, or that was made anew under the
// same path, needs nothing.
func (l *Ledger) Undo(mount string) ([]Leftover, error) {
	names, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &LedgerError{File: l.dir, Op: "list", Err: err}
	}
	var all []Leftover
	for _, n := range names {
		name := filepath.Join(l.dir, n.Name())
		if !strings.HasSuffix(name, ".json") {
			os.Remove(name) // a record cut short before the file was touched
			continue
		}
		all = append(all, l.undo(mount, name))
	}
	return all, nil
}

func (l *Ledger) undo(mount, name string) Leftover {
	var left Leftover
	text, err := os.ReadFile(name)
	if err != nil {
		left.Err = &LedgerError{File: name, Op: "read", Err: err}
		return left
	}
	h, err := left.Record.parse(text)
	if err != nil {
		left.Err = &LedgerError{File: name, Op: "parse", Err: err}
		return left
	}
	g, err := Open(mount, left.Path)
	if err == nil && g.Inode != left.Inode {
		g.Release()
		err = ErrGone
	}
	if IsGone(err) {
		left.How, left.Err = NothingToDo, l.end(left.Inode)
		return left
	}
	if err != nil {
		left.Err = err
		return left
	}
	defer g.Release()
	if left.Err = g.Prepare(High); left.Err == nil {
		left.How, left.Err = g.Restore(l, h)
	}
	return left
}

// parse fills r and returns its values. It trusts the file no further than it
// must: a path that leaves the mount, or another file, is refused.
func (r *Record) parse(text []byte) (Hold, error) {
	if err := json.Unmarshal(text, r); err != nil {
		return Hold{}, err
	}
	if r.Version != 1 || r.File != High.String() || !filepath.IsAbs(r.Path) || filepath.Clean(r.Path) != r.Path {
		return Hold{}, fmt.Errorf("%w: version %d, cgroup %q, file %q", ErrMalformed, r.Version, r.Path, r.File)
	}
	old, err := ParseLimit([]byte(r.Old))
	if err != nil {
		return Hold{}, err
	}
	mark, err := ParseLimit([]byte(r.Mark))
	return Hold{Old: old, Mark: mark}, err
}
