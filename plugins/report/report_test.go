package report

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/pressure"
)

const mib = 1 << 20

// leaf is a candidate right below the watched slice.
func leaf(unit string, priority int, footprint uint64) controller.Candidate {
	own := &controller.Level{Unit: unit, Path: "/batch.slice/" + unit}
	own.Score.Priority = priority
	return controller.Candidate{
		Unit: unit, Path: own.Path, UsageBytes: footprint + 10*mib, Measured: true, Levels: []*controller.Level{batch, own},
		Score: controller.Score{Priority: priority, FootprintBytes: footprint, ExcessBytes: footprint},
	}
}

var batch = &controller.Level{Unit: "batch.slice", Path: "/batch.slice"}

func stopNote() controller.Note {
	immune := leaf("batch-c.slice", 100, 9*mib)
	immune.Immune = true
	return controller.Note{
		Kind: controller.NoteStop, Slice: "batch.slice", Episode: controller.ID{1, 2, 3},
		Breach: controller.Breach{By: "full", Limit: 2000}, Stall: pressure.Stall{Some: 6100, Full: 4321}, StallOK: true,
		Unit: "batch-b.slice", UsageBytes: 420 * mib, Why: controller.BecauseExpiry, Waited: 10 * time.Second, Delay: 10 * time.Second,
		Held: 1, HeldUnit: "batch-b.slice", HeldBytes: 410 * mib, Pick: "largest", Eligible: 2,
		Candidates: []controller.Candidate{leaf("batch-b.slice", 100, 410*mib), leaf("batch-a.slice", 100, 20*mib), immune},
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
		{with(func(n *controller.Note) { n.Observe = true; n.Held = 0 }), "batch.slice stalled 43% (full, limit 20%) and did not calm in 10.0s; would stop batch-b.slice (largest of 2: 410M, next batch-a.slice 20M)"},
		{with(func(n *controller.Note) {
			n.Breach, n.StallOK, n.Why = controller.Breach{By: "max", Rise: 7}, false, controller.BecauseScarce
			n.Grounds = controller.Grounds{Host: controller.HostReading{AvailableBytes: 12 * mib, SwapFreeBytes: 3 * mib}}
			n.Candidates, n.Eligible = n.Candidates[:1], 1
		}), "batch.slice was in breach (max in memory.events rose by 7) and did not calm in 10.0s while batch-b.slice was held at 410M: the host is below its floors of free memory and swap (12M available, 3.0M of swap); stopping batch-b.slice (the only candidate, 410M)"},
		{controller.Note{Kind: controller.NoteBreach, Slice: "batch.slice", Breach: controller.Breach{By: "full", Limit: 2000}, Delay: 10 * time.Second}, "batch.slice is in breach: full stall reached the limit, 20% of the window; waiting up to 10s"},
		{controller.Note{Kind: controller.NoteHold, Slice: "batch.slice", Unit: "batch-b.slice", Mark: memcg.Limit(410 * mib)}, "batch-b.slice is held at 410M: it grew since the breach of batch.slice"},
		{controller.Note{Kind: controller.NoteAcquitted, Slice: "batch.slice", Unit: "batch-b.slice", Took: time.Second}, "batch-b.slice is let go: it neither grew nor had pages reclaimed for 1.0s while others stall on, so it is not the cause"},
		{controller.Note{Kind: controller.NoteRelief, Slice: "batch.slice", Waited: 4500 * time.Millisecond, Held: 1, HeldUnit: "batch-b.slice"}, "batch.slice is calm again after 4.5s; the hold of batch-b.slice is lifted, nothing was stopped"},
		{controller.Note{Kind: controller.NoteStopped, Unit: "batch-b.slice", Took: 300 * time.Millisecond}, "batch-b.slice is stopped: no process is left in it, 0.3s after the decision"},
		{with(func(n *controller.Note) { n.Why, n.Candidates[0].Kills = controller.BecauseKernel, 2 }), "the kernel's OOM killer killed 2 processes in batch-b.slice; stopping what is left of it"},
		{with(func(n *controller.Note) { n.Why, n.Candidates = controller.BecauseKernel, nil }), "the kernel's OOM killer killed a part of batch-b.slice; stopping what is left of it"},
		{controller.Note{Kind: controller.NoteStopped, Unit: "app.scope", User: true, UID: 1000, Took: time.Second}, "app.scope of user 1000 is stopped: no process is left in it, 1.0s after the decision"},
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
		if _, user := got["USER_UNIT"]; user {
			t.Errorf("kind %d: there is USER_UNIT, want it for units of a user's manager only", kind)
		}
		if table := got["REPRIEVE_CANDIDATES"]; strings.Count(table, "\n") != 3 || !strings.Contains(table, "oom_score_adj -1000") {
			t.Errorf("kind %d: REPRIEVE_CANDIDATES = %q, want a head, three rows and the reason of the last", kind, table)
		}
	}
}

// Ensure each figure has its field where the note has it, and no field is empty.
func TestFields_Figures(t *testing.T) {
	settled := controller.Note{
		Kind: controller.NoteSettled, Slice: "batch.slice", Unit: "app.scope", User: true, UID: 1000, UsageBytes: 5, FreedBytes: 0, FreedOK: true,
		Emptied: 300 * time.Millisecond, Took: 1500 * time.Millisecond, Reaped: 2, ReapBytes: 30, Kills: 4,
		Revives: []string{"a.service", "b.service"}, Lost: []string{"c.scope"}, Stays: []string{"d.service"}, Along: []string{"e.service", "f.service"},
	}
	always := []string{"MESSAGE", "MESSAGE_ID", "PRIORITY", "REPRIEVE_SLICE", "REPRIEVE_EPISODE", "REPRIEVE_REASON"}
	for _, tt := range []struct {
		note controller.Note
		want map[string]string // besides those that all have
	}{
		{settled, map[string]string{
			"USER_UNIT": "app.scope", "OBJECT_SYSTEMD_USER_UNIT": "app.scope", "OBJECT_SYSTEMD_UNIT": "e.service f.service", "REPRIEVE_UID": "1000", "REPRIEVE_USAGE": "5", "REPRIEVE_FREED": "0",
			"REPRIEVE_EMPTY_USEC": "300000", "REPRIEVE_SETTLE_USEC": "1500000", "REPRIEVE_REAPED": "30", "REPRIEVE_KILLS": "4",
			"REPRIEVE_REVIVES": "a.service b.service", "REPRIEVE_LOST": "c.scope", "REPRIEVE_STAYS": "d.service", "REPRIEVE_ALONG": "e.service f.service",
		}},
		{controller.Note{Kind: controller.NoteSettled, Unit: "a.slice", Revives: []string{"b.service"}, Lost: []string{"c.scope"}, Stays: []string{"d.service"}}, map[string]string{
			"UNIT": "a.slice", "OBJECT_SYSTEMD_UNIT": "a.slice b.service c.scope d.service", "REPRIEVE_REVIVES": "b.service", "REPRIEVE_LOST": "c.scope", "REPRIEVE_STAYS": "d.service",
			"REPRIEVE_EMPTY_USEC": "0", "REPRIEVE_SETTLE_USEC": "0"}},
		{controller.Note{Kind: controller.NoteStopped, Unit: "a.slice", Took: time.Second}, map[string]string{"UNIT": "a.slice", "OBJECT_SYSTEMD_UNIT": "a.slice", "REPRIEVE_EMPTY_USEC": "1000000"}},
		{controller.Note{Kind: controller.NoteKernel, Kills: 1}, map[string]string{"REPRIEVE_KILLS": "1"}},
		{controller.Note{Kind: controller.NoteRevived, Unit: "a.service"}, map[string]string{"UNIT": "a.service", "OBJECT_SYSTEMD_UNIT": "a.service"}},
		{controller.Note{Kind: controller.NoteStop, Pick: "priority, largest", Observe: true, Waited: 3 * time.Second, Delay: 10 * time.Second}, map[string]string{
			"REPRIEVE_PICK": "priority, largest", "REPRIEVE_OBSERVE": "1", "REPRIEVE_WAITED_USEC": "3000000", "REPRIEVE_DELAY_USEC": "10000000",
		}},
		{controller.Note{Kind: controller.NoteRelief, Paused: true}, map[string]string{"REPRIEVE_PAUSED": "1", "REPRIEVE_WAITED_USEC": "0", "REPRIEVE_DELAY_USEC": "0"}},
		{controller.Note{Kind: controller.NoteRelief, Spared: true}, map[string]string{"REPRIEVE_SPARED": "1", "REPRIEVE_WAITED_USEC": "0", "REPRIEVE_DELAY_USEC": "0"}},
		{controller.Note{Kind: controller.NoteReleased, Held: 2}, map[string]string{"REPRIEVE_WAITED_USEC": "0", "REPRIEVE_DELAY_USEC": "0"}},
		{controller.Note{Kind: controller.NoteStep, Rung: configs.Step{By: "start", Unit: "a.service"}}, map[string]string{
			"REPRIEVE_STEP": "start a.service", "REPRIEVE_WAITED_USEC": "0", "REPRIEVE_DELAY_USEC": "0",
		}},
		{controller.Note{Kind: controller.NoteHold}, map[string]string{"REPRIEVE_HOLD": "throttle"}},
		{controller.Note{Kind: controller.NoteHold, By: "raise", LentBytes: 7}, map[string]string{"REPRIEVE_HOLD": "raise", "REPRIEVE_LENT": "7"}},
		{controller.Note{Kind: controller.NoteHooks, Hooks: []controller.HookAnswer{{Name: "saver"}}}, map[string]string{"REPRIEVE_HOOKS": "saver 1ms"}},
		{controller.Note{Kind: controller.NoteBreach, Breach: controller.Breach{By: "left", Left: 2 * time.Millisecond}}, map[string]string{"REPRIEVE_LEFT_USEC": "2000"}},
	} {
		got := map[string]string{}
		for _, f := range Fields(tt.note) {
			got[f.Name] = strings.TrimSpace(got[f.Name] + " " + f.Value) // there may be several of a name
		}
		for _, name := range always {
			if _, ok := got[name]; !ok {
				t.Errorf("kind %d: no %s", tt.note.Kind, name)
			}
			delete(got, name)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Fields(%d): -want +got\n%s", tt.note.Kind, diff)
		}
	}
}

// Ensure a unit that is not the system's has no UNIT, by which journalctl -u would take it for the system's.
func TestFields_User(t *testing.T) {
	n := stopNote()
	n.User, n.UID = true, 0
	got := map[string]string{}
	for _, f := range Fields(n) {
		got[f.Name] = f.Value
	}
	if unit, ok := got["UNIT"]; ok || got["USER_UNIT"] != "batch-b.slice" || got["REPRIEVE_UID"] != "0" {
		t.Errorf("UNIT %q (there: %v), USER_UNIT %q, REPRIEVE_UID %q, want none, batch-b.slice and 0", unit, ok, got["USER_UNIT"], got["REPRIEVE_UID"])
	}
}
