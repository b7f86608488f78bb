package episodes

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// Ensure whatever is wrong with a file is named by both readers, with the path, and that a summary is not read from a file
// whose end is missing.
func TestRead_Bad(t *testing.T) {
	whole, err := encode(record(0, "a.slice"))
	must(t, err)
	edit := func(old, new string) []byte {
		if !bytes.Contains(whole, []byte(old)) {
			t.Fatalf("no %q in a record", old)
		}
		return bytes.Replace(whole, []byte(old), []byte(new), 1)
	}
	for _, tt := range []struct {
		name    string
		text    []byte
		want    error
		summary error // what ReadSummary says where it does not see as much
	}{
		{"whole", whole, nil, nil},
		{"empty", nil, ErrEmpty, ErrEmpty},
		{"a brace", []byte("{"), ErrTruncated, ErrTruncated},
		{"blank", []byte("  \n"), ErrTruncated, ErrTruncated},
		{"zeros after a crash", make([]byte, 9000), ErrCorrupt, ErrCorrupt},
		{"half", whole[:len(whole)/2], ErrTruncated, ErrTruncated},
		{"in the summary", whole[:100], ErrTruncated, ErrTruncated},
		{"without its last brace", whole[:len(whole)-2], ErrTruncated, nil}, // what is before it is one, too
		{"within the samples", whole[:len(whole)-9], ErrTruncated, ErrTruncated},
		{"two", append(bytes.Clone(whole), whole...), ErrCorrupt, nil},
		{"an array", []byte("[]"), ErrCorrupt, ErrCorrupt},
		{"another object", []byte(`{"a":1}`), ErrCorrupt, ErrCorrupt},
		{"text", []byte("hello"), ErrCorrupt, ErrCorrupt},
		{"no version", edit(`"version":1,`, ``), ErrCorrupt, ErrCorrupt},
		{"newer", edit(`"version":1,`, `"version":2,`), ErrNewer, ErrNewer},
		{"newer, of other types", edit(`"version":1,"episode":"`, `"version":7,"episode":{},"x":"`), ErrNewer, ErrNewer},
		{"a number for a slice", edit(`"slice":"a.slice"`, `"slice":1`), ErrCorrupt, ErrCorrupt},
		{"an id with a path", edit(`"episode":"`, `"episode":"../`), ErrCorrupt, ErrCorrupt},
		{"no time", edit(`"began":"2026`, `"began":"20x6`), ErrCorrupt, ErrCorrupt},
		{"a short column", edit(`"held":[0,`, `"held":[`), ErrCorrupt, nil},
		{"time goes back", edit(`"atUsec":[-2000000,`, `"atUsec":[2000000,`), ErrCorrupt, nil},
		{"a fraction", edit(`"held":[0,`, `"held":[0.5,`), ErrCorrupt, nil},
		{"fields of the future", edit(`"slice":`, `"mood":{"daemon":["}"],"x":"\"events\""},"slice":`), nil, nil},
		{"a long summary", edit(`"held":["`, `"held":["`+strings.Repeat(`x.service","`, 2000)), nil, nil},
		{"an endless summary", edit(`"breach":"`, `"breach":"`+strings.Repeat("x", 2<<20)), nil, ErrCorrupt},
		{"too large", make([]byte, recordMax+1), ErrTooLarge, ErrTooLarge},
	} {
		path := put(t, tt.text)
		r, err := Read(path)
		check(t, "Read: "+tt.name, path, err, tt.want)
		s, err := ReadSummary(path)
		check(t, "ReadSummary: "+tt.name, path, err, tt.summary)
		if tt.want == nil && tt.summary == nil {
			if diff := cmp.Diff(r.Summary, s); diff != "" {
				t.Errorf("%s: summaries: -Read +ReadSummary\n%s", tt.name, diff)
			}
		}
	}
}

// check compares an error of a reader.
func check(t *testing.T, what, path string, got, want error) {
	t.Helper()
	var e *Error
	switch {
	case !errors.Is(got, want):
		t.Errorf("%s: %v, want %v", what, got, want)
	case got != nil && (!errors.As(got, &e) || e.Path != path || e.Op != "read"):
		t.Errorf("%s: %#v, want an *Error with %s", what, got, path)
	case got != nil && strings.Count(got.Error(), path) != 1:
		t.Errorf("%s: %q, want the path once", what, got)
	}
}

// Ensure what is no file does not hang a reader and is not followed.
func TestRead_NotRegular(t *testing.T) {
	dir := t.TempDir()
	pipe, link, folder := filepath.Join(dir, "pipe"), filepath.Join(dir, "link"), filepath.Join(dir, "folder")
	must(t, unix.Mkfifo(pipe, 0o644))
	must(t, os.Symlink(write(t, small(0, "a.slice")).path(fileName("a.slice", id(0), began)), link))
	must(t, os.Mkdir(folder, 0o755))
	for _, path := range []string{pipe, link, folder} {
		_, err := Read(path)
		check(t, "Read", path, err, ErrNotRegular)
		_, err = ReadSummary(path)
		check(t, "ReadSummary", path, err, ErrNotRegular)
	}
	_, err := Read(filepath.Join(dir, "none"))
	check(t, "Read", filepath.Join(dir, "none"), err, unix.ENOENT)
}

// Ensure many summaries come in the order that was asked for, each bad one with its own error.
func TestStore_Summaries(t *testing.T) {
	s := write(t)
	var entries []Entry
	for n := range 50 {
		must(t, s.Write(small(n, "a.slice")))
		e, _ := parseName(fileName("a.slice", id(n), record(n, "").Began))
		entries = append(entries, e)
	}
	must(t, os.WriteFile(s.Path(entries[7]), []byte("{"), 0o644))
	must(t, os.Remove(s.Path(entries[9])))
	for n, got := range s.Summaries(entries) {
		want := map[int]error{7: ErrTruncated, 9: unix.ENOENT}[n]
		if !errors.Is(got.Err, want) || got.Entry != entries[n] || want == nil && got.Summary.Episode != id(n) {
			t.Errorf("reading %d = %+v, want episode %s, error %v", n, got, id(n), want)
		}
	}
}

// FuzzRead: whatever bytes a file has, neither reader panics; the error is one of this package's, and what is read
// can be written and read again.
func FuzzRead(f *testing.F) {
	whole, err := encode(small(0, "a.slice"))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{
		whole, whole[:40], nil, []byte("{}"), []byte("null"), []byte(`{"version":1}`), []byte(`{"version":9}`), []byte(`"\`), []byte(`{"daemon":`),
		[]byte(`{"version":1,"episode":"e","slice":"s","began":"2026-11-22T19:05:12Z","events":[{}],"samples":{"atUsec":[1],"held":[2]}}`),
		[]byte(`{"VERSION":1,"episode":"e","slice":"\u0000/","began":"9999-12-31T23:59:59-01:00","verdict":{"candidates":[{}]},"samples":{}}`),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := put(t, text)
		var e *Error
		if _, err := ReadSummary(path); err != nil && !errors.As(err, &e) {
			t.Errorf("ReadSummary: %#v, want an *Error", err)
		}
		r, err := Read(path)
		if err != nil {
			if !errors.As(err, &e) || r != nil {
				t.Errorf("Read = %v, %#v, want no record and an *Error", r, err)
			}
			return
		}
		s := Store{Dir: t.TempDir()}
		must(t, s.Write(r))
		entry, err := s.Find(r.Episode)
		must(t, err)
		again, err := Read(s.Path(entry))
		must(t, err)
		first, _ := encode(r)
		if second, _ := encode(again); !bytes.Equal(first, second) {
			t.Errorf("read again:\n%s\nwant\n%s", second, first)
		}
		if sum, err := ReadSummary(s.Path(entry)); err != nil || !cmp.Equal(sum, again.Summary) {
			t.Errorf("ReadSummary = %+v, %v, want %+v", sum, err, again.Summary)
		}
	})
}

// Ensure a value of another type is told by its field and what it is, in the words of JSON.
func TestRead_WrongType(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                        "it is an array, which it cannot be",
		`{"version":"1"}`:           "version is a string, which it cannot be",
		`{"version":1,"episode":3}`: "episode is a number, which it cannot be",
		`{"version":1,"slice":{},"daemon":"","events":[]}`:  "slice is an object, which it cannot be",
		`{"version":1,"daemon":"","samples":{"held":true}}`: "samples.held is a bool, which it cannot be",
	} {
		path := filepath.Join(t.TempDir(), "record")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); !errors.Is(err, ErrCorrupt) || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("Read(%s) = %v, want it to end with %q", text, err, want)
		}
	}
}
