package memcg

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Records returns the holds on record in a ledger's directory, by their groups and files, and a *LedgerError for each that cannot
// be read, or for the directory. It changes nothing; a directory that is not there has none.
func Records(dir string) (all []Record, unread []error) {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		unread = append(unread, &LedgerError{File: dir, Op: "list", Err: err})
	}
	l := &Ledger{dir: dir}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".json") {
			continue
		}
		switch r, _, _, err := l.load(f.Name()); {
		case errors.Is(err, fs.ErrNotExist): // lifted meanwhile
		case err != nil:
			unread = append(unread, err)
		default:
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b Record) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.File, b.File)) })
	return all, unread
}
