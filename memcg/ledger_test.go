package memcg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure holds of three files of one group are apart on record, and are undone
// in the order in which they help each other.
func TestLedger_UndoThree(t *testing.T) {
	dir, g, ledger := planted(t, map[string]string{
		"memory.current": m100, "memory.high": m400, "memory.max": m500, "cgroup.freeze": "0",
	})
	if _, err := g.Lend(ledger, intent, 100*mib, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Throttle(ledger, intent, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Freeze(ledger, intent); err != nil {
		t.Fatal(err)
	}
	left, err := ledger.Undo(filepath.Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range left {
		if l.How != RestoredOld || l.Err != nil || l.Episode != "e" {
			t.Errorf("Undo() of %s = %v, %v, want RestoredOld", l.File, l.How, l.Err)
		}
		got = append(got, l.File+" "+text(t, dir, l.File))
	}
	want := []string{"cgroup.freeze 0", "memory.high " + m400, "memory.max " + m500}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Undo(), (-want +got)\n%s", diff)
	}
	if got := records(t, ledger); len(got) != 0 {
		t.Errorf("records: %q, want none", got)
	}
}

// Ensure a crash at any point of a move can be undone, and somebody else's
// value outlives it.
func TestLedger_UndoHalfMoved(t *testing.T) {
	for _, tt := range []struct {
		name  string
		hold  Hold
		next  Limit
		found string
		want  Restored
		after string
	}{
		{"before the write", Hold{High, 400 * mib, 300 * mib}, 100 * mib, m300, RestoredOld, m400},
		{"after the write", Hold{High, 400 * mib, 300 * mib}, 100 * mib, m100, RestoredOld, m400},
		{"loan before the write", Hold{MaxFile, 400 * mib, 656 * mib}, 600 * mib, m656, RestoredOld, m400},
		{"loan after the write", Hold{MaxFile, 400 * mib, 656 * mib}, 600 * mib, m600, RestoredOld, m400},
		{"first move of a hold as it was", Hold{High, 400 * mib, 400 * mib}, 300 * mib, m300, RestoredOld, m400},
		{"put back", Hold{High, 400 * mib, 300 * mib}, 100 * mib, m400, NothingToDo, m400},
		{"foreign", Hold{High, 400 * mib, 300 * mib}, 100 * mib, other, LeftForeign, other},
		{"foreign loan", Hold{MaxFile, 400 * mib, 656 * mib}, 600 * mib, other, LeftForeign, other},
		{"foreign, never held", Hold{High, 400 * mib, 400 * mib}, 300 * mib, other, NothingToDo, other},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := tt.hold.File.String()
			dir, g, ledger := planted(t, map[string]string{"memory.current": m100, file: tt.found})
			if err := ledger.beginMove(g, intent, tt.hold, tt.next); err != nil {
				t.Fatal(err)
			}
			left, err := ledger.Undo(filepath.Dir(dir))
			if err != nil || len(left) != 1 || left[0].How != tt.want || left[0].Err != nil {
				t.Errorf("Undo() = %+v, %v, want %v", left, err, tt.want)
			}
			if got := text(t, dir, file); got != tt.after {
				t.Errorf("%s = %q, want %s", file, got, tt.after)
			}
		})
	}
}

// Ensure a throttle of a group that another process left throttled restores
// the first limit, and one whose record is somebody else's does not.
func TestGroup_ThrottleLeftover(t *testing.T) {
	for _, tt := range []struct {
		name  string
		inode uint64 // added to the group's
		want  Limit
	}{{"ours", 0, 400 * mib}, {"another group's", 1, 300 * mib}} {
		_, g, ledger := planted(t, map[string]string{"memory.current": m300, "memory.high": m300})
		was := &Group{Path: g.Path, Inode: g.Inode + tt.inode}
		if err := ledger.begin(was, intent, Hold{High, 400 * mib, 300 * mib}); err != nil {
			t.Fatal(err)
		}
		if h, err := g.Throttle(ledger, intent, nil); h != (Hold{High, tt.want, 300 * mib}) || err != nil {
			t.Errorf("%s: Throttle() = %+v, %v, want old %v", tt.name, h, err, tt.want)
		}
	}
}

// Ensure a record that is not what this package writes is refused, and stays.
func TestLedger_UndoMalformed(t *testing.T) {
	root := plant(t, map[string]string{"a.slice/memory.high": m400 + "\n"})
	good := `{"version":1,"cgroup":"/a.slice","inode":7,"file":"memory.high","old":"max","mark":"1"}`
	for _, tt := range []struct{ name, text string }{
		{"7.json", ""},
		{"7.json", strings.Replace(good, `"version":1`, `"version":2`, 1)},
		{"7.json", strings.Replace(good, "/a.slice", "a.slice", 1)},
		{"7.json", strings.Replace(good, "/a.slice", "/a.slice/../..", 1)},
		{"7.json", strings.Replace(good, "memory.high", "memory.min", 1)},
		{"7.json", strings.Replace(good, "memory.high", "memory.max", 1)}, // under the name of another file
		{"8.json", good},
		{"7.json", strings.Replace(good, `"max"`, `"much"`, 1)},
		{"7.json", strings.Replace(good, `"mark":"1"`, `"mark":""`, 1)},
		{"7.json", strings.Replace(good, `"mark"`, `"next":"x","mark"`, 1)},
		{"7.freeze.json", strings.Replace(good, "memory.high", "cgroup.freeze", 1)}, // old is "max"
	} {
		dir := t.TempDir()
		name := filepath.Join(dir, tt.name)
		if err := os.WriteFile(name, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		left, err := (&Ledger{dir: dir}).Undo(root)
		var le *LedgerError
		if err != nil || len(left) != 1 || !errors.As(left[0].Err, &le) || le.File != name {
			t.Errorf("Undo() of %s %s = %+v, %v, want a LedgerError of it", tt.name, tt.text, left, err)
		}
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%s %s: %v, want it left for people", tt.name, tt.text, err)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"version":1,"cgroup":"/a.slice","inode":7,"file":"memory.high","old":"max","mark":"104857600"}`))
	f.Add([]byte(`{"version":1,"cgroup":"/a.slice","inode":7,"file":"memory.max","old":"104857600","mark":"204857600","next":"154857600"}`))
	f.Add([]byte(`{"version":1,"cgroup":"/a.slice","inode":7,"file":"cgroup.freeze","old":"0","mark":"1"}`))
	f.Add([]byte(`{"version":1,"cgroup":"/../etc","inode":7,"file":"cgroup.freeze","old":"0","mark":"2"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r Record
		h, next, err := r.parse(text)
		if err != nil {
			return
		}
		if !h.inForce() || h.File.String() != r.File || !strings.HasPrefix(r.Path, "/") || strings.Contains(r.Path+"/", "/../") {
			t.Errorf("parse(%q) = %+v, %v of %+v, want it refused", text, h, next, r)
		}
		if h.File == Freeze && max(h.Old, h.Mark, next) > 1 {
			t.Errorf("parse(%q) = %+v, %v, want 0 or 1", text, h, next)
		}
	})
}
