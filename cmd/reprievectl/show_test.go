package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/episodes"
)

// shows calls show and returns what it printed.
func shows(from archive, args ...string) (stdout, stderr string, code int) {
	var out, err strings.Builder
	code = showAt(args, &out, &err, from)
	return out.String(), err.String(), code
}

// Ensure each way in which an episode may end is told on one page of 80 columns.
func TestShow_Stories(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8")
	from := storyArchive(t)
	for name, s := range stories() {
		got, stderr, code := shows(from, s.Episode)
		if code != exitOK || stderr != "" {
			t.Errorf("show %s = %d, %q", name, code, stderr)
		}
		golden(t, "show/"+name+".txt", got)
		for _, line := range strings.Split(got, "\n") {
			if n := len([]rune(line)); n > showNarrow || strings.ContainsAny(line, "\x1b\r") {
				t.Errorf("%s: %d columns, want at most %d and no controls: %q", name, n, showNarrow, line)
			}
		}
	}
}

// Ensure a locale without UTF-8 gets ASCII alone, and --policy what was in force.
func TestShow_ASCII(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	got, _, _ := shows(storyArchive(t), "--policy", stories()["stopped"].Episode)
	golden(t, "show/stopped-ascii-policy.txt", got)
	for _, r := range got {
		if r > 126 {
			t.Fatalf("%q in the page, want ASCII:\n%s", r, got)
		}
	}
}

// Ensure a wider terminal gets a wider page, and one with colours the same text.
func TestShow_Wide(t *testing.T) {
	s := stories()["stopped"]
	plain := showPage{width: 120, heights: sparkBlocks, zone: time.UTC}
	got := plain.story(s.Record, true)
	golden(t, "show/stopped-wide.txt", got)
	coloured := showPage{width: 120, heights: sparkBlocks, zone: time.UTC, colours: true}
	text := coloured.story(s.Record, true)
	if !strings.Contains(text, "\x1b[31mstopped\x1b[0m") {
		t.Errorf("no red in %q", text[:80])
	}
	for _, code := range []string{"\x1b[1m", "\x1b[31m", "\x1b[0m"} {
		text = strings.ReplaceAll(text, code, "")
	}
	if diff := cmp.Diff(got, text); diff != "" {
		t.Errorf("without its colours: -plain +coloured\n%s", diff)
	}
}

// Ensure an episode is found in each way, and that the error says what there is.
func TestShow_Which(t *testing.T) {
	from := storyArchive(t)
	all, err := from.store.List(episodes.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	newest := all[0].Episode
	other := from
	other.store.Dir = t.TempDir()
	nowhere := from
	nowhere.store.Dir = filepath.Join(t.TempDir(), "episodes")
	for _, tt := range []struct {
		from   archive
		args   string
		code   int
		out    string // its id, in the output
		stderr string
	}{
		{from, "last", 0, newest, ""},
		{from, "-n 1", 0, newest, ""},
		{from, "-n 2", 0, all[1].Episode, ""},
		{from, "-n 7", 0, all[6].Episode, ""},
		{from, "-n 8", 1, "", "there are 7 records"},
		{from, newest[:5], 0, newest, ""},
		{from, from.store.Path(all[3]), 0, all[3].Episode, ""},
		{other, "--dir " + from.store.Dir + " last", 0, newest, ""},
		{from, "", 2, "", "reprievectl history lists"},
		{from, "last -n 2", 2, "", "takes one of"},
		{from, "-n 0", 2, "", `-n: read "0", allowed: a number of episodes from 1 on`},
		{from, "zzz", 1, "", "no such episode as zzz among 7; reprievectl history"},
		{other, "last", 1, "", "there are 0 records"},
		{nowhere, "last", 1, "", "there is no " + nowhere.store.Dir},
		{nowhere, "abc", 1, "", "there is no " + nowhere.store.Dir},
		{from, "./nothing.json", 1, "", "read ./nothing.json: no such file"},
	} {
		stdout, stderr, code := shows(tt.from, strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(stdout, tt.out) || !strings.Contains(stderr, tt.stderr) || (code == 0) != (stderr == "") {
			t.Errorf("show %s = %d, %q, %q; want %d with %q and %q", tt.args, code, stdout, stderr, tt.code, tt.out, tt.stderr)
		}
	}
}

// Ensure --json is the record, which can be shown again.
func TestShow_JSON(t *testing.T) {
	from := storyArchive(t)
	want := stories()["long"].Record
	stdout, stderr, code := shows(from, "--json", want.Episode)
	if code != exitOK || !strings.HasPrefix(stdout, "{\n  \"version\": 1,\n") {
		t.Fatalf("show --json = %d, %.40q, %q", code, stdout, stderr)
	}
	var got episodes.Record
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	path := filepath.Join(t.TempDir(), "sent.json")
	if err := os.WriteFile(path, []byte(stdout), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := shows(from, path); code != exitOK {
		t.Errorf("show of what --json wrote = %d, %s", code, stderr)
	}
}

// Ensure values that no daemon writes break nothing: records may come from others.
func TestShow_Extremes(t *testing.T) {
	s := tale(0, "odd")
	const far = 1<<63 - 1
	s.Samples = episodes.Samples{
		AtUsec: []int64{-far, -far, 0, far}, SomeUsec: []int64{far, 0, -1, far}, FullUsec: []int64{-far, -1, -1, -1}, UsageBytes: []int64{far, 0, -far, 1},
		AvailableBytes: []int64{-1, -1, -1, -1}, SwapFreeBytes: []int64{0, 0, 0, 0}, Held: []int64{far, -1, 0, 1},
	}
	s.Verdict = &episodes.Verdict{Candidates: []episodes.Candidate{{Unit: "", Priority: -1 << 63, FootprintBytes: 1<<64 - 1}}}
	s.Events = []episodes.Event{
		{At: s.Began.AddDate(-5000, 0, 0)},
		{At: s.Began.AddDate(5000, 0, 0), Kind: strings.Repeat("k", 99), Message: strings.Repeat("m", 999)},
	}
	s.WaitedUsec, s.DelayUsec, s.Ended = -far, far, s.Began.AddDate(-100, 0, 0)
	for _, width := range []int{showNarrow, showWide} {
		p := showPage{width: width, heights: sparkASCII, zone: time.UTC}
		if got := p.story(s.Record, true); !strings.Contains(got, "does not know") {
			t.Errorf("width %d:\n%s", width, got)
		}
	}
}
