package memcg

import (
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func limit(bytes Limit) *Limit { return &bytes }

// Ensure a loan raises and never lowers.
func TestGroup_Lend(t *testing.T) {
	for _, tt := range []struct {
		name    string
		now     string
		bytes   uint64
		old     *Limit
		want    Hold
		err     error
		records int
	}{
		{"of what is found", m400, 256 * mib, nil, Hold{MaxFile, 400 * mib, 656 * mib}, nil, 1},
		{"put back", m300, 256 * mib, limit(400 * mib), Hold{MaxFile, 400 * mib, 656 * mib}, nil, 1},
		{"nothing", m400, 0, nil, Hold{MaxFile, 400 * mib, 400 * mib}, nil, 0},
		{"where more is there", m600, 100 * mib, limit(400 * mib), Hold{MaxFile, 600 * mib, 600 * mib}, nil, 0},
		{"no limit", "max", 256 * mib, nil, Hold{}, ErrNoLimit, 0},
		{"no limit before", m400, 256 * mib, limit(Max), Hold{}, ErrNoLimit, 0},
		{"malformed", "x", 256 * mib, nil, Hold{}, ErrMalformed, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, g, ledger := planted(t, map[string]string{"memory.max": tt.now})
			got, err := g.Lend(ledger, intent, tt.bytes, tt.old)
			if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) {
				t.Errorf("Lend(%d) error %v, want %v; (-want +got)\n%s", tt.bytes, err, tt.err, diff)
			}
			want := tt.now
			if tt.err == nil {
				want = tt.want.Mark.String()
			}
			if now := text(t, dir, "memory.max"); now != want {
				t.Errorf("memory.max = %q, want %s", now, want)
			}
			if got := records(t, ledger); len(got) != tt.records {
				t.Errorf("records: %q, want %d", got, tt.records)
			}
		})
	}
}

// Ensure a sum that the kernel does not count to is a limit still, and not "max".
func TestLimit_plus(t *testing.T) {
	most := Limit(1<<63) - 2*Limit(os.Getpagesize())
	for _, tt := range []struct {
		l     Limit
		bytes uint64
		want  Limit
	}{{400 * mib, 5, 400 * mib}, {1, 1 << 20, 1 << 20}, {Max - 1, 2, most}, {1, uint64(Max) - 1, most}, {most, 1 << 20, most}} {
		if got := tt.l.plus(tt.bytes); got != tt.want {
			t.Errorf("Limit(%d).plus(%d) = %d, want %d", tt.l, tt.bytes, got, tt.want)
		}
	}
	if got := Max.wholePages(); got != Max {
		t.Errorf("Max.wholePages() = %v, want max", got)
	}
}

// Ensure a loan that is not in use goes back at once, without patience.
func TestGroup_RestoreLoan(t *testing.T) {
	dir, g, ledger := planted(t, map[string]string{"memory.current": m300, "memory.max": m400})
	h, err := g.Lend(ledger, intent, 256*mib, nil)
	if err != nil {
		t.Fatal(err)
	}
	if how, err := g.Restore(ledger, h, 0); how != RestoredOld || err != nil {
		t.Errorf("Restore() = %v, %v, want RestoredOld", how, err)
	}
	if got := text(t, dir, "memory.max"); got != m400 {
		t.Errorf("memory.max = %q, want %s", got, m400)
	}
	if got := records(t, ledger); len(got) != 0 {
		t.Errorf("records: %q, want none", got)
	}
}

// Ensure a loan follows usage down step by step, each on record, to the old limit.
func TestGroup_RestoreLoanInSteps(t *testing.T) {
	dir, g, ledger := planted(t, map[string]string{"memory.current": m600, "memory.max": m400})
	h, err := g.Lend(ledger, intent, 256*mib, nil)
	if err != nil {
		t.Fatal(err)
	}
	var steps []Limit
	done := make(chan struct{})
	go func() {
		defer close(done)
		seen := h.Mark
		for usage := Limit(600 * mib); usage >= 350*mib; usage -= 50 * mib {
			set(t, dir, "memory.current", usage.String())
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
				_, onRecord, _, err := ledger.load(recordName(g.Inode, "memory.max"))
				if err != nil {
					break // it is back
				}
				if onRecord.Mark != seen {
					seen = onRecord.Mark
					steps = append(steps, seen)
					break
				}
			}
		}
	}()
	how, err := g.Restore(ledger, h, 30*time.Second)
	<-done
	if how != RestoredOld || err != nil {
		t.Errorf("Restore() = %v, %v, want RestoredOld", how, err)
	}
	if got := text(t, dir, "memory.max"); got != m400 {
		t.Errorf("memory.max = %q, want %s", got, m400)
	}
	slack := Limit(slackBytes())
	want := []Limit{600*mib + slack, 550*mib + slack, 500*mib + slack, 450*mib + slack, 400*mib + slack}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("the marks on record, (-want +got)\n%s", diff)
	}
	if got := records(t, ledger); len(got) != 0 {
		t.Errorf("records: %q, want none", got)
	}
}

// Ensure a loan comes to an end where usage does not fall, with or without a ledger.
func TestGroup_RestoreLoanHard(t *testing.T) {
	dir, g, ledger := planted(t, map[string]string{"memory.current": m600, "memory.max": m400})
	for _, patience := range []time.Duration{-time.Second, 0, 10 * time.Millisecond} {
		h, err := g.Lend(ledger, intent, 256*mib, nil)
		if err != nil {
			t.Fatal(err)
		}
		if how, err := g.Restore(ledger, h, patience); how != RestoredHard || err != nil {
			t.Errorf("Restore(%v) = %v, %v, want RestoredHard", patience, how, err)
		}
		if got := text(t, dir, "memory.max"); got != m400 {
			t.Errorf("memory.max = %q, want %s", got, m400)
		}
	}
	h, err := g.Lend(ledger, intent, 256*mib, nil)
	if err != nil {
		t.Fatal(err)
	}
	ledger = &Ledger{dir: ledger.dir + ".none"}
	if how, err := g.Restore(ledger, h, 10*time.Millisecond); how != RestoredHard || err != nil {
		t.Errorf("Restore() without a ledger = %v, %v, want RestoredHard", how, err)
	}
}

// Ensure somebody else's value ends a return that is under way, and stays.
func TestGroup_RestoreLoanForeign(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  Restored
	}{{other, LeftForeign}, {m400, NothingToDo}} {
		dir, g, ledger := planted(t, map[string]string{"memory.current": m600, "memory.max": m400})
		h, err := g.Lend(ledger, intent, 256*mib, nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for text(t, dir, "memory.max") == m656 { // until the first step
				time.Sleep(time.Millisecond)
			}
			set(t, dir, "memory.max", tt.value)
		}()
		if how, err := g.Restore(ledger, h, 30*time.Second); how != tt.want || err != nil {
			t.Errorf("Restore() = %v, %v, want %v", how, err, tt.want)
		}
		if got := text(t, dir, "memory.max"); got != tt.value {
			t.Errorf("memory.max = %q, want %s", got, tt.value)
		}
	}
}

// Ensure a loan on top of one that could not be undone restores the first limit.
func TestGroup_LendTwice(t *testing.T) {
	_, g, ledger := planted(t, map[string]string{"memory.current": m300, "memory.max": m400})
	first, err := g.Lend(ledger, intent, 100*mib, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, lend := range []uint64{50 * mib, 200 * mib} {
		got, err := g.Lend(ledger, intent, lend, nil)
		want := Hold{MaxFile, first.Old, max(first.Mark, 400*mib+Limit(lend))}
		if got != want || err != nil {
			t.Errorf("Lend(%s) = %+v, %v, want %+v", strconv.FormatUint(lend, 10), got, err, want)
		}
	}
}
