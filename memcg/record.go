package memcg

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"time"
)

// Record is a hold in the ledger.
type Record struct {
	Version int       `json:"version"` // 1
	Path    string    `json:"cgroup"`
	Inode   uint64    `json:"inode"`
	File    string    `json:"file"` // memory.high, memory.max or cgroup.freeze
	Old     string    `json:"old"`
	Mark    string    `json:"mark"`
	Next    string    `json:"next,omitempty"` // while the mark moves: the file holds this one or Mark
	Slice   string    `json:"slice"`
	Episode string    `json:"episode"`
	Until   time.Time `json:"until"`
}

func newRecord(g *Group, intent Intent, h Hold) Record {
	return Record{
		Version: 1, Path: g.Path, Inode: g.Inode, File: h.File.String(), Old: h.Old.String(), Mark: h.Mark.String(),
		Slice: intent.Slice, Episode: intent.Episode, Until: intent.Until,
	}
}

// name is that of the record's file in the ledger.
func (r *Record) name() string { return recordName(r.Inode, r.File) }

// recordName keeps holds of different files of one group apart. That of
// memory.high has no word in it, as the first version wrote it.
func recordName(inode uint64, file string) string {
	kind := ""
	switch file {
	case MaxFile.String():
		kind = ".max"
	case Freeze.String():
		kind = ".freeze"
	}
	return strconv.FormatUint(inode, 10) + kind + ".json"
}

// parse fills r from a record such as
//
//	{"version":1,"cgroup":"/a.slice","inode":7,"file":"memory.high","old":"max","mark":"104857600",
//	 "slice":"a.slice","episode":"...","until":"..."}
//
// and returns its values; next is the mark where none is about to follow. It
// trusts the file no further than it must: a path that leaves the mount,
// another file, or a value that this file never takes, is refused.
func (r *Record) parse(text []byte) (h Hold, next Limit, err error) {
	if err := json.Unmarshal(text, r); err != nil {
		return Hold{}, 0, err
	}
	for _, f := range [...]File{High, MaxFile, Freeze} {
		if r.File == f.String() {
			h.File = f
		}
	}
	if r.Version != 1 || !h.inForce() || !filepath.IsAbs(r.Path) || filepath.Clean(r.Path) != r.Path {
		return Hold{}, 0, fmt.Errorf("%w: version %d, cgroup %q, file %q", ErrMalformed, r.Version, r.Path, r.File)
	}
	for _, v := range [...]struct {
		text string
		to   *Limit
	}{{r.Old, &h.Old}, {r.Mark, &h.Mark}, {cmp.Or(r.Next, r.Mark), &next}} {
		if *v.to, err = ParseLimit([]byte(v.text)); err != nil {
			return Hold{}, 0, err
		}
		if h.File == Freeze && *v.to > frozen {
			return Hold{}, 0, fmt.Errorf("%w: %s is 0 or 1, not %q", ErrMalformed, r.File, v.text)
		}
	}
	return h, next, nil
}
