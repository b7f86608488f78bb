package episodes

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// began is when the first episode of the tests began.
var began = time.Date(2026, 11, 22, 19, 5, 12, 123456000, time.UTC)

// id returns an id in the form of a UUID; with others, those of small numbers differ in the first characters.
func id(n int) string { return fmt.Sprintf("%08x-52b1-4c6e-9d9b-%012x", uint32(n+1)*2654435761, n) }

// record returns the record of the n-th episode, one a minute, as large as those of a busy slice are: 30 to 60 KB.
func record(n int, slice string) *Record {
	r := &Record{
		Summary: Summary{
			Version: Version, Episode: id(n), Slice: slice, Began: began.Add(time.Duration(n) * time.Minute),
			Ended: began.Add(time.Duration(n)*time.Minute + 12*time.Second), Outcome: Stopped,
			Breach: "full stall reached the limit, 10% of the window", WaitedUsec: 8_100_000, DelayUsec: 8_000_000,
			Held: []string{"batch-b.slice"}, Stopped: []string{"batch-b.slice"}, FreedBytes: 214 << 20,
			EmptyUsec: 200_000, SettleUsec: 900_000,
		},
		Daemon: "1.0.0", BootID: "0f5a0c1e6a1f4f6b8a54c6a9a3f2c7d1",
	}
	for i := range 40 {
		r.Policy = append(r.Policy, Setting{Key: fmt.Sprintf("hold.key%d", i), Value: "10s", Origin: "/etc/reprieve/slices/batch.slice.toml:12"})
	}
	for i := range 12 {
		r.Events = append(r.Events, Event{
			At: r.Began.Add(time.Duration(i) * time.Second), Kind: "hold", Unit: "batch-b.slice",
			Message: "batch-b.slice is held at 214M: it grew since the breach of batch.slice",
			Fields: map[string]string{"REPRIEVE_HOLD": "throttle", "REPRIEVE_USAGE": "224395264",
				"REPRIEVE_EVIDENCE": "fits=no batch-b.slice 209M mark 206M high 13"},
		})
	}
	v := &Verdict{Pick: []string{"largest"}, Choice: "largest of 32: 408M, next batch-a.slice at most 43M", Eligible: 32}
	for i := range 32 {
		v.Candidates = append(v.Candidates, Candidate{
			Unit: fmt.Sprintf("batch-%d.slice", i), Path: fmt.Sprintf("/batch.slice/batch-%d.slice", i), Rank: i + 1, Priority: 100,
			FootprintBytes: 408 << 20, ExcessBytes: 408 << 20, UsageBytes: 214 << 20, SwapBytes: 194 << 20, GainedBytes: 100 << 20, StalledUsec: 7_512_345,
		})
	}
	r.Verdict = v
	source := rand.New(rand.NewPCG(uint64(n), 1))
	var some, full int64
	for i := range int64(600) {
		some, full = some+source.Int64N(100_000), full+source.Int64N(80_000)
		r.Samples.AtUsec = append(r.Samples.AtUsec, -2_000_000+i*100_000)
		r.Samples.SomeUsec = append(r.Samples.SomeUsec, some)
		r.Samples.FullUsec = append(r.Samples.FullUsec, full)
		r.Samples.UsageBytes = append(r.Samples.UsageBytes, 100<<20+i<<19)
		r.Samples.AvailableBytes = append(r.Samples.AvailableBytes, 900<<20-i<<19)
		r.Samples.SwapFreeBytes = append(r.Samples.SwapFreeBytes, 500<<20-i<<18)
		r.Samples.Held = append(r.Samples.Held, i/300)
	}
	return r
}

// small returns a record without samples and candidates.
func small(n int, slice string) *Record {
	r := record(n, slice)
	r.Policy, r.Events, r.Verdict, r.Samples = nil, nil, nil, Samples{}
	return r
}

// write writes records into a new store of its own and returns it.
func write(t testing.TB, records ...*Record) Store {
	t.Helper()
	s := Store{Dir: filepath.Join(t.TempDir(), "reprieve", "episodes")}
	for _, r := range records {
		if err := s.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// must ends a test that cannot go on.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes the text of a file in a folder of its own and returns its path.
func put(t testing.TB, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), fileName("a.slice", "e", began))
	must(t, os.WriteFile(path, text, 0o644))
	return path
}
