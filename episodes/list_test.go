package episodes

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Ensure a list has what its filter asks for, the newest first, and nothing that is not a record.
func TestStore_List(t *testing.T) {
	long := strings.Repeat("x", 240) + ".slice"
	s := write(t, small(2, "a.slice"), small(0, "a.slice"), small(3, `b\x2d_c.slice`), small(1, "-.slice"), small(4, long))
	must(t, os.WriteFile(filepath.Join(s.Dir, "README"), nil, 0o644))
	must(t, os.Mkdir(filepath.Join(s.Dir, "old"), 0o755))
	for _, tt := range []struct {
		name   string
		filter Filter
		want   []int
	}{
		{"all", Filter{}, []int{4, 3, 2, 1, 0}},
		{"newest", Filter{Newest: 2}, []int{4, 3}},
		{"slice", Filter{Slice: "a.slice"}, []int{2, 0}},
		{"newest of a slice", Filter{Slice: "a.slice", Newest: 1}, []int{2}},
		{"root", Filter{Slice: "-.slice"}, []int{1}},
		{"escaped", Filter{Slice: `b\x2d_c.slice`}, []int{3}},
		{"long", Filter{Slice: long}, []int{4}},
		{"no such slice", Filter{Slice: "a"}, nil},
		{"since", Filter{Since: began.Add(2 * time.Minute)}, []int{4, 3, 2}},
		{"since a slice", Filter{Slice: "a.slice", Since: began.Add(time.Minute)}, []int{2}},
		{"later", Filter{Since: began.Add(time.Hour)}, nil},
	} {
		all, err := s.List(tt.filter)
		var got []int
		for _, e := range all {
			got = append(got, int(e.Began.Sub(began)/time.Minute))
		}
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: List(%+v): %v, -want +got\n%s", tt.name, tt.filter, err, diff)
		}
	}
}

// Ensure a store that was never written is told from one that is empty.
func TestStore_ListNothing(t *testing.T) {
	s := Store{Dir: filepath.Join(t.TempDir(), "episodes")}
	if _, err := s.List(Filter{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("List of no folder: %v, want ErrNotExist", err)
	}
	must(t, os.Mkdir(s.Dir, 0o755))
	if all, err := s.List(Filter{}); err != nil || len(all) != 0 {
		t.Errorf("List of an empty folder = %v, %v, want nothing", all, err)
	}
}

// Ensure an episode is found by as much of its id as tells it from others, and that the error says which others.
func TestStore_Find(t *testing.T) {
	records := []*Record{small(0, "a.slice"), small(1, "a.slice"), small(2, "b.slice")}
	records[0].Episode, records[1].Episode, records[2].Episode = "abc0-1", "abc1-2", "f00-3"
	s := write(t, records...)
	for _, tt := range []struct {
		prefix string
		want   string // the id
		err    error
		text   string // in the error
	}{
		{prefix: "abc0", want: "abc0-1"},
		{prefix: "f", want: "f00-3"},
		{prefix: "F00-3", want: "f00-3"},
		{prefix: "abc", err: ErrAmbiguous, text: "abc1-2 of a.slice, abc0-1 of a.slice"},
		{prefix: "abd", err: ErrUnknown, text: "no such episode as abd among 3"},
		{prefix: "f00-3-and-more", err: ErrUnknown},
		{prefix: "", err: ErrUnknown},
		{prefix: "../x", err: ErrUnknown, text: "letters, digits and dashes"},
	} {
		got, err := s.Find(tt.prefix)
		if got.Episode != tt.want || !errors.Is(err, tt.err) || err != nil && !strings.Contains(err.Error(), tt.text) {
			t.Errorf("Find(%q) = %q, %v, want %q, %v with %q", tt.prefix, got.Episode, err, tt.want, tt.err, tt.text)
		}
	}
}
