package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/episodes"
	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/varlink"
)

// statusNow is the time of all tests of what the daemon tells.
var statusNow = time.Date(2026, 11, 22, 19, 1, 2, 0, time.UTC)

// ago is a time before statusNow in microseconds since 1970; after it where d is negative.
func ago(d time.Duration) int64 { return statusNow.Add(-d).UnixMicro() }

// scripted is a daemon that answers fixed values.
type scripted struct {
	status   control.Status
	plans    map[string]episodes.Verdict
	released int   // by a pause
	err      error // in place of every answer
	paused   []int64
}

// listen has the daemon answer on a new socket, on a host of three slices, and returns where that is.
func (d *scripted) listen(t *testing.T) source {
	t.Helper()
	from := quietHost(t)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: from.client.Socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	v := varlink.Serve(l, varlink.Service{Interfaces: []varlink.Interface{{Name: control.Interface, Methods: map[string]varlink.Method{
		"Status": func(context.Context, json.RawMessage) (any, error) { return d.status, d.err },
		"Plan":   d.plan,
		"Pause":  d.pause,
	}}}})
	t.Cleanup(func() { v.Close() })
	return from
}

func (d *scripted) plan(_ context.Context, in json.RawMessage) (any, error) {
	var ask struct{ Slice string }
	if err := varlink.Decode(in, &ask); err != nil {
		return nil, err
	}
	v, ok := d.plans[ask.Slice]
	if !ok {
		return nil, &varlink.Error{Name: control.ErrorNoSuchSlice, Parameters: map[string]any{"slice": ask.Slice}}
	}
	return control.Plan{Slice: ask.Slice, Verdict: v}, d.err
}

func (d *scripted) pause(_ context.Context, in json.RawMessage) (any, error) {
	var ask struct{ Usec int64 }
	if err := varlink.Decode(in, &ask); err != nil {
		return nil, err
	}
	d.paused = append(d.paused, ask.Usec)
	d.status.PausedUntilUnixUsec = 0
	if ask.Usec > 0 {
		d.status.PausedUntilUnixUsec = statusNow.UnixMicro() + ask.Usec
	}
	return map[string]int{"released": d.released}, d.err
}

// quietHost is a host with a few groups and 2 GiB of swap, on which no daemon runs.
func quietHost(t *testing.T) source {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"meminfo":                             "MemTotal: 8388608 kB\nMemAvailable: 6291456 kB\nSwapTotal: 2097152 kB\nSwapFree: 1992294 kB\n",
		"cgroup/memory.pressure":              "some avg10=77.00 avg60=3.00 avg300=0.00 total=5021\nfull avg10=77.00 avg60=1.00 avg300=0.00 total=4180\n",
		"cgroup/batch.slice/memory.pressure":  "some avg10=12.50 avg60=3.00 avg300=0.70 total=502100\nfull avg10=4.20 avg60=1.00 avg300=0.00 total=418000\n",
		"cgroup/batch.slice/memory.current":   "641728512\n",
		"cgroup/batch.slice/memory.max":       "1073741824\n",
		"cgroup/system.slice/memory.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=50\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=40\n",
		"cgroup/system.slice/memory.current":  "301989888\n",
		"cgroup/system.slice/memory.max":      "max\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return source{
		client: control.Client{Socket: filepath.Join(root, "control")}, ledger: filepath.Join(root, "holds"),
		host: gauge.Host{Mount: filepath.Join(root, "cgroup"), Meminfo: filepath.Join(root, "meminfo")}, now: statusNow, zone: time.UTC,
	}
}

// calm is a daemon that watches three slices, and to which something happened before.
func calm() control.Status {
	return control.Status{
		Version: "v1.2.0", PID: 812, ReadyUnixUsec: ago(50*time.Hour + 4*time.Minute), Bus: "connected", MemoryLocked: true,
		OwnStallUsec: 210_000, OwnMajorFaults: 3, OwnAllocations: 5120, Collections: 7, Killers: []string{},
		Slices: []control.Slice{
			{
				Unit: "-.slice", Path: "/", Phase: control.Calm, Leaves: 14, FarLeaves: 2, Triggers: 3, Slope: true,
				Limits: control.Limits{FullPercent: 50, WindowUsec: 2e6, Events: []string{}, LeftUsec: 3e6}, DelayUsec: 20e6, Ways: "throttle on growers", Priority: 100,
			},
			{
				Unit: "batch.slice", Path: "/batch.slice", Phase: control.Calm, Leaves: 3, Triggers: 2, Priority: 10,
				Limits:    control.Limits{FullPercent: 20, SomePercent: 60, WindowUsec: 1e6, Events: []string{"max", "oom"}},
				DelayUsec: 10e6, Ways: "throttle on growers",
				Last: &control.Last{Episode: "0a1b2c3d-aaaa-bbbb-cccc-000000000001", Outcome: episodes.Stopped, Unit: "batch-b.slice", EndedUnixUsec: ago(3*time.Hour + 12*time.Minute)},
				Counters: control.Tally{
					Breaches: 3, Holds: 4, Relieved: 2, Stops: 1, KernelKills: 2, FreedBytes: 415 << 20,
					Waited:  control.Histogram{Counts: []uint64{0, 0, 1, 1, 0, 1, 0, 0, 0}, SumUsec: 14_200_000},
					Emptied: control.Histogram{Counts: []uint64{0, 1, 0, 0, 0, 0, 0, 0, 0}, SumUsec: 200_000},
				},
			},
			{
				Unit: "system.slice", Path: "/system.slice", Phase: control.Calm, Leaves: 1, Triggers: 1, Priority: 100,
				Limits: control.Limits{Events: []string{}, WindowUsec: 2e6}, DelayUsec: 30e6, Ways: "throttle on growers",
			},
		},
	}
}

// episode is calm with two holds in batch.slice and a stop in system.slice.
func episode() control.Status {
	s := calm()
	s.Slices[1].Phase, s.Slices[1].Episode = control.Held, &control.Now{
		Episode: "7f6e5d4c-aaaa-bbbb-cccc-000000000002", Breach: "full stall 43% of the window, limit 20%", BeganUnixUsec: ago(3200 * time.Millisecond),
		DeadlineUnixUsec: ago(-6800 * time.Millisecond), WaitedUsec: 3_200_000, SomePercent: 50, FullPercent: 43.2,
		Holds: []control.Hold{
			{Unit: "batch-b.slice", By: "throttle", MarkBytes: 214 << 20, UsageBytes: 213 << 20},
			{Unit: "batch-c.slice", By: "freeze", UsageBytes: -1},
		},
	}
	s.Slices[2].Phase, s.Slices[2].Episode = control.Stopping, &control.Now{
		Episode: "99999999-aaaa-bbbb-cccc-000000000003", Breach: "full stall 80% of the window, limit 60%", BeganUnixUsec: ago(31 * time.Second),
		DeadlineUnixUsec: ago(time.Second), WaitedUsec: 30_000_000, SomePercent: -1, FullPercent: -1, Holds: []control.Hold{}, Victim: "hog.service",
	}
	return s
}

// golden compares a text with testdata/NAME, which -update rewrites.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
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
}

// Ensure status shows each state of the daemon and of a slice, and fits into 80 columns.
func TestStatus_Text(t *testing.T) {
	for name, change := range map[string]func(*control.Status){
		"calm":    func(*control.Status) {},
		"episode": func(s *control.Status) { *s = episode() },
		"paused":  func(s *control.Status) { s.PausedUntilUnixUsec = ago(-250 * time.Second) },
		"unproved": func(s *control.Status) {
			s.Unproved, s.Bus, s.MemoryLocked = "cgroup.kill is not permitted", "connect: no such file or directory", false
			s.Killers, s.BadConfigurations, s.DroppedReports = []string{"systemd-oomd.service", "earlyoom.service"}, 1, 3
		},
		"observe": func(s *control.Status) { s.Observe = true },
		"nothing": func(s *control.Status) { s.Slices = []control.Slice{} },
		"hostile": func(s *control.Status) { s.Slices[1].Last.Unit, s.Version = "a\x1b[2J\nb.service", "\x1b]0;x\a" },
	} {
		t.Run(name, func(t *testing.T) {
			d := &scripted{status: calm()}
			change(&d.status)
			var stdout, stderr bytes.Buffer
			if code := statusAt(nil, &stdout, &stderr, d.listen(t)); code != exitOK || stderr.Len() > 0 {
				t.Errorf("statusAt() = %d, stderr %q, want %d and nothing", code, stderr.String(), exitOK)
			}
			golden(t, "status/"+name+".txt", stdout.String())
			for line := range strings.Lines(stdout.String()) {
				if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > statusWidth {
					t.Errorf("a line has %d columns, want %d at most: %q", n, statusWidth, line)
				}
			}
		})
	}
}

// Ensure a slice can be asked for alone, and one that is not watched is an error.
func TestStatus_Slice(t *testing.T) {
	d := &scripted{status: calm()}
	from := d.listen(t)
	var stdout, stderr bytes.Buffer
	if code := statusAt([]string{"batch.slice"}, &stdout, &stderr, from); code != exitOK {
		t.Errorf("batch.slice: exit %d, %s", code, stderr.String())
	}
	if got := stdout.String(); !strings.Contains(got, "\nbatch.slice  calm\n") || strings.Contains(got, "system.slice") {
		t.Errorf("batch.slice shows\n%s", got)
	}
	stdout.Reset()
	code := statusAt([]string{"none.slice"}, &stdout, &stderr, from)
	if want := "reprievectl status: none.slice is not watched by reprieved; reprievectl status lists what is\n"; code != exitFindings || stderr.String() != want || stdout.Len() > 0 {
		t.Errorf("none.slice: exit %d, %q, %q, want %q", code, stdout.String(), stderr.String(), want)
	}
}

// Ensure swap, or none of it, comes with what follows.
func TestStatus_Swap(t *testing.T) {
	for _, tt := range []struct{ total, free, want string }{
		{"0", "0", "none: stall shows only in the last moment, so it is looked at how\n            fast memory fills, for -.slice\n"},
		{"2097152", "204800", "200M of 2.0G free, nearly used up: it counts as none, so it is\n            looked at how fast memory fills, for -.slice\n"},
		{"2097152", "2097152", "2.0G of 2.0G free: a shortage shows as stall in time\n"},
	} {
		d := &scripted{status: calm()}
		from := d.listen(t)
		text := "MemTotal: 8388608 kB\nMemAvailable: 6291456 kB\nSwapTotal: " + tt.total + " kB\nSwapFree: " + tt.free + " kB\n"
		if err := os.WriteFile(from.host.Meminfo, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		v, err := from.look("")
		if err != nil || !strings.Contains(v.String(), "  swap      "+tt.want) {
			t.Errorf("with %s of %s kB of swap free: %v, want %q in\n%s", tt.free, tt.total, err, tt.want, v)
		}
	}
}

// Ensure colours come where they are wanted and nowhere else.
func TestStatus_Colours(t *testing.T) {
	d := &scripted{status: episode()}
	v, err := d.listen(t).look("")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(v.String(), "\x1b") {
		t.Errorf("without colours there is an escape sequence in\n%s", v)
	}
	v.colours = true
	for _, want := range []string{"-.slice  \x1b[32mcalm\x1b[0m\n", "batch.slice  \x1b[33mheld\x1b[0m\n", "system.slice  \x1b[31mstopping\x1b[0m\n"} {
		if !strings.Contains(v.String(), want) {
			t.Errorf("no %q in\n%s", want, v)
		}
	}
}
