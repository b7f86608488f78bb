package report

import (
	"errors"
	"strings"
	"testing"
	"time"

	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/pressure"
)

const mib = 1 << 20

func stopNote() controller.Note {
	return controller.Note{
		Kind: controller.NoteStop, Slice: "batch.slice", Episode: controller.ID{1, 2, 3},
		Breach: controller.Breach{By: "full", Limit: 2000}, Stall: pressure.Stall{Some: 6100, Full: 4321}, StallOK: true,
		Unit: "batch-b.slice", UsageBytes: 420 * mib, Why: controller.BecauseExpiry, Waited: 10 * time.Second, Delay: 10 * time.Second,
		Held: 1, HeldUnit: "batch-b.slice", HeldBytes: 410 * mib, Pick: "largest",
		Candidates: []controller.Candidate{
			{Unit: "batch-b.slice", Priority: 100, FootprintBytes: 410 * mib, UsageBytes: 420 * mib},
			{Unit: "batch-a.slice", Priority: 100, FootprintBytes: 20 * mib, UsageBytes: 30 * mib},
			{Unit: "batch-c.slice", Priority: 100, FootprintBytes: 9 * mib, UsageBytes: 9 * mib, Immune: true},
		},
	}
}

// Ensure each message can be understood by a tired person.
func TestMessage(t *testing.T) {
	stop := stopNote()
	with := func(change func(*controller.Note)) controller.Note {
		n := stopNote()
		change(&n)
		return n
	}
	for _, tt := range []struct {
		note controller.Note
		want string
	}{
		{stop, "batch.slice stalled 43% (full, limit 20%) and did not calm in 10.0s while batch-b.slice was held at 410M; stopping batch-b.slice (largest of 2: 410M, next batch-a.slice 20M)"},
		{with(func(n *controller.Note) { n.Observe = true; n.Pick = "priority"; n.Held = 0 }), "batch.slice stalled 43% (full, limit 20%) and did not calm in 10.0s; would stop batch-b.slice (lowest priority, 100, of 2: 410M, next batch-a.slice 20M with 100)"},
		{with(func(n *controller.Note) {
			n.Breach, n.StallOK, n.Why = controller.Breach{By: "max", Rise: 7}, false, controller.BecauseScarce
			n.Candidates = n.Candidates[:1]
		}), "batch.slice was in breach (max in memory.events rose by 7) and did not calm in 10.0s while batch-b.slice was held at 410M: the host is below its floors of free memory and swap; stopping batch-b.slice (the only candidate, 410M)"},
		{controller.Note{Kind: controller.NoteBreach, Slice: "batch.slice", Breach: controller.Breach{By: "full", Limit: 2000}, Delay: 10 * time.Second}, "batch.slice is in breach: full stall reached the limit, 20% of the window; waiting up to 10s"},
		{controller.Note{Kind: controller.NoteHold, Slice: "batch.slice", Unit: "batch-b.slice", Mark: memcg.Limit(410 * mib)}, "batch-b.slice is held at 410M: it grew since the breach of batch.slice"},
		{controller.Note{Kind: controller.NoteRelief, Slice: "batch.slice", Waited: 4500 * time.Millisecond, Held: 1, HeldUnit: "batch-b.slice"}, "batch.slice is calm again after 4.5s; the hold of batch-b.slice is lifted, nothing was stopped"},
		{controller.Note{Kind: controller.NoteStopped, Unit: "batch-b.slice", Took: 300 * time.Millisecond}, "batch-b.slice is stopped: no process is left in it, 0.3s after the decision"},
		{controller.Note{Kind: controller.NoteSettled, Slice: "batch.slice", Unit: "batch-b.slice", UsageBytes: 420 * mib, FreedBytes: 415 * mib, FreedOK: true, Took: time.Second}, "1.0s after the stop of batch-b.slice: 415M came back, it had used 420M; batch.slice is calm"},
		{controller.Note{Kind: controller.NoteFailed, Slice: "batch.slice", Unit: "batch-b.slice", Step: "hold", Err: errors.New("no space")}, "batch-b.slice: cannot hold: no space"},
	} {
		if got := Message(tt.note); got != tt.want {
			t.Errorf("Message(%d)\n got %q\nwant %q", tt.note.Kind, got, tt.want)
		}
	}
}

// Ensure every kind has an id of its own and the fields that programs read.
func TestFields(t *testing.T) {
	ids := map[string]bool{}
	for kind := controller.NoteBreach; kind <= controller.NoteFailed; kind++ {
		n := stopNote()
		n.Kind = kind
		got := map[string]string{}
		for _, f := range Fields(n) {
			got[f.Name] = f.Value
		}
		id := got["MESSAGE_ID"]
		if len(id) != 32 || ids[id] {
			t.Errorf("kind %d: MESSAGE_ID %q, want 32 digits that no other kind has", kind, id)
		}
		ids[id] = true
		for name, want := range map[string]string{
			"REPRIEVE_SLICE": "batch.slice", "REPRIEVE_EPISODE": "01020300-0000-0000-0000-000000000000", "UNIT": "batch-b.slice",
			"REPRIEVE_STALL_SOME": "61.00", "REPRIEVE_STALL_FULL": "43.21", "REPRIEVE_USAGE": "440401920",
		} {
			if got[name] != want {
				t.Errorf("kind %d: %s = %q, want %q", kind, name, got[name], want)
			}
		}
		if table := got["REPRIEVE_CANDIDATES"]; strings.Count(table, "\n") != 3 || !strings.Contains(table, "oom_score_adj -1000") {
			t.Errorf("kind %d: REPRIEVE_CANDIDATES = %q, want a head, three rows and the reason of the last", kind, table)
		}
	}
}

// Ensure sizes read as systemd writes them.
func TestSize(t *testing.T) {
	for n, want := range map[uint64]string{0: "0B", 1023: "1023B", 1536: "1.5K", 20 * mib: "20M", 9*mib + mib/2: "9.5M", 3 << 30: "3.0G", 12 << 30: "12G"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
}
