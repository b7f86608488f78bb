package report

import (
	"testing"
	"time"

	"reprieve/controller"
	"reprieve/memcg"
)

// Ensure each way to hold has its words, done or only considered.
func TestMessage_Hold(t *testing.T) {
	for _, tt := range []struct {
		by          string
		mark        memcg.Limit
		done, would string
	}{
		{"throttle", 209 * mib, "b.slice is held at 209M: it grew since the breach of batch.slice", "would hold b.slice at 209M: it grew since the breach of batch.slice"},
		{"freeze", frozenMark, "b.slice is frozen at 210M: it grew since the breach of batch.slice", "would freeze b.slice at 210M: it grew since the breach of batch.slice"},
		{
			"raise", 384 * mib, "b.slice may use 128M more, up to 384M, for as long as the wait goes on: it is at its memory.max",
			"would lend b.slice 128M more: it is at its memory.max",
		},
	} {
		n := controller.Note{Kind: controller.NoteHold, Slice: "batch.slice", Unit: "b.slice", By: tt.by, UsageBytes: 210 * mib, Mark: tt.mark, LentBytes: 128 * mib}
		if got := Message(n); got != tt.done {
			t.Errorf("Message(hold by %s)\n got %q\nwant %q", tt.by, got, tt.done)
		}
		n.Observe = true
		if got := Message(n); got != tt.would {
			t.Errorf("Message(hold by %s, observe)\n got %q\nwant %q", tt.by, got, tt.would)
		}
	}
}

// Ensure the record of a stop says of a frozen leaf that it was frozen, and of many how many.
func TestHeldWords(t *testing.T) {
	for _, tt := range []struct {
		n     int
		bytes uint64
		want  string
	}{
		{1, 209 * mib, " b.slice was held at 209M"},
		{1, uint64(frozenMark), " b.slice was frozen"},
		{3, uint64(frozenMark), " b.slice and 2 more were held"},
	} {
		if got := heldWords(controller.Note{Held: tt.n, HeldUnit: "b.slice", HeldBytes: tt.bytes}); got != tt.want {
			t.Errorf("heldWords(%d, %d) = %q, want %q", tt.n, tt.bytes, got, tt.want)
		}
	}
}

// Ensure an end without a stop tells calm from pressure that the host can bear.
func TestMessage_Relief(t *testing.T) {
	host := controller.Grounds{Host: controller.HostReading{AvailableBytes: 700 * mib, TotalBytes: 4096 * mib}}
	base := controller.Note{Kind: controller.NoteRelief, Slice: "batch.slice", Waited: 20 * time.Second, Breach: controller.Breach{By: "max", Rise: 2}}
	with := func(change func(*controller.Note)) controller.Note {
		n := base
		change(&n)
		return n
	}
	for _, tt := range []struct {
		note         controller.Note
		want, reason string
	}{
		{base, "batch.slice is calm again after 20.0s; nothing was held or stopped", "max in memory.events rose by 2"},
		{with(func(n *controller.Note) { n.More = true }), "batch.slice is calm again after 20.0s; nothing else was stopped", "max in memory.events rose by 2"},
		{with(func(n *controller.Note) { n.Held = 2 }), "batch.slice is calm again after 20.0s; 2 holds are lifted, nothing was stopped", "max in memory.events rose by 2"},
		{
			with(func(n *controller.Note) { n.Spared, n.Grounds, n.Held, n.HeldUnit = true, host, 1, "b.slice" }),
			"batch.slice is let be after 20.0s: the pressure goes on, and the host has 700M of 4.0G available; the hold of b.slice is lifted, nothing was stopped",
			"the host has 700M of 4.0G available",
		},
		{
			with(func(n *controller.Note) { n.Paused, n.Held, n.HeldUnit = true, 1, "b.slice" }),
			"batch.slice is let be after 20.0s: paused by hand, the pressure may go on; the hold of b.slice is lifted, nothing was stopped",
			"paused by hand",
		},
		{
			with(func(n *controller.Note) { n.Spared, n.Observe = true, true }),
			"batch.slice is let be after 20.0s: the pressure goes on, and the host is not short of memory; nothing was done (observe)",
			"the host is not short of memory",
		},
	} {
		if got := Message(tt.note); got != tt.want {
			t.Errorf("Message(relief)\n got %q\nwant %q", got, tt.want)
		}
		if got := Reason(tt.note); got != tt.reason {
			t.Errorf("Reason(relief) = %q, want %q", got, tt.reason)
		}
	}
}

// Ensure holds that were lifted by hand are counted, and that nobody takes it for the end of the wait.
func TestMessage_Released(t *testing.T) {
	for held, want := range map[int]string{
		1: "batch.slice: 1 hold is lifted by hand; nothing of it is held again in this episode, the wait goes on",
		2: "batch.slice: 2 holds are lifted by hand; nothing of it is held again in this episode, the wait goes on",
	} {
		if got := Message(controller.Note{Kind: controller.NoteReleased, Slice: "batch.slice", Held: held}); got != want {
			t.Errorf("Message(released, %d)\n got %q\nwant %q", held, got, want)
		}
	}
}

// Ensure a breach of what is left says how long, at which rate, and against which limit, and so does its stop.
func TestMessage_Left(t *testing.T) {
	n := stopNote()
	n.Breach = controller.Breach{By: "left", Left: 2100 * time.Millisecond, LeftLimit: 3 * time.Second, RoomBytes: 60 * mib, RateBytes: 28 * mib}
	const left = "memory is used up in 2.1s at the present rate (60M left, 28M a second), limit 3s"
	want := "batch.slice was in breach (" + left + ") and did not calm in 10.0s while batch-b.slice was held at 410M; stopping batch-b.slice (largest of 2: 410M, next batch-a.slice 20M)"
	if got := Message(n); got != want {
		t.Errorf("Message(stop)\n got %q\nwant %q", got, want)
	}
	n.Kind = controller.NoteBreach
	if got, want := Message(n), "batch.slice is in breach: "+left+"; waiting up to 10s"; got != want {
		t.Errorf("Message(breach)\n got %q\nwant %q", got, want)
	}
	for left, want := range map[time.Duration]string{0: "memory is used up in 0.0s", 1e6 * time.Second: "memory is used up in 1000000.0s"} {
		if got := limit(controller.Breach{By: "left", Left: left}); len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("limit(left %v) = %q, want %q and the rate", left, got, want)
		}
	}
}
