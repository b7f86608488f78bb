package metrics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/episodes"
	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/varlink"
)

var update = flag.Bool("update", false, "rewrite testdata")

var now = time.Date(2026, 11, 22, 19, 1, 2, 0, time.UTC)

// sample is a daemon with two slices, one of them in an episode, whose name needs escaping.
func sample() Input {
	return Input{
		Up: true, Now: now,
		Status: control.Status{
			Version: `v1.2.0 "x"`, PID: 812, ReadyUnixUsec: now.Add(-time.Hour).UnixMicro(), Bus: "connected", MemoryLocked: true,
			PausedUntilUnixUsec: now.Add(time.Minute).UnixMicro(), OwnStallUsec: 210_000, OwnMajorFaults: 3, OwnAllocations: 5120, Collections: 7,
			DroppedReports: 1, DroppedRecords: 2, Killers: []string{"earlyoom.service"}, BadConfigurations: 1,
			Slices: []control.Slice{
				{
					Unit: "-.slice", Path: "/", Phase: control.Calm, Leaves: 14, FarLeaves: 2, Triggers: 3,
					Limits: control.Limits{FullPercent: 50, WindowUsec: 2e6}, DelayUsec: 20e6,
				},
				{
					Unit: `system-a\x2db.slice`, Path: `/system-a\x2db.slice`, Phase: control.Held, Leaves: 3, Triggers: 2,
					Limits: control.Limits{FullPercent: 20, SomePercent: 62.5, WindowUsec: 1e6}, DelayUsec: 10e6,
					Episode: &control.Now{BeganUnixUsec: now.Add(-3 * time.Second).UnixMicro(), Holds: make([]control.Hold, 2)},
					Counters: control.Tally{
						Breaches: 3, Holds: 4, Relieved: 2, Spared: 1, Outcomes: map[episodes.Outcome]uint64{episodes.Relieved: 2, episodes.Spared: 1, episodes.Stopped: 4}, Stops: 5, KernelKills: 6, Failures: 7, Revived: 8, FreedBytes: 415 << 20,
						Waited:  control.Histogram{Counts: []uint64{0, 0, 1, 1, 0, 1, 0, 0, 2}, SumUsec: 714_200_000},
						Emptied: control.Histogram{Counts: []uint64{0, 1, 0, 0, 0, 0, 0, 0, 0}, SumUsec: 200_000},
					},
				},
			},
		},
		Readings: map[string]gauge.Reading{
			"-.slice":             {PressureOK: true, Some: gauge.Line{TotalUsec: 5_021_000}, Full: gauge.Line{TotalUsec: 4_180_000}, UsageBytes: 2 << 30, LimitBytes: 8 << 30},
			`system-a\x2db.slice`: {PressureOK: true, Some: gauge.Line{TotalUsec: 1}, UsageBytes: 1 << 20, LimitBytes: -1},
		},
	}
}

func render(t *testing.T, in Input) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Ensure every metric is rendered, and nothing of a daemon that is not up.
func TestWrite(t *testing.T) {
	got, path := render(t, sample()), "testdata/sample.prom"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want +got (-update rewrites it)\n%s", path, diff)
	}
	const down = "# HELP reprieve_up Whether reprieved answered at its socket.\n# TYPE reprieve_up gauge\nreprieve_up 0\n"
	in := sample()
	in.Up = false
	if got := render(t, in); got != down {
		t.Errorf("of a daemon that is not up: %q, want %q", got, down)
	}
}

// Ensure a pause that is over is none, and a histogram of another version's daemon is left out.
func TestWrite_Odd(t *testing.T) {
	in := sample()
	in.Now = now.Add(time.Hour)
	in.Status.Slices[1].Counters.Waited.Counts = make([]uint64, 3)
	got := render(t, in)
	if !bytes.Contains([]byte(got), []byte("\nreprieve_paused 0\n")) {
		t.Error("a pause that is over is still one")
	}
	if bytes.Contains([]byte(got), []byte("reprieve_wait_seconds_bucket")) || !bytes.Contains([]byte(got), []byte("reprieve_empty_seconds_bucket")) {
		t.Error("wait_seconds has buckets, or empty_seconds has none")
	}
}

// Ensure a daemon is asked and the files of its slices are read; that none runs is no error.
func TestSource_Gather(t *testing.T) {
	root := t.TempDir()
	s := Source{Client: control.Client{Socket: filepath.Join(root, "s")}, Host: gauge.Host{Mount: root, Meminfo: "/nonexistent"}}
	in, err := s.Gather(t.Context())
	if err != nil || in.Up {
		t.Errorf("without a daemon: up %v, %v, want neither", in.Up, err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.Client.Socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	v := varlink.Serve(l, varlink.Service{Interfaces: []varlink.Interface{{Name: control.Interface, Methods: map[string]varlink.Method{
		"Status": func(context.Context, json.RawMessage) (any, error) { return sample().Status, nil },
	}}}})
	t.Cleanup(func() { v.Close() })
	dir := filepath.Join(root, `system-a\x2db.slice`)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "memory.current"), []byte("4096\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	in, err = s.Gather(t.Context())
	if err != nil || !in.Up || len(in.Status.Slices) != 2 {
		t.Errorf("Gather: up %v, %d slices, %v", in.Up, len(in.Status.Slices), err)
	}
	if got := in.Readings[`system-a\x2db.slice`]; got.UsageBytes != 4096 || got.PressureOK {
		t.Errorf("the reading is %+v, want a usage of 4096 and no pressure", got)
	}
}

// Ensure who may not ask is told so: the daemon may well be up.
func TestSource_GatherDenied(t *testing.T) {
	s := Source{Client: control.Client{Socket: filepath.Join(t.TempDir(), "s")}, Host: gauge.Host{Mount: t.TempDir(), Meminfo: "/nonexistent"}}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.Client.Socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	v := varlink.Serve(l, varlink.Service{Admit: func(uint32) bool { return false }})
	t.Cleanup(func() { v.Close() })
	e := (*varlink.Error)(nil)
	if in, err := s.Gather(t.Context()); !errors.As(err, &e) || e.Name != "org.varlink.service.PermissionDenied" {
		t.Errorf("Gather: up %v, %v, want the error of the daemon", in.Up, err)
	}
}
