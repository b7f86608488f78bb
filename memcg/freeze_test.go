package memcg

import (
	"errors"
	"testing"
)

// Ensure a freeze is ours to thaw, and somebody else's is theirs.
func TestGroup_FreezeRestore(t *testing.T) {
	for _, tt := range []struct {
		name     string
		found    string
		want     Hold
		between  string // written by somebody else meanwhile
		how      Restored
		after    string
		freezeOK error
	}{
		{name: "thawed before", found: "0", want: Hold{Freeze, 0, 1}, how: RestoredOld, after: "0"},
		{name: "frozen before", found: "1", want: Hold{Freeze, 1, 1}, how: NothingToDo, after: "1"},
		{name: "frozen before, thawed meanwhile", found: "1", want: Hold{Freeze, 1, 1}, between: "0", how: NothingToDo, after: "0"},
		{name: "thawed meanwhile", found: "0", want: Hold{Freeze, 0, 1}, between: "0", how: NothingToDo, after: "0"},
		{name: "malformed", found: "2", freezeOK: ErrMalformed, how: NothingToDo, after: "2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, g, ledger := planted(t, map[string]string{"cgroup.freeze": tt.found})
			h, err := g.Freeze(ledger, intent)
			if h != tt.want || !errors.Is(err, tt.freezeOK) {
				t.Fatalf("Freeze() = %+v, %v, want %+v, %v", h, err, tt.want, tt.freezeOK)
			}
			if tt.freezeOK == nil && text(t, dir, "cgroup.freeze") != "1" {
				t.Error("cgroup.freeze is not 1 while held")
			}
			if got := len(records(t, ledger)); (got == 1) != (h.Mark != h.Old) {
				t.Errorf("%d records for %+v", got, h)
			}
			if tt.between != "" {
				set(t, dir, "cgroup.freeze", tt.between)
			}
			if how, err := g.Restore(ledger, h, 0); how != tt.how || err != nil {
				t.Errorf("Restore() = %v, %v, want %v", how, err, tt.how)
			}
			if got := text(t, dir, "cgroup.freeze"); got != tt.after {
				t.Errorf("cgroup.freeze = %q after, want %s", got, tt.after)
			}
			if got := records(t, ledger); len(got) != 0 {
				t.Errorf("records: %q, want none", got)
			}
		})
	}
}

// Ensure a second freeze does not take the first for somebody else's.
func TestGroup_FreezeTwice(t *testing.T) {
	_, g, ledger := planted(t, map[string]string{"cgroup.freeze": "0"})
	for range 2 {
		if h, err := g.Freeze(ledger, intent); h != (Hold{Freeze, 0, 1}) || err != nil {
			t.Errorf("Freeze() = %+v, %v, want a hold that thaws", h, err)
		}
	}
}

// Ensure a group without the file is ErrAbsent, and no hold needs nothing.
func TestGroup_FreezeAbsent(t *testing.T) {
	_, g, ledger := planted(t, map[string]string{"memory.high": m400})
	if h, err := g.Freeze(ledger, intent); h != (Hold{}) || !errors.Is(err, ErrAbsent) {
		t.Errorf("Freeze() = %+v, %v, want ErrAbsent", h, err)
	}
	if how, err := g.Restore(ledger, Hold{}, 0); how != NothingToDo || err != nil {
		t.Errorf("Restore(Hold{}) = %v, %v, want NothingToDo", how, err)
	}
}

// Ensure the readings of holds give their values, and half a file none.
func TestGroup_HoldReadings(t *testing.T) {
	for _, tt := range []struct {
		min, low string
		guard    uint64
		err      error
	}{{m100, m300, 300 * mib, nil}, {m300, m100, 300 * mib, nil}, {"0", "max", uint64(Max), nil}, {"0", "", 0, ErrMalformed}} {
		_, g, _ := planted(t, map[string]string{
			"memory.min": tt.min, "memory.low": tt.low, "memory.max": m400,
			"memory.stat": "anon 8192\nfile 4096\ninactive_file 1",
		})
		var buf Buffer
		if got, err := g.Guard(&buf); got != tt.guard || !errors.Is(err, tt.err) {
			t.Errorf("Guard() of min %s, low %s = %v, %v, want %v, %v", tt.min, tt.low, got, err, tt.guard, tt.err)
		}
		if got, err := g.Max(&buf); got != 400*mib || err != nil {
			t.Errorf("Max() = %v, %v, want 400M", got, err)
		}
		if got, err := g.Stat(&buf); got != (Stat{Anon: 8192, File: 4096, InactiveFile: 1}) || err != nil {
			t.Errorf("Stat() = %+v, %v", got, err)
		}
		if got, err := g.Frozen(&buf); got || !errors.Is(err, ErrAbsent) {
			t.Errorf("Frozen() = %v, %v without the file, want ErrAbsent", got, err)
		}
	}
	_, g, _ := planted(t, map[string]string{"memory.current": m100})
	if got, err := g.Guard(new(Buffer)); got != 0 || err != nil {
		t.Errorf("Guard() = %v, %v without the files, want 0", got, err)
	}
}
