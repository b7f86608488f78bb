package report

import (
	"slices"
	"strings"
	"time"

	"reprieve/controller"
	"reprieve/episodes"
)

// recordsKept is how many episodes that are over are remembered for what still
// comes of them: units that are started again.
const recordsKept = 16

// Records makes the records of episodes of what is told of them. It belongs to
// one goroutine. The zero value has none.
type Records struct {
	Daemon string // the version that records are to name
	BootID string

	all []*kept // the newest last
}

// kept is a record with what it was made from.
type kept struct {
	episodes.Record
	id      controller.ID
	revives []string // units that are to come back
}

// Take adds what was told at a time, with the policy in force where that is
// known. It returns a record that is worth writing now, a copy, or nil.
func (r *Records) Take(n *controller.Note, at time.Time, policy []episodes.Setting) *episodes.Record {
	k := r.of(n, at)
	if k == nil {
		return nil
	}
	if policy != nil {
		k.Policy = policy
	}
	k.Events = append(k.Events, event(n, at))
	k.add(n, at)
	switch n.Kind {
	case controller.NoteStop, controller.NoteRevived, controller.NoteStaysDown:
		return k.copy()
	}
	return nil
}

// End ends an episode, or a part of it, with its readings, and returns its record;
// nil where nothing is known of it. The readings' times count from began.
func (r *Records) End(id controller.ID, at, began time.Time, samples episodes.Samples) *episodes.Record {
	k := r.find(id)
	if k == nil {
		return nil
	}
	k.Ended, k.Samples = at, join(k.Samples, samples, began.Sub(k.Began).Microseconds())
	if k.Outcome == episodes.Running {
		k.Outcome = episodes.Failed
	}
	return k.copy()
}

// samplesMost is how many readings a record has at most; beyond, every second one goes.
const samplesMost = 1024

// join adds the readings of another part of an episode, which began so much later.
func join(a, b episodes.Samples, later int64) episodes.Samples {
	if len(a.AtUsec) == 0 {
		a.Averages = b.Averages
	}
	for i := range b.AtUsec {
		if n := len(a.AtUsec); n > 0 && a.AtUsec[n-1] >= b.AtUsec[i]+later {
			continue // of the calm between the parts: seen by both
		}
		a.AtUsec = append(a.AtUsec, b.AtUsec[i]+later)
		a.SomeUsec, a.FullUsec = append(a.SomeUsec, b.SomeUsec[i]), append(a.FullUsec, b.FullUsec[i])
		a.UsageBytes = append(a.UsageBytes, b.UsageBytes[i])
		a.AvailableBytes, a.SwapFreeBytes = append(a.AvailableBytes, b.AvailableBytes[i]), append(a.SwapFreeBytes, b.SwapFreeBytes[i])
		a.Held = append(a.Held, b.Held[i])
	}
	for len(a.AtUsec) > samplesMost {
		for _, column := range []*[]int64{&a.AtUsec, &a.SomeUsec, &a.FullUsec, &a.UsageBytes, &a.AvailableBytes, &a.SwapFreeBytes, &a.Held} {
			*column = half(*column)
		}
	}
	return a
}

// half is every second value, in a slice of its own: a writer may have the old one.
func half(all []int64) []int64 {
	var kept []int64
	for i := 0; i < len(all); i += 2 {
		kept = append(kept, all[i])
	}
	return kept
}

func (r *Records) find(id controller.ID) *kept {
	for _, k := range r.all {
		if k.id == id {
			return k
		}
	}
	return nil
}

// of returns the record that a note belongs to. A breach begins one, or goes on
// with one that was over.
func (r *Records) of(n *controller.Note, at time.Time) *kept {
	if n.Kind == controller.NoteRevived || n.Kind == controller.NoteStaysDown || n.Episode == (controller.ID{}) {
		return r.felledIn(n)
	}
	k := r.find(n.Episode)
	switch {
	case k != nil && n.Kind == controller.NoteBreach:
		k.Ended, k.Outcome = time.Time{}, running(k)
	case k == nil && n.Kind == controller.NoteBreach:
		k = &kept{id: n.Episode, Record: episodes.Record{
			Summary: episodes.Summary{
				Version: episodes.Version, Episode: n.Episode.String(), Slice: n.Slice, Began: at, Outcome: episodes.Running,
				Observe: n.Observe, Breach: Reason(*n), DelayUsec: n.Delay.Microseconds(),
			},
			Daemon: r.Daemon, BootID: r.BootID,
		}}
		if len(r.all) == recordsKept {
			r.all = slices.Delete(r.all, 0, 1)
		}
		r.all = append(r.all, k)
	}
	return k
}

// running is the outcome of an episode that goes on: whom it stopped, stays stopped.
func running(k *kept) episodes.Outcome {
	if len(k.Stopped) > 0 {
		return episodes.Stopped
	}
	return episodes.Running
}

// felledIn finds the record of the stop that took a unit down.
func (r *Records) felledIn(n *controller.Note) *kept {
	for _, k := range slices.Backward(r.all) {
		if k.Slice == n.Slice && slices.Contains(k.revives, n.Unit) {
			return k
		}
	}
	return nil
}

// copy is what a writer may read while the record goes on: what is in it is
// only added to.
func (k *kept) copy() *episodes.Record {
	c := k.Record
	return &c
}

// add keeps what a note says in the record's own words.
func (k *kept) add(n *controller.Note, at time.Time) {
	switch n.Kind {
	case controller.NoteHold:
		if !slices.Contains(k.Held, n.Unit) {
			k.Held = append(k.Held, n.Unit)
		}
	case controller.NoteRelief:
		k.WaitedUsec, k.DelayUsec = n.Waited.Microseconds(), n.Delay.Microseconds()
		if k.Outcome == episodes.Running {
			k.Outcome = relieved(n)
		}
	case controller.NoteStop:
		k.WaitedUsec, k.DelayUsec = n.Waited.Microseconds(), n.Delay.Microseconds()
		k.decide(n, at)
		k.Outcome, k.Stopped = episodes.Stopped, append(k.Stopped, n.Unit) // in words: would have been, where Observe is set
	case controller.NoteFailed:
		if len(n.Candidates) > 0 {
			k.decide(n, at)
		}
	case controller.NoteStopped:
		k.EmptyUsec = n.Took.Microseconds()
	case controller.NoteSettled:
		k.EmptyUsec, k.SettleUsec = n.Emptied.Microseconds(), n.Took.Microseconds()
		k.FreedBytes += n.FreedBytes
		k.KernelKills += n.Kills
		k.Lost, k.Along = append(k.Lost, n.Lost...), append(k.Along, n.Along...)
		k.revives = append(k.revives, n.Revives...)
	case controller.NoteKernel:
		k.KernelKills += n.Kills
		if k.Outcome == episodes.Running {
			k.Outcome = episodes.Killed
		}
	case controller.NoteRevived:
		k.Revived = append(k.Revived, n.Unit)
	}
}

func (k *kept) decide(n *controller.Note, at time.Time) {
	k.Verdict = VerdictOf(n)
	k.Verdict.At = at
}

func relieved(n *controller.Note) episodes.Outcome {
	if n.Spared {
		return episodes.Spared
	}
	return episodes.Relieved
}

// event is what the journal is told, without what the record has elsewhere.
func event(n *controller.Note, at time.Time) episodes.Event {
	e := episodes.Event{At: at, Kind: Kind(n.Kind), Unit: n.Unit, Message: Message(*n), Fields: map[string]string{}}
	for _, f := range Fields(*n) {
		name, ours := strings.CutPrefix(f.Name, "REPRIEVE_")
		switch {
		case !ours, name == "SLICE", name == "EPISODE", name == "CANDIDATES", name == "OBSERVE", name == "PICK":
		default:
			e.Fields[f.Name] = f.Value
		}
	}
	return e
}

// Kind names a kind of note, in records and in events.
func Kind(k controller.NoteKind) string {
	switch k {
	case controller.NoteBreach:
		return "breach"
	case controller.NoteHold:
		return "hold"
	case controller.NoteRelief:
		return "relief"
	case controller.NoteStop:
		return "stop"
	case controller.NoteStopped:
		return "stopped"
	case controller.NoteSettled:
		return "settled"
	case controller.NoteStep:
		return "step"
	case controller.NoteReleased:
		return "released"
	case controller.NoteHooks:
		return "hooks"
	case controller.NoteAcquitted:
		return "acquitted"
	case controller.NoteKernel:
		return "kernel"
	case controller.NoteRevived:
		return "revived"
	case controller.NoteStaysDown:
		return "stays-down"
	}
	return "failed"
}
