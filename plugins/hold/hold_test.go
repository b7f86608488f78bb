package hold_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/memcg"
	"reprieve/plugins/hold"
)

// holder is what the daemon wants of a way to hold.
type holder interface {
	Hold(g *memcg.Group, intent memcg.Intent, old *memcg.Limit, lendBytes uint64) (memcg.Hold, error)
	Move(g *memcg.Group, intent memcg.Intent, h memcg.Hold, to memcg.Limit) (memcg.Hold, error)
	Lift(g *memcg.Group, h memcg.Hold) (memcg.Restored, error)
}

const mib = 1 << 20

// Nine digits each, since a shorter text does not cut an ordinary file.
const (
	usage100M = "104857600\n"
	limit400M = "419430400\n"
)

func leaf(t *testing.T) (dir string, g *memcg.Group, ledger *memcg.Ledger) {
	t.Helper()
	root := t.TempDir()
	dir = filepath.Join(root, "a.slice")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"memory.current": usage100M, "memory.high": limit400M, "memory.max": limit400M, "cgroup.freeze": "0\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	g, err := memcg.Open(root, "/a.slice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Release)
	if err := g.Prepare(memcg.Current, memcg.High, memcg.MaxFile, memcg.Freeze); err != nil {
		t.Fatal(err)
	}
	if ledger, err = memcg.OpenLedger(filepath.Join(root, "holds")); err != nil {
		t.Fatal(err)
	}
	return dir, g, ledger
}

// Ensure each way holds by its own file, moves what it can, and leaves nothing behind.
func TestHolders(t *testing.T) {
	for _, tt := range []struct {
		name  string
		of    func(*memcg.Ledger) holder
		file  string
		held  func(memcg.Hold) bool
		to    memcg.Limit
		moved memcg.Limit
	}{
		{"throttle", func(l *memcg.Ledger) holder { return hold.Throttle{Ledger: l} }, "memory.high",
			func(h memcg.Hold) bool {
				return h.File == memcg.High && h.Old == 400*mib && h.Mark > 100*mib && h.Mark < 400*mib
			}, 300 * mib, 300 * mib},
		{"freeze", func(l *memcg.Ledger) holder { return hold.Freeze{Ledger: l} }, "cgroup.freeze",
			func(h memcg.Hold) bool { return h == memcg.Hold{File: memcg.Freeze, Old: 0, Mark: 1} }, 300 * mib, 1},
		{"raise", func(l *memcg.Ledger) holder { return hold.Raise{Ledger: l} }, "memory.max",
			func(h memcg.Hold) bool {
				return h == memcg.Hold{File: memcg.MaxFile, Old: 400 * mib, Mark: 656 * mib}
			}, 500 * mib, 500 * mib},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, g, ledger := leaf(t)
			way := tt.of(ledger)
			before := text(t, dir, tt.file)
			h, err := way.Hold(g, memcg.Intent{}, nil, 256*mib)
			if err != nil || !tt.held(h) {
				t.Fatalf("Hold() = %+v, %v", h, err)
			}
			if got := text(t, dir, tt.file); got != h.Mark.String() {
				t.Errorf("%s = %q while held, want %v", tt.file, got, h.Mark)
			}
			want := memcg.Hold{File: h.File, Old: h.Old, Mark: tt.moved}
			h, err = way.Move(g, memcg.Intent{}, h, tt.to)
			if diff := cmp.Diff(want, h); diff != "" || err != nil {
				t.Errorf("Move(%v): %v, (-want +got)\n%s", tt.to, err, diff)
			}
			if got := text(t, dir, tt.file); got != h.Mark.String() {
				t.Errorf("%s = %q after the move, want %v", tt.file, got, h.Mark)
			}
			if how, err := way.Lift(g, h); how != memcg.RestoredOld || err != nil {
				t.Errorf("Lift() = %v, %v, want RestoredOld", how, err)
			}
			if got := text(t, dir, tt.file); got != before {
				t.Errorf("%s = %q after the hold, want %q", tt.file, got, before)
			}
			if left, err := ledger.Undo(filepath.Dir(dir)); len(left) != 0 || err != nil {
				t.Errorf("Undo() = %v, %v, want an empty ledger", left, err)
			}
		})
	}
}

func text(t *testing.T, dir, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(b), "\n")
}
