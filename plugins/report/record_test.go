package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/controller"
	"reprieve/episodes"
	"reprieve/pressure"
)

// story is what is told of episodes, one note a second.
type story struct {
	r       Records
	at      time.Time
	written []*episodes.Record
}

func newStory() *story { return &story{at: time.Date(2026, 11, 22, 19, 0, 0, 0, time.UTC)} }

func (s *story) tell(n controller.Note, policy ...episodes.Setting) {
	n.Slice = "batch.slice"
	if r := s.r.Take(&n, s.at, policy); r != nil {
		s.written = append(s.written, r)
	}
	s.at = s.at.Add(time.Second)
}

var anEpisode = controller.ID{1}

func (s *story) breach() {
	s.tell(controller.Note{
		Kind: controller.NoteBreach, Episode: anEpisode, Delay: 10 * time.Second, Resumed: len(s.r.all) > 0,
		Breach: controller.Breach{By: "full", Stall: 4320, Limit: 2000},
	}, episodes.Setting{Key: "hold.delay", Value: "10s", Origin: "default"})
}

// Ensure a record tells who was held and stopped, what that freed, and who came back, and that it is written when somebody is
// stopped, when it is over, and when somebody comes back.
func TestRecords_Stop(t *testing.T) {
	s := newStory()
	s.r.Daemon, s.r.BootID = "1.0", "abc"
	s.breach()
	s.tell(controller.Note{Kind: controller.NoteHold, Episode: anEpisode, Unit: "batch-b.slice", By: "throttle"})
	candidates := []controller.Candidate{
		{Unit: "batch-b.slice", Path: "/batch.slice/batch-b.slice", Measured: true, Score: controller.Score{FootprintBytes: 420 * mib, Priority: 100}},
		{Unit: "batch-a.slice", Path: "/batch.slice/batch-a.slice", Score: controller.Score{FootprintBytes: 1 * mib}, MinBytes: 16 * mib},
	}
	s.tell(controller.Note{
		Kind: controller.NoteStop, Episode: anEpisode, Unit: "batch-b.slice", Waited: 10 * time.Second, Delay: 10 * time.Second, Pick: "largest",
		Why: controller.BecauseExpiry, Candidates: candidates, Eligible: 1,
	})
	s.tell(controller.Note{Kind: controller.NoteStopped, Episode: anEpisode, Unit: "batch-b.slice", Took: 300 * time.Millisecond})
	s.tell(controller.Note{
		Kind: controller.NoteSettled, Episode: anEpisode, Unit: "batch-b.slice", Emptied: 300 * time.Millisecond, Took: time.Second,
		FreedBytes: 415 * mib, FreedOK: true, Revives: []string{"job.service"}, Lost: []string{"x.scope"}, Along: []string{"y.service"},
	})
	samples := episodes.Samples{AtUsec: []int64{0, 1}, SomeUsec: []int64{1, 2}, FullUsec: []int64{1, 2}, UsageBytes: []int64{3, 4}, AvailableBytes: []int64{5, 6}, SwapFreeBytes: []int64{7, 8}, Held: []int64{0, 1}}
	over := s.r.End(anEpisode, s.at, s.at.Add(-5*time.Second), samples)
	s.tell(controller.Note{Kind: controller.NoteRevived, Unit: "job.service"})

	if len(s.written) != 2 || len(s.written[0].Events) != 3 || !s.written[0].Ended.IsZero() {
		t.Fatalf("%d records were worth writing besides the end, want one at the stop, with 3 events, and one at the return", len(s.written))
	}
	want := episodes.Summary{
		Version: episodes.Version, Episode: anEpisode.String(), Slice: "batch.slice", Began: s.at.Add(-6 * time.Second), Ended: s.at.Add(-time.Second),
		Outcome: episodes.Stopped, Breach: "full stall 43% of the window, limit 20%", WaitedUsec: 10_000_000, DelayUsec: 10_000_000,
		Held: []string{"batch-b.slice"}, Stopped: []string{"batch-b.slice"}, FreedBytes: 415 * mib, EmptyUsec: 300_000, SettleUsec: 1_000_000,
		Lost: []string{"x.scope"}, Along: []string{"y.service"},
	}
	if diff := cmp.Diff(want, over.Summary); diff != "" {
		t.Errorf("the summary at the end: -want +got\n%s", diff)
	}
	want.Revived = []string{"job.service"}
	if diff := cmp.Diff(want, s.written[1].Summary); diff != "" {
		t.Errorf("the summary when the unit is back: -want +got\n%s", diff)
	}
	if diff := cmp.Diff(samples, s.written[1].Samples); diff != "" {
		t.Errorf("readings: -want +got\n%s", diff)
	}
	v := over.Verdict
	if v == nil || len(v.Candidates) != 2 || v.Candidates[0].Rank != 1 || v.Candidates[1].Rank != 0 || v.Candidates[1].Out != "below min (1.0M of 16M)" || !v.Candidates[1].Bound {
		t.Errorf("verdict %+v, want batch-b.slice first and batch-a.slice out, below min", v)
	}
	if over.Daemon != "1.0" || over.BootID != "abc" || len(over.Policy) != 1 {
		t.Errorf("daemon %q, boot %q, %d settings; want 1.0, abc, 1", over.Daemon, over.BootID, len(over.Policy))
	}
}

// Ensure each way in which an episode ends has its name.
func TestRecords_Outcome(t *testing.T) {
	for _, tt := range []struct {
		name  string
		notes []controller.Note
		want  episodes.Outcome
	}{
		{"it passes", []controller.Note{{Kind: controller.NoteRelief}}, episodes.Relieved},
		{"the host has plenty", []controller.Note{{Kind: controller.NoteRelief, Spared: true}}, episodes.Spared},
		{"only observed", []controller.Note{{Kind: controller.NoteStop, Observe: true, Unit: "b"}, {Kind: controller.NoteRelief, Observe: true}}, episodes.Stopped},
		{"the kernel was first", []controller.Note{{Kind: controller.NoteKernel, Kills: 2}}, episodes.Killed},
		{"relief after a stop", []controller.Note{{Kind: controller.NoteStop, Unit: "b"}, {Kind: controller.NoteSettled, GoesOn: true}, {Kind: controller.NoteRelief}}, episodes.Stopped},
		{"nobody may be stopped", []controller.Note{{Kind: controller.NoteFailed, Candidates: []controller.Candidate{{Unit: "b"}}}}, episodes.Failed},
	} {
		s := newStory()
		s.breach()
		for _, n := range tt.notes {
			n.Episode = anEpisode
			s.tell(n)
		}
		if got := s.r.End(anEpisode, s.at, s.at, episodes.Samples{}).Outcome; got != tt.want {
			t.Errorf("%s: outcome %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Ensure an episode that goes on after relief is one record, with the readings of all its parts.
func TestRecords_Resumed(t *testing.T) {
	s := newStory()
	s.breach()
	part := func(at ...int64) episodes.Samples {
		return episodes.Samples{AtUsec: at, SomeUsec: at, FullUsec: at, UsageBytes: at, AvailableBytes: at, SwapFreeBytes: at, Held: at}
	}
	began := s.at.Add(-time.Second)
	s.tell(controller.Note{Kind: controller.NoteRelief, Episode: anEpisode})
	s.r.End(anEpisode, s.at, began, part(-5, 0, 7))
	s.breach()
	if k := s.r.find(anEpisode); k.Outcome != episodes.Running || !k.Ended.IsZero() {
		t.Errorf("outcome %q, ended %v while it goes on; want running, never", k.Outcome, k.Ended)
	}
	got := s.r.End(anEpisode, s.at, began.Add(20*time.Microsecond), part(-15, -1, 0))
	if diff := cmp.Diff([]int64{-5, 0, 7, 19, 20}, got.Samples.AtUsec); diff != "" {
		t.Errorf("times: -want +got\n%s", diff)
	}
	if len(s.r.all) != 1 || len(got.Events) != 3 {
		t.Errorf("%d records with %d events, want 1 with 3", len(s.r.all), len(got.Events))
	}
}

// Ensure what is remembered is bounded, and who is not known is nobody's.
func TestRecords_Bounds(t *testing.T) {
	s := newStory()
	for i := range byte(100) {
		s.tell(controller.Note{Kind: controller.NoteBreach, Episode: controller.ID{9, i}, Stall: pressure.Stall{}})
	}
	if len(s.r.all) != recordsKept {
		t.Errorf("%d records are remembered, want %d", len(s.r.all), recordsKept)
	}
	if got := s.r.End(controller.ID{9, 1}, s.at, s.at, episodes.Samples{}); got != nil {
		t.Errorf("End() of one that is forgotten = %+v, want nil", got)
	}
	long := make([]int64, 3*samplesMost)
	for i := range long {
		long[i] = int64(i)
	}
	got := join(episodes.Samples{}, episodes.Samples{AtUsec: long, SomeUsec: long, FullUsec: long, UsageBytes: long, AvailableBytes: long, SwapFreeBytes: long, Held: long}, 0)
	if n := len(got.AtUsec); n > samplesMost || n < samplesMost/2 || len(got.Held) != n {
		t.Errorf("%d readings of %d are kept, %d of them held; want at most %d, all columns as long", n, len(long), len(got.Held), samplesMost)
	}
}
