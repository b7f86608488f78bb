package episodes

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Entry is what the name of a record's file says.
type Entry struct {
	Name    string    // Of the file, in the store's folder.
	Slice   string    // The beginning and an ellipsis where it is longer than a file's name can bear.
	Episode string    // As in the record.
	Began   time.Time // In UTC, to the microsecond.

	escaped string // the slice, as the name has it
}

// Filter says which records List returns. The zero value is all of them.
type Filter struct {
	Slice  string    // "" is any.
	Since  time.Time // Those that began then or later.
	Newest int       // So many at most; 0 is all.
}

// List returns the records of the store, the newest first, by the names of their files alone. What is not a record is
// passed over. The error is an [Error]; of a store that was never written it wraps [fs.ErrNotExist].
func (s Store) List(f Filter) ([]Entry, error) {
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	want := escape(f.Slice)
	var all []Entry
	for _, e := range entries(names) {
		if e.Began.Before(f.Since) || f.Newest > 0 && len(all) == f.Newest {
			break // all others are older, or too many
		}
		if f.Slice == "" || e.escaped == want {
			all = append(all, e)
		}
	}
	return all, nil
}

// namedMax is how many episodes an error names.
const namedMax = 4

// Find returns the one episode whose id begins with prefix. The error is an [Error] with [ErrUnknown] or [ErrAmbiguous].
func (s Store) Find(prefix string) (Entry, error) {
	fail := func(err error) (Entry, error) { return Entry{}, &Error{Op: "find", Path: s.Dir, Err: err} }
	if !validID(prefix) {
		return fail(fmt.Errorf("%w as %q; an id has letters, digits and dashes", ErrUnknown, prefix))
	}
	all, err := s.List(Filter{})
	if err != nil {
		return Entry{}, err
	}
	var found []Entry
	for _, e := range all {
		if len(e.Episode) >= len(prefix) && strings.EqualFold(e.Episode[:len(prefix)], prefix) {
			found = append(found, e)
		}
	}
	switch len(found) {
	case 0:
		return fail(fmt.Errorf("%w as %s among %d", ErrUnknown, prefix, len(all)))
	case 1:
		return found[0], nil
	}
	var some []string
	for _, e := range found[:min(len(found), namedMax)] {
		some = append(some, e.Episode+" of "+e.Slice)
	}
	if len(found) > namedMax {
		some = append(some, fmt.Sprintf("and %d more", len(found)-namedMax))
	}
	return fail(fmt.Errorf("%w as %s: %s", ErrAmbiguous, prefix, strings.Join(some, ", ")))
}

// names returns the names of all that is in the folder, in no order.
func (s Store) names() ([]string, error) {
	d, err := os.Open(s.Dir)
	if err != nil {
		return nil, &Error{Op: "list", Path: s.Dir, Err: bare(err)}
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, &Error{Op: "list", Path: s.Dir, Err: bare(err)}
	}
	return names, nil
}

// entries returns those of the names that are records, the newest first.
func entries(names []string) []Entry {
	// By text: that is their time, and cheaper than to sort what was parsed.
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(b, a) })
	all := make([]Entry, 0, len(names))
	for _, name := range names {
		if e, ours := parseName(name); ours {
			all = append(all, e)
		}
	}
	return all
}
