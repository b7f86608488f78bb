package episodes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// files returns the names of all that is in a store's folder, in order.
func files(t *testing.T, s Store) []string {
	t.Helper()
	names, err := s.names()
	must(t, err)
	slices.Sort(names)
	return names
}

// Ensure a record comes back as it was written, from a file and a folder that all may read.
func TestStore_WriteRead(t *testing.T) {
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	want := record(0, "batch.slice")
	s := write(t, want)
	all, err := s.List(Filter{})
	if err != nil || len(all) != 1 {
		t.Fatalf("List = %v, %v, want one", all, err)
	}
	got, err := Read(s.Path(all[0]))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Read: %v, -want +got\n%s", err, diff)
	}
	for path, want := range map[string]fs.FileMode{s.Dir: 0o755 | fs.ModeDir, s.Path(all[0]): 0o644} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("mode of %s = %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
	if info, _ := os.Stat(s.Path(all[0])); info.Size() < 30_000 || info.Size() > 60_000 {
		t.Errorf("the record of these tests has %d bytes, want 30 to 60 KB: the benchmarks are to be of a realistic size", info.Size())
	}
}

// Ensure an episode that goes on has one file, with what was written last.
func TestStore_WriteAgain(t *testing.T) {
	r := small(0, "batch.slice")
	r.Outcome = Running
	s := write(t, r)
	r.Outcome = Stopped
	must(t, s.Write(r))
	all, err := s.List(Filter{})
	if err != nil || len(all) != 1 {
		t.Fatalf("List = %v, %v, want one", all, err)
	}
	if got, err := ReadSummary(s.Path(all[0])); err != nil || got.Outcome != Stopped {
		t.Errorf("ReadSummary = %+v, %v, want the outcome %q", got, err, Stopped)
	}
}

// Ensure the oldest records go when there are too many or when they are too large, never the one just written, and that
// files of others stay.
func TestStore_WriteTrims(t *testing.T) {
	for _, tt := range []struct {
		name     string
		maxFiles int
		maxBytes int64
		order    []int // episodes as they are written
		want     []int // that stay
	}{
		{"below both", 4, 0, []int{0, 1, 2}, []int{0, 1, 2}},
		{"files", 2, 0, []int{0, 1, 2, 3}, []int{2, 3}},
		{"bytes", 0, 120_000, []int{0, 1, 2, 3}, []int{2, 3}},
		{"one is more than all may have", 0, 10, []int{0, 1}, []int{1}},
		{"an old episode goes on", 2, 0, []int{0, 2, 3, 1}, []int{1, 3}},
		{"the same again", 2, 0, []int{0, 1, 1, 1}, []int{0, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Store{Dir: t.TempDir(), MaxFiles: tt.maxFiles, MaxBytes: tt.maxBytes}
			must(t, os.WriteFile(filepath.Join(s.Dir, "0.json"), nil, 0o644))
			for _, n := range tt.order {
				must(t, s.Write(record(n, "batch.slice")))
			}
			want := []string{"0.json"}
			for _, n := range tt.want {
				want = append(want, fileName("batch.slice", id(n), record(n, "").Began))
			}
			if diff := cmp.Diff(want, files(t, s)); diff != "" {
				t.Errorf("files: -want +got\n%s", diff)
			}
		})
	}
}

// Ensure what a writer that died left behind is removed, and nothing else that looks a little like it.
func TestStore_WriteRemovesLeftovers(t *testing.T) {
	s := write(t, small(0, "a.slice"))
	leftover := fileName("b.slice", id(1), began) + nameNew
	same := fileName("a.slice", id(2), record(2, "").Began) + nameNew
	for _, name := range []string{leftover, same, "mine.json" + nameNew} {
		must(t, os.WriteFile(s.path(name), []byte("{"), 0o600))
	}
	must(t, s.Write(small(2, "a.slice")))
	want := []string{fileName("a.slice", id(0), began), fileName("a.slice", id(2), record(2, "").Began), "mine.json.new"}
	if diff := cmp.Diff(want, files(t, s)); diff != "" {
		t.Errorf("files: -want +got\n%s", diff)
	}
}

// Ensure a record that no reader would take is not written.
func TestStore_WriteRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Record){
		"no version":    func(r *Record) { r.Version = 0 },
		"no episode":    func(r *Record) { r.Episode = "" },
		"a path":        func(r *Record) { r.Episode = "../../etc/passwd" },
		"no slice":      func(r *Record) { r.Slice = "" },
		"no time":       func(r *Record) { r.Began = r.Began.AddDate(-3000, 0, 0) },
		"short column":  func(r *Record) { r.Samples.Held = r.Samples.Held[1:] },
		"time flies":    func(r *Record) { r.Samples.AtUsec[3] = -1 << 40 },
		"a large value": func(r *Record) { r.Breach = strings.Repeat("x", recordMax) },
	} {
		s := Store{Dir: filepath.Join(t.TempDir(), "episodes")}
		r := record(0, "a.slice")
		spoil(r)
		var e *Error
		if err := s.Write(r); !errors.As(err, &e) || e.Op != "write" || !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: Write = %v, want an *Error of the op write", name, err)
		}
		if _, err := os.Stat(s.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the folder was made: %v", name, err)
		}
	}
}

// Ensure a full disk, and one that cannot be written, leave the old record as it is and nothing half-written, and that the
// error says what it is.
func TestStore_WriteDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Skipf("mount a tmpfs: %v; needs root and CAP_SYS_ADMIN", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	s := Store{Dir: dir}
	r := small(0, "a.slice")
	must(t, s.Write(r))
	want := files(t, s)
	check := func(errno unix.Errno, hint string) {
		t.Helper()
		large := *r
		large.Outcome = Failed
		large.Breach = strings.Repeat("x", 1<<18)
		err := s.Write(&large)
		if !errors.Is(err, errno) || !strings.Contains(fmt.Sprint(err), hint) || !strings.Contains(fmt.Sprint(err), want[0]) {
			t.Errorf("Write = %v, want %v with the file and %q", err, errno, hint)
		}
		if diff := cmp.Diff(want, files(t, s)); diff != "" {
			t.Errorf("files: -want +got\n%s", diff)
		}
		if got, err := ReadSummary(s.path(want[0])); err != nil || got.Outcome != Stopped {
			t.Errorf("ReadSummary = %+v, %v, want the outcome %q", got, err, Stopped)
		}
	}
	check(unix.ENOSPC, "the file system is full")
	must(t, unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	check(unix.EROFS, "can be written")
}

// Ensure a folder that cannot be made is an error with its path.
func TestStore_WriteNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o644))
	s := Store{Dir: filepath.Join(file, "episodes")}
	var e *Error
	if err := s.Write(small(0, "a.slice")); !errors.Is(err, unix.ENOTDIR) || !errors.As(err, &e) || !strings.HasPrefix(e.Path, s.Dir) {
		t.Errorf("Write = %v, want ENOTDIR with a path in %s", err, s.Dir)
	}
}
