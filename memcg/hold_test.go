package memcg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The planted files are ordinary ones, which a shorter text does not cut: the
// values here all have nine digits. The kernel's own are in the scenarios.
const old700M = "734003200"

func heldGroup(t *testing.T) (root string, g *Group, ledger *Ledger) {
	t.Helper()
	root = plant(t, map[string]string{"a.slice/memory.current": "104857600\n", "a.slice/memory.high": old700M + "\n"})
	ledger, err := OpenLedger(filepath.Join(t.TempDir(), "holds"))
	if err != nil {
		t.Fatal(err)
	}
	return root, opened(t, root, "/a.slice"), ledger
}

func records(t *testing.T, l *Ledger) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(l.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

var intent = Intent{Slice: "w.slice", Episode: "e", Until: time.Unix(1, 0)}

// Ensure a hold is at or above usage, on record while it lasts, and gone after.
func TestGroup_ThrottleRestore(t *testing.T) {
	root, g, ledger := heldGroup(t)
	h, err := g.Throttle(ledger, intent, nil)
	if err != nil {
		t.Fatal(err)
	}
	if h.Old != 700<<20 || h.Mark < 100<<20 || h.Mark > 200<<20 {
		t.Errorf("Throttle() = %+v, want old 700M and a mark a little above 100M", h)
	}
	if got := text(t, root, "a.slice/memory.high"); got != h.Mark.String() {
		t.Errorf("memory.high = %q while held, want %v", got, h.Mark)
	}
	if got := records(t, ledger); len(got) != 1 {
		t.Errorf("records while held: %q, want one", got)
	}
	how, err := g.Restore(ledger, h, 0)
	if how != RestoredOld || err != nil {
		t.Errorf("Restore() = %v, %v, want RestoredOld", how, err)
	}
	if got := text(t, root, "a.slice/memory.high"); got != old700M {
		t.Errorf("memory.high = %q after the hold, want %s", got, old700M)
	}
	if got := records(t, ledger); len(got) != 0 {
		t.Errorf("records after the hold: %q, want none", got)
	}
}

// Ensure a limit that is lower already is left alone.
func TestGroup_ThrottleLower(t *testing.T) {
	root, g, ledger := heldGroup(t)
	if err := os.WriteFile(filepath.Join(root, "a.slice/memory.high"), []byte("104000000\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := g.Throttle(ledger, intent, nil)
	if err != nil || h.Mark != h.Old || h.Mark != 104000000 {
		t.Errorf("Throttle() = %+v, %v; want the lower limit left", h, err)
	}
	if got := records(t, ledger); len(got) != 0 {
		t.Errorf("records: %q, want none: nothing was written", got)
	}
}

// Ensure a value that somebody else wrote meanwhile stays.
func TestGroup_RestoreForeign(t *testing.T) {
	root, g, ledger := heldGroup(t)
	h, err := g.Throttle(ledger, intent, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "a.slice/memory.high"), []byte("500000000\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if how, err := g.Restore(ledger, h, 0); how != LeftForeign || err != nil {
		t.Errorf("Restore() = %v, %v, want LeftForeign", how, err)
	}
	if got := text(t, root, "a.slice/memory.high"); got != "500000000" {
		t.Errorf("memory.high = %q, want the other's 500000000", got)
	}
	if got := records(t, ledger); len(got) != 0 {
		t.Errorf("records: %q, want none", got)
	}
}

// Ensure nothing is held where it cannot be written down first.
func TestGroup_ThrottleNoLedger(t *testing.T) {
	root, g, ledger := heldGroup(t)
	if err := os.RemoveAll(ledger.dir); err != nil {
		t.Fatal(err)
	}
	if h, err := g.Throttle(ledger, intent, nil); err == nil {
		t.Errorf("Throttle() = %+v without a ledger, want an error", h)
	}
	if got := text(t, root, "a.slice/memory.high"); got != old700M {
		t.Errorf("memory.high = %q, want it untouched", got)
	}
}

// Ensure another process can undo what one left, and only that.
func TestLedger_Undo(t *testing.T) {
	root, g, ledger := heldGroup(t)
	if _, err := g.Throttle(ledger, intent, nil); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"7.json":     `{"version":1,"cgroup":"/gone.slice","inode":7,"file":"memory.high","old":"max","mark":"1"}`,
		"8.json":     `{"version":1,"cgroup":"/../../etc","inode":8,"file":"memory.high","old":"max","mark":"1"}`,
		"9.json":     `{"version":1,"cgroup":"/a.slice","inode":9,"file":"memory.high","old":"max","mark":"734003200"}`,
		"10.json":    `{"vers`,
		"5.json.new": "",
	} {
		if err := os.WriteFile(filepath.Join(ledger.dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	left, err := ledger.Undo(root)
	if err != nil {
		t.Fatal(err)
	}
	how := map[string]int{}
	for _, l := range left {
		switch {
		case l.Err != nil:
			how["error"]++
		case l.How == RestoredOld:
			how["restored "+l.Path]++
		case l.How == NothingToDo:
			how["nothing"]++
		}
	}
	if how["restored /a.slice"] != 1 || how["nothing"] != 2 || how["error"] != 2 {
		t.Errorf("Undo() = %v, want a.slice restored, 2 without need (gone, another inode), 2 errors", how)
	}
	if got := text(t, root, "a.slice/memory.high"); got != old700M {
		t.Errorf("memory.high = %q after Undo, want %s", got, old700M)
	}
	for _, name := range records(t, ledger) {
		if !strings.HasSuffix(name, "/8.json") && !strings.HasSuffix(name, "/10.json") {
			t.Errorf("%s is left in the ledger, want only the records with errors", name)
		}
	}
	again, err := (&Ledger{dir: filepath.Join(root, "none")}).Undo(root)
	if len(again) != 0 || err != nil {
		t.Errorf("Undo() without a ledger = %v, %v, want nothing", again, err)
	}
}

// Ensure a hold whose write fails is none, in the file and on record.
func TestGroup_ThrottleWriteFails(t *testing.T) {
	root, g, ledger := heldGroup(t)
	unix.Close(g.fds[High])
	fd, err := unix.Open(filepath.Join(root, "a.slice/memory.high"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	g.fds[High] = fd
	if h, err := g.Throttle(ledger, intent, nil); h != (Hold{}) || !errors.Is(err, unix.EBADF) {
		t.Errorf("Throttle() = %+v, %v, want no hold and EBADF", h, err)
	}
	if got := records(t, ledger); len(got) != 0 {
		t.Errorf("records: %q, want none", got)
	}
}

// Ensure a write whose hold did not come about is undone, with its record.
func TestGroup_TakeBack(t *testing.T) {
	root, g, ledger := heldGroup(t)
	h, err := g.Throttle(ledger, intent, nil)
	if err != nil {
		t.Fatal(err)
	}
	g.takeBack(ledger, h)
	if got := text(t, root, "a.slice/memory.high"); got != old700M {
		t.Errorf("memory.high = %q, want the old %s", got, old700M)
	}
	if got := records(t, ledger); len(got) != 0 {
		t.Errorf("records: %q, want none", got)
	}
}
