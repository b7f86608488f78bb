package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"reprieve/episodes"
)

// storyBegan is when the first of the stories began; each of the others is an hour later.
var storyBegan = time.Date(2026, 11, 22, 19, 5, 12, 123456000, time.UTC)

// story is a record in the making.
type story struct{ *episodes.Record }

// tale returns the n-th story, which as yet only begins.
func tale(n int, outcome episodes.Outcome) story {
	r := &episodes.Record{Summary: episodes.Summary{
		Version: episodes.Version, Episode: fmt.Sprintf("%08x-52b1-4c6e-9d9b-0123456789ab", uint32(n+1)*0x3f0c6a5), Slice: "batch.slice",
		Began: storyBegan.Add(time.Duration(n) * time.Hour), Outcome: outcome, Breach: "full stall reached the limit, 10% of the window",
		DelayUsec: 8_000_000,
	}}
	return story{r}
}

// at returns a time after the beginning.
func (s story) at(seconds float64) time.Time {
	return s.Began.Add(time.Duration(seconds * float64(time.Second)))
}

// tells adds an event.
func (s story) tells(seconds float64, kind, unit, message, reason string) {
	e := episodes.Event{At: s.at(seconds), Kind: kind, Unit: unit, Message: message}
	if reason != "" {
		e.Fields = map[string]string{"REPRIEVE_REASON": reason}
	}
	s.Events = append(s.Events, e)
}

// reads adds n readings from a time on, every 100 ms. Stall is a share of the time; usage moves to a value in MiB.
func (s story) reads(from float64, n int, stall float64, usage int64, held int64) {
	c := &s.Samples
	some, full, used := int64(4_000_000), int64(1_000_000), int64(180)
	if last := len(c.AtUsec) - 1; last >= 0 {
		some, full, used = c.SomeUsec[last], c.FullUsec[last], c.UsageBytes[last]/mib
	}
	for i := range int64(n) {
		some, full = some+int64(stall*100_000), full+int64(stall*80_000)
		now := used + (usage-used)*(i+1)/int64(n)
		c.AtUsec = append(c.AtUsec, int64(from*1e6)+i*100_000)
		c.SomeUsec, c.FullUsec = append(c.SomeUsec, some), append(c.FullUsec, full)
		c.UsageBytes, c.AvailableBytes = append(c.UsageBytes, now*mib), append(c.AvailableBytes, (700-now)*mib)
		c.SwapFreeBytes, c.Held = append(c.SwapFreeBytes, 400*mib-now/2*mib), append(c.Held, held)
	}
}

// begins adds what all stories begin with.
func (s story) begins() {
	s.Daemon, s.BootID = "1.2.0", "0f5a0c1e6a1f4f6b8a54c6a9a3f2c7d1"
	s.Policy = []episodes.Setting{
		{Key: "priority", Value: "100", Origin: "default"},
		{Key: "pressure.full", Value: "10%", Origin: "/etc/reprieve/slices/batch.slice.toml:5"},
		{Key: "hold.delay", Value: "8s", Origin: "/etc/reprieve/slices/batch.slice.d/10-delay.toml:1"},
		{Key: "stop.pick", Value: "largest", Origin: "built in"},
	}
	s.reads(-3, 30, 0.02, 200, 0)
	s.Samples.Averages = &episodes.Averages{SomePercent: [3]float64{9.12, 1.87, 0.4}, FullPercent: [3]float64{6.3, 1.2, 0.25}}
	s.tells(0, "breach", "", "batch.slice is in breach: full stall reached the limit, 10% of the window; waiting up to 8s", s.Breach)
}

// holds adds the hold of a leaf.
func (s story) holds() {
	s.Held = []string{"batch-b.slice"}
	s.reads(0, 1, 0.3, 206, 0)
	s.tells(0.1, "hold", "batch-b.slice", "batch-b.slice is held at 214M: it grew since the breach of batch.slice", s.Breach)
}

// judges adds the choice.
func (s story) judges(seconds float64) {
	s.Verdict = &episodes.Verdict{
		At: s.at(seconds), Pick: []string{"priority", "largest"}, Choice: "by priority, largest, of 2: 408M, next batch-a.slice at most 43M", Eligible: 2,
		Candidates: []episodes.Candidate{
			{Unit: "batch-b.slice", Path: "/batch.slice/batch-b.slice", Rank: 1, Priority: 100, FootprintBytes: 408 * mib,
				UsageBytes: 215 * mib, GainedBytes: 120 * mib},
			{Unit: "batch-a.slice", Path: "/batch.slice/batch-a.slice", Rank: 2, Priority: 100, FootprintBytes: 43 * mib, Bound: true, UsageBytes: 34 * mib},
			{Unit: "app-a\\x2dvery\\x2dlong\\x2dname\\x2dof\\x2dan\\x2dapp.slice", UID: 1000, Path: "/batch.slice/x", Priority: 100, FootprintBytes: 7 * mib,
				Bound: true, UsageBytes: 7 * mib, Out: "below min (6.7M of 16M)", MinBytes: 16 * mib},
		},
	}
}

// stories are those that golden files tell.
func stories() map[string]story {
	relieved := tale(0, episodes.Relieved)
	relieved.begins()
	relieved.holds()
	relieved.reads(0.1, 30, 0.9, 210, 1)
	relieved.reads(3.1, 20, 0, 150, 1)
	relieved.reads(5.1, 10, 0, 140, 0)
	relieved.WaitedUsec, relieved.Ended = 5_100_000, relieved.at(6)
	relieved.tells(5.1, "relief", "", "batch.slice is calm again after 5.1s; the hold of batch-b.slice is lifted, nothing was stopped", relieved.Breach)

	stopped := tale(1, episodes.Stopped)
	stopped.begins()
	stopped.holds()
	stopped.reads(0.1, 80, 0.97, 216, 1)
	stopped.judges(8.1)
	stopped.tells(8.1, "stop", "batch-b.slice", "batch.slice stalled 23% (full, limit 10%) and did not calm in 8.1s "+
		"while batch-b.slice was held at 214M; "+
		"stopping batch-b.slice (largest of 2: 408M, next batch-a.slice at most 43M)", "the delay is over and the pressure goes on")
	stopped.reads(8.1, 3, 0.3, 30, 0)
	stopped.tells(8.3, "stopped", "batch-b.slice", "batch-b.slice is stopped: no process is left in it, 0.2s after the decision", "")
	stopped.reads(8.4, 20, 0, 34, 0)
	stopped.tells(9.4, "settled", "batch-b.slice", "1.1s after the stop of batch-b.slice, which took 0.2s: 214M came back, "+
		"it had used 215M; batch.slice is calm; "+
		"hog.service is started again when batch.slice has been calm", "")
	stopped.tells(40.2, "revived", "hog.service", "hog.service is started again: batch.slice has been calm for 30s", "")
	stopped.WaitedUsec, stopped.EmptyUsec, stopped.SettleUsec, stopped.FreedBytes = 8_100_000, 200_000, 1_100_000, 214*mib
	stopped.Stopped, stopped.Revived, stopped.Ended = []string{"batch-b.slice"}, []string{"hog.service"}, stopped.at(11.4)
	stopped.Lost, stopped.Along = []string{"run-u12.scope"}, []string{"watcher.service"}

	spared := tale(2, episodes.Spared)
	spared.begins()
	spared.holds()
	spared.reads(0.1, 80, 0.5, 208, 1)
	spared.tells(8.1, "relief", "", "batch.slice is let be after 8.0s: the pressure goes on, and the host has 490M of 1.0G available; "+
		"the hold of batch-b.slice is lifted, nothing was stopped", "the host has 490M of 1.0G available")
	spared.Events[len(spared.Events)-1].Fields["REPRIEVE_SPARED"] = "1"
	spared.WaitedUsec, spared.Ended = 8_000_000, spared.at(8.1)

	observe := tale(3, episodes.Relieved)
	observe.Observe = true
	observe.begins()
	observe.Held = []string{"batch-b.slice"}
	observe.tells(0.1, "hold", "batch-b.slice", "would hold batch-b.slice at 214M: it grew since the breach of batch.slice", "")
	observe.reads(0, 81, 0.6, 600, 0)
	observe.judges(8.1)
	observe.tells(8.1, "stop", "batch-b.slice", "batch.slice stalled 23% (full, limit 10%) and did not calm in 8.1s; would stop batch-b.slice "+
		"(largest of 2: 408M, next batch-a.slice at most 43M)", "the delay is over and the pressure goes on")
	observe.WaitedUsec, observe.Ended = 8_100_000, observe.at(13.1)

	killed := tale(4, episodes.Killed)
	killed.begins()
	killed.KernelKills, killed.WaitedUsec, killed.Ended = 2, 1_400_000, killed.at(3.4)
	killed.Breach = "memory is used up in 2.1s at the present rate (210M left, 100M a second), limit 3s"
	killed.reads(0, 14, 0.1, 690, 0)
	killed.tells(1.4, "kernel", "batch-b.slice", "the kernel's OOM killer killed 2 processes in batch.slice, batch-b.slice was hit most "+
		"(batch.slice was in breach for 1.4s); stopping what is left of it",
		"the kernel's OOM killer killed 2 processes in batch.slice, batch-b.slice was hit most")
	killed.reads(1.4, 20, 0, 40, 0)
	for i := range killed.Samples.SwapFreeBytes {
		killed.Samples.SwapFreeBytes[i] = 0
	}
	for i := 31; i < 40; i++ { // nobody could read
		killed.Samples.SomeUsec[i], killed.Samples.FullUsec[i], killed.Samples.UsageBytes[i], killed.Samples.AvailableBytes[i] = -1, -1, -1, -1
	}

	empty := tale(5, episodes.Running)

	long := tale(6, episodes.Failed)
	long.Slice = `app-\x2dslice\x2dwith\x2da\x2dlong\x2dname.slice`
	long.begins()
	long.holds()
	for i := range 9 {
		long.reads(0.1+float64(i)*6, 60, []float64{0.9, 0.2, 0.6}[i%3], int64(206+40*(i%2)), int64((i+1)%2))
		long.tells(0.2+float64(i)*6, "hold", "batch-b.slice", fmt.Sprintf("batch-b.slice is held at %dM: it grew since the breach", 206+i), "")
		long.tells(float64(i)*6+3, "acquitted", "batch-b.slice", "batch-b.slice is let go: "+
			"it neither grew nor had pages reclaimed for 3s while others stall on, so it is not the cause", "")
		long.tells(float64(i)*6+5, "step", "cache.service", "SIGUSR1 is sent to cache.service (main process); it has 2s", "")
	}
	long.reads(54.1, 30, 0, 206, 0)
	long.judges(54.1)
	for i := range 20 {
		c := long.Verdict.Candidates[1]
		c.Unit, c.Rank = fmt.Sprintf("batch-%d.slice", i), i+3
		long.Verdict.Candidates = append(long.Verdict.Candidates, c)
	}
	long.Verdict.Others = 100
	long.tells(54.1, "failed", "", "batch.slice: cannot stop: \x1b[2Jno unit is left\n", "stop: no unit is left")
	long.WaitedUsec, long.DelayUsec, long.Ended = 54_100_000, 60_000_000, long.at(57.1)
	return map[string]story{
		"relieved": relieved, "stopped": stopped, "spared": spared, "observe": observe, "killed": killed, "empty": empty, "long": long,
	}
}

// storyArchive writes the stories as the daemon does and returns where they are.
func storyArchive(t *testing.T) archive {
	t.Helper()
	from := archive{
		store: episodes.Store{Dir: filepath.Join(t.TempDir(), "episodes")}, zone: time.UTC, look: 10 * time.Millisecond,
		now: func() time.Time { return storyBegan.Add(24 * time.Hour) },
	}
	for name, s := range stories() {
		if err := from.store.Write(s.Record); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return from
}
