package memcg

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// Nine digits each, as in hold_test.go, and whole pages.
const (
	mib   = 1 << 20
	m100  = "104857600"
	m300  = "314572800"
	m400  = "419430400"
	m500  = "524288000"
	m600  = "629145600"
	m656  = "687865856"
	other = "500002816" // pages of somebody else's
)

// planted is a group with these values in its files, and a ledger.
func planted(t *testing.T, values map[string]string) (dir string, g *Group, ledger *Ledger) {
	t.Helper()
	tree := map[string]string{}
	for name, value := range values {
		tree["a.slice/"+name] = value + "\n"
	}
	root := plant(t, tree)
	ledger, err := OpenLedger(filepath.Join(t.TempDir(), "holds"))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "a.slice"), opened(t, root, "/a.slice"), ledger
}

// set writes over a fake file in place, so that no reader finds it empty.
func set(t *testing.T, dir, name, value string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt([]byte(value), 0)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Error(err)
	}
}

// Ensure a mark goes where it may, and no further.
func TestGroup_Move(t *testing.T) {
	fits := Limit(100*mib + slackBytes())
	for _, tt := range []struct {
		name string
		file File
		old  Limit
		mark Limit
		to   Limit
		want Limit
	}{
		{"throttle to usage", High, 400 * mib, 300 * mib, 0, fits},
		{"throttle up", High, 400 * mib, 300 * mib, 350 * mib, 350 * mib},
		{"throttle above old", High, 400 * mib, 300 * mib, Max, 400 * mib},
		{"throttle below usage", High, 400 * mib, 300 * mib, 99 * mib, 99 * mib},
		{"throttle to whole pages", High, 400 * mib, 300 * mib, 350*mib + 1, 350 * mib},
		{"throttle stays", High, 400 * mib, 300 * mib, 300 * mib, 300 * mib},
		{"throttle of a lower limit", High, 300 * mib, 300 * mib, 200 * mib, 200 * mib},
		{"loan down", MaxFile, 120 * mib, 300 * mib, 250 * mib, 250 * mib},
		{"loan below old", MaxFile, 250 * mib, 300 * mib, 200 * mib, 250 * mib},
		{"loan below usage", MaxFile, 99 * mib, 300 * mib, 99 * mib, fits},
		{"loan up", MaxFile, 250 * mib, 300 * mib, 350 * mib, 350 * mib},
		{"loan that is used up", MaxFile, 99 * mib, 100 * mib, 99 * mib, 100 * mib},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, g, ledger := planted(t, map[string]string{"memory.current": m100, tt.file.String(): tt.mark.String()})
			h := Hold{File: tt.file, Old: tt.old, Mark: tt.mark}
			got, err := g.Move(ledger, intent, h, tt.to)
			if diff := cmp.Diff(Hold{File: tt.file, Old: tt.old, Mark: tt.want}, got); diff != "" || err != nil {
				t.Errorf("Move(%v): %v, (-want +got)\n%s", tt.to, err, diff)
			}
			buf := new(Buffer)
			if now, err := g.limit(tt.file, buf); now != tt.want || err != nil {
				t.Errorf("%v = %v, %v after Move(%v), want %v", tt.file, now, err, tt.to, tt.want)
			}
			r, held, next, err := ledger.load(recordName(g.Inode, tt.file.String()))
			if moved := tt.want != tt.mark; moved && (err != nil || held != got || next != got.Mark || r.Episode != "e") {
				t.Errorf("on record: %+v, %v, want %+v", r, err, got)
			} else if !moved && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("on record: %+v, %v, want nothing: nothing moved", r, err)
			}
		})
	}
}

// Ensure what is no throttle and no loan comes back as it was.
func TestGroup_MoveNothing(t *testing.T) {
	_, g, ledger := planted(t, map[string]string{"cgroup.freeze": "1"})
	for _, h := range []Hold{{}, {File: Freeze, Mark: 1}, {File: CgroupEvents, Mark: 1}} {
		if got, err := g.Move(ledger, intent, h, 100*mib); got != h || err != nil {
			t.Errorf("Move(%+v) = %+v, %v, want it unchanged", h, got, err)
		}
	}
}

// Ensure a refused move leaves the hold, the file and a record that undoes it.
func TestGroup_MoveRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, dir string, g *Group, l *Ledger)
		want  error
		found string
	}{
		{"somebody else wrote", func(t *testing.T, dir string, _ *Group, _ *Ledger) { set(t, dir, "memory.high", other) }, ErrMoved, other},
		{"put back", func(t *testing.T, dir string, _ *Group, _ *Ledger) { set(t, dir, "memory.high", m400) }, ErrMoved, m400},
		{"no ledger", func(t *testing.T, _ string, _ *Group, l *Ledger) {
			if err := os.RemoveAll(l.dir); err != nil {
				t.Fatal(err)
			}
		}, os.ErrNotExist, m300},
		{"malformed usage", func(t *testing.T, dir string, _ *Group, _ *Ledger) { set(t, dir, "memory.current", "x") }, ErrMalformed, m300},
		{"write fails", func(t *testing.T, dir string, g *Group, _ *Ledger) {
			unix.Close(g.fds[High])
			fd, err := unix.Open(filepath.Join(dir, "memory.high"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			g.fds[High] = fd
		}, unix.EBADF, m300},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, g, ledger := planted(t, map[string]string{"memory.current": m100, "memory.high": m300})
			h := Hold{File: High, Old: 400 * mib, Mark: 300 * mib}
			if err := ledger.begin(g, intent, h); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, dir, g, ledger)
			got, err := g.Move(ledger, intent, h, 350*mib)
			if got != h || !errors.Is(err, tt.want) {
				t.Errorf("Move() = %+v, %v, want it unchanged and %v", got, err, tt.want)
			}
			if got := text(t, dir, "memory.high"); got != tt.found {
				t.Errorf("memory.high = %q, want %s", got, tt.found)
			}
			if _, onRecord, _, err := ledger.load(recordName(g.Inode, "memory.high")); tt.name != "no ledger" && (onRecord != h || err != nil) {
				t.Errorf("on record: %+v, %v, want %+v", onRecord, err, h)
			}
		})
	}
}

// Ensure a squeeze goes through a descriptor of its own: the file that stands
// in the group's directory now, not the one prepared.
func TestGroup_MoveSqueeze(t *testing.T) {
	dir, g, ledger := planted(t, map[string]string{"memory.current": m400, "memory.high": m500})
	name := filepath.Join(dir, "memory.high")
	if err := os.Rename(name, name+".prepared"); err != nil {
		t.Fatal(err)
	}
	h := Hold{File: High, Old: 600 * mib, Mark: 500 * mib}
	if got, err := g.Move(ledger, intent, h, 300*mib); got != h || !errors.Is(err, ErrAbsent) {
		t.Errorf("Move() = %+v, %v without the file, want it unchanged and ErrAbsent", got, err)
	}
	if err := os.WriteFile(name, []byte(m500+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	// The prepared descriptor still reads the renamed file: as if somebody else
	// had written at once.
	h.Mark = 300 * mib
	got, err := g.Move(ledger, intent, Hold{High, h.Old, 500 * mib}, h.Mark)
	if got != h || !errors.Is(err, ErrMoved) {
		t.Errorf("Move() = %+v, %v, want %+v and ErrMoved", got, err, h)
	}
	if got := text(t, name); got != m300 {
		t.Errorf("memory.high = %q after a squeeze, want %s", got, m300)
	}
}

// Ensure an interrupted call is tried again, and not for ever.
func TestUntilUninterrupted(t *testing.T) {
	for _, tt := range []struct {
		interrupts, calls int
		want              error
	}{{0, 1, nil}, {1, 2, nil}, {2, 3, nil}, {3, 3, unix.EINTR}, {99, 3, unix.EINTR}} {
		calls := 0
		err := untilUninterrupted(func() error {
			if calls++; calls <= tt.interrupts {
				return unix.EINTR
			}
			return nil
		})
		if err != tt.want || calls != tt.calls {
			t.Errorf("%d interrupts: %d calls, %v; want %d, %v", tt.interrupts, calls, err, tt.calls, tt.want)
		}
	}
}
