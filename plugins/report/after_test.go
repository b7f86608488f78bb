package report

import (
	"testing"
	"time"

	"reprieve/controller"
)

// Ensure the end of a stop says what came back, what comes back, and what does not.
func TestMessage_Settled(t *testing.T) {
	const begin = "1.0s after the stop of batch-b.slice, which took 0.3s: "
	const end = begin + "415M came back, it had used 420M; batch.slice is calm"
	for _, tt := range []struct {
		change func(*controller.Note)
		want   string
	}{
		{func(*controller.Note) {}, end},
		{func(n *controller.Note) { n.GoesOn, n.FreedOK = true, false }, begin + "how much memory came back could not be read; batch.slice is still in breach"},
		{func(n *controller.Note) { n.Reaped, n.ReapBytes = 2, 30*mib }, begin + "415M came back (30M of it by process_mrelease from 2 processes), it had used 420M; batch.slice is calm"},
		{func(n *controller.Note) { n.Kills = 1 }, end + "; the kernel's OOM killer killed 1 process meanwhile"},
		{func(n *controller.Note) { n.Along = []string{"y.service"} }, end + "; systemd stopped y.service with it: it requires or is part of it"},
		{func(n *controller.Note) { n.Along = []string{"y.service", "z.service"} }, end + "; systemd stopped y.service, z.service with it: they require or are part of it"},
		{
			func(n *controller.Note) {
				n.Revives, n.Lost, n.Stays = []string{"hog.service"}, []string{"x.scope"}, []string{"job.service"}
			},
			end + "; hog.service is started again when batch.slice has been calm; x.scope is transient and cannot be started again; job.service stays down (stop.revive)",
		},
		{
			func(n *controller.Note) {
				n.Revives, n.Lost, n.Stays = []string{"a", "b", "c", "d", "e"}, []string{"x.scope", "run.service"}, []string{"a", "b", "c", "d"}
			},
			end + "; a, b, c and 2 more are started again when batch.slice has been calm; x.scope, run.service cannot be started again: transient, or not for systemd to start; a, b, c, d stay down (stop.revive)",
		},
	} {
		n := controller.Note{
			Kind: controller.NoteSettled, Slice: "batch.slice", Unit: "batch-b.slice", UsageBytes: 420 * mib,
			FreedBytes: 415 * mib, FreedOK: true, Emptied: 300 * time.Millisecond, Took: time.Second,
		}
		tt.change(&n)
		if got := Message(n); got != tt.want {
			t.Errorf("Message(settled)\n got %q\nwant %q", got, tt.want)
		}
	}
}

// Ensure a kill of the kernel's says whom, what we were doing, and what follows.
func TestMessage_Kernel(t *testing.T) {
	base := controller.Note{Kind: controller.NoteKernel, Slice: "batch.slice", Unit: "batch-b.slice", Kills: 1, Waited: 3200 * time.Millisecond}
	with := func(change func(*controller.Note)) controller.Note {
		n := base
		change(&n)
		return n
	}
	for _, tt := range []struct {
		note controller.Note
		want string
	}{
		{base, "the kernel's OOM killer killed 1 process in batch-b.slice (batch.slice was calm); stopping what is left of it"},
		{
			with(func(n *controller.Note) { n.Phase, n.Aside = controller.PhaseHeld, "arm is off, the rest of it lives" }),
			"the kernel's OOM killer killed 1 process in batch-b.slice (batch.slice was in breach for 3.2s); arm is off, the rest of it lives",
		},
		{
			with(func(n *controller.Note) {
				n.Phase, n.Kills, n.Held, n.HeldUnit, n.HeldBytes = controller.PhaseHeld, 3, 1, "batch-a.slice", 20*mib
			}),
			"the kernel's OOM killer killed 3 processes in batch.slice, batch-b.slice was hit most (batch.slice was in breach for 3.2s and batch-a.slice was held at 20M); stopping what is left of it",
		},
		{
			with(func(n *controller.Note) { n.Phase, n.Unit, n.Aside = controller.PhaseStopping, "", "the group is gone" }),
			"the kernel's OOM killer killed 1 process in batch.slice (a stop in batch.slice was under way); the group is gone",
		},
	} {
		if got := Message(tt.note); got != tt.want {
			t.Errorf("Message(kernel)\n got %q\nwant %q", got, tt.want)
		}
	}
}

// Ensure a unit's return, or that it does not return, has its reason.
func TestMessage_Revive(t *testing.T) {
	revived := controller.Note{Kind: controller.NoteRevived, Slice: "batch.slice", Unit: "hog.service", Waited: 30 * time.Second}
	atOnce, down := revived, revived
	atOnce.Waited = 0
	down.Kind, down.Count, down.Per = controller.NoteStaysDown, 3, time.Hour
	for _, tt := range []struct {
		note         controller.Note
		want, reason string
	}{
		{revived, "hog.service is started again: batch.slice has been calm for 30s", "batch.slice has been calm for 30s"},
		{atOnce, "hog.service is started again: batch.slice is calm", "batch.slice is calm"},
		{
			down, "hog.service stays down: it was started again 3 times in 1h already and fell each time; start it yourself, or raise revive_max",
			"it was started again 3 times in 1h already",
		},
	} {
		if got := Message(tt.note); got != tt.want {
			t.Errorf("Message(%d)\n got %q\nwant %q", tt.note.Kind, got, tt.want)
		}
		if got := Reason(tt.note); got != tt.reason {
			t.Errorf("Reason(%d) = %q, want %q", tt.note.Kind, got, tt.reason)
		}
	}
}
