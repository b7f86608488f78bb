package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/controller"
	"reprieve/episodes"
	"reprieve/plugins/report"
	"reprieve/pressure"
)

// lists calls history and returns what it printed.
func lists(from archive, args ...string) (stdout, stderr string, code int) {
	var out, err strings.Builder
	code = historyAt(context.Background(), args, &out, &err, from)
	return out.String(), err.String(), code
}

// Ensure a line for each episode says what became of it, the newest last.
func TestHistory_Lines(t *testing.T) {
	got, stderr, code := lists(storyArchive(t))
	if code != exitOK || stderr != "" {
		t.Errorf("history = %d, %q", code, stderr)
	}
	golden(t, "history/all.txt", got)
}

// Ensure the flags and the argument choose what they say.
func TestHistory_Chooses(t *testing.T) {
	from := storyArchive(t)
	for _, tt := range []struct {
		args []string
		want string // the hours after the first story
	}{
		{nil, "0 1 2 3 4 5 6"},
		{[]string{"-n", "2"}, "5 6"},
		{[]string{"-n", "0"}, "0 1 2 3 4 5 6"},
		{[]string{"batch.slice"}, "0 1 2 3 4 5"},
		{[]string{"-n", "1", "batch.slice"}, "5"},
		{[]string{`app-\x2dslice\x2dwith\x2da\x2dlong\x2dname.slice`}, "6"},
		{[]string{"--since", "2026-11-23"}, "5 6"},
		{[]string{"--since", "2026-11-22 23:00"}, "4 5 6"},
		{[]string{"--since", "2026-11-22 23:00", "-n", "1"}, "6"},
		{[]string{"--since", "19h ago"}, "5 6"},
	} {
		stdout, stderr, code := lists(from, append(tt.args, "--json")...)
		var all []episodes.Summary
		if err := json.Unmarshal([]byte(stdout), &all); err != nil || code != exitOK || stderr != "" {
			t.Errorf("history %q = %d, %q, %v", tt.args, code, stderr, err)
			continue
		}
		var got []string
		for _, s := range all {
			got = append(got, string(rune('0'+s.Began.Sub(storyBegan)/time.Hour)))
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("history %q: %s, want %s", tt.args, got, tt.want)
		}
	}
}

// Ensure without --since and -n there are twenty, and with --since alone all.
func TestHistory_Default(t *testing.T) {
	from := storyArchive(t)
	for n := range 30 {
		s := tale(100+n, episodes.Relieved)
		if err := from.store.Write(s.Record); err != nil {
			t.Fatal(err)
		}
	}
	for args, want := range map[string]int{"": 21, "--since=2026-11-22": 38, "--since=2026-11-22 -n 5": 6, "-n 0": 38} {
		stdout, _, _ := lists(from, strings.Fields(args)...)
		if got := strings.Count(stdout, "\n"); got != want { // with the titles
			t.Errorf("history %s: %d lines, want %d", args, got, want)
		}
	}
}

// Ensure bad records are named one a line, change the exit code, and keep none of the others from being listed.
func TestHistory_Bad(t *testing.T) {
	from := storyArchive(t)
	all, err := from.store.List(episodes.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"", "{", `{"version":99,"daemon":""}`} {
		if err := os.WriteFile(from.store.Path(all[i]), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, code := lists(from)
	if lines := strings.Count(stdout, "\n"); code != exitFindings || lines != 5 {
		t.Errorf("history = %d with %d lines, want 1 with 4 episodes and the titles\n%s", code, lines, stdout)
	}
	for i, want := range []string{"the file is empty", "cut short", "a newer reprieved: its form is 99"} {
		if line := strings.Split(stderr, "\n")[2-i]; !strings.Contains(line, want) || !strings.Contains(line, from.store.Path(all[i])) {
			t.Errorf("stderr: %q, want %q of %s", line, want, all[i].Name)
		}
	}
	if stdout, _, code := lists(from, "--json", "-n", "3"); code != exitFindings || stdout != "[]\n" {
		t.Errorf("history --json of bad records = %d, %q, want 1, []", code, stdout)
	}
}

// Ensure nothing to list is no failure, and that it is said why that may be.
func TestHistory_Nothing(t *testing.T) {
	full, empty, none := storyArchive(t), storyArchive(t), storyArchive(t)
	empty.store.Dir = t.TempDir()
	none.store.Dir = filepath.Join(t.TempDir(), "episodes")
	for _, tt := range []struct {
		from archive
		args []string
		want string
	}{
		{none, nil, "there is no " + none.store.Dir + "; reprieved makes it"},
		{empty, nil, "none in " + empty.store.Dir + "; nothing was in breach"},
		{full, []string{"none.slice"}, "of the 7 in " + full.store.Dir + ", from 2026-11-22 19:05:12 to 2026-11-23 01:05:12, none"},
		{full, []string{"--since", "now"}, "none is asked for"},
	} {
		stdout, stderr, code := lists(tt.from, tt.args...)
		if code != exitOK || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("history %q = %d, %q, %q, want 0 with %q", tt.args, code, stdout, stderr, tt.want)
		}
		if stdout, stderr, code := lists(tt.from, append(tt.args, "--json")...); code != exitOK || stdout != "[]\n" || stderr != "" {
			t.Errorf("history --json %q = %d, %q, %q, want 0, []", tt.args, code, stdout, stderr)
		}
	}
	file := full
	file.store.Dir = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file.store.Dir, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := lists(file); code != exitFindings || !strings.Contains(stderr, "not a directory") {
		t.Errorf("history of a file = %d, %q, want 1", code, stderr)
	}
}

// Ensure a line on a terminal has the colour of its outcome, and nothing else is changed.
func TestHistory_Colours(t *testing.T) {
	s := stories()["stopped"].Summary
	plain, coloured := newHistoryTable(storyBegan, time.UTC, false), newHistoryTable(storyBegan, time.UTC, true)
	var want, got strings.Builder
	if err := plain.write(&want, []episodes.Summary{s}); err != nil {
		t.Fatal(err)
	}
	if err := coloured.write(&got, []episodes.Summary{s}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.String(), "  \x1b[31mstopped\x1b[0m  ") {
		t.Errorf("no red in %q", got.String())
	}
	text := strings.NewReplacer("\x1b[31m", "", "\x1b[1m", "", "\x1b[0m", "").Replace(got.String())
	if diff := cmp.Diff(want.String(), text); diff != "" {
		t.Errorf("without its colours: -plain +coloured\n%s", diff)
	}
}

// Ensure the sentences that reports have for a breach are shortened to their figures.
func TestShortBreach(t *testing.T) {
	for _, tt := range []struct {
		breach controller.Breach
		want   string
	}{
		{controller.Breach{By: "full", Limit: pressure.Share(1000)}, "full 10%"},
		{controller.Breach{By: "some", Limit: pressure.Share(6000), Stall: pressure.Share(7250)}, "some 73%"},
		{controller.Breach{By: "max", Rise: 3}, "max +3"},
		{controller.Breach{By: "left", Left: 2100 * time.Millisecond, RoomBytes: 210 << 20, RateBytes: 100 << 20, LeftLimit: 3 * time.Second}, "left 2.1s"},
	} {
		words := report.Reason(controller.Note{Kind: controller.NoteBreach, Breach: tt.breach})
		if got := shortBreach(words); got != tt.want {
			t.Errorf("shortBreach(%q) = %q, want %q", words, got, tt.want)
		}
	}
	for words, want := range map[string]string{"": "", "a sentence of another version": "a sentence of anoth~", "full stall": "full stall"} {
		if got := shortBreach(words); got != want {
			t.Errorf("shortBreach(%q) = %q, want %q", words, got, want)
		}
	}
}

// Ensure --follow lists what there is, then new and changed records as they come, also in a folder that is made later, and ends
// with its context.
func TestHistory_Follow(t *testing.T) {
	from := storyArchive(t)
	from.now = time.Now // the folder's time is the host's
	from.store.Dir = filepath.Join(t.TempDir(), "episodes")
	lines, stop := follows(t, from, "--follow", "--json", "batch.slice")
	next := func(want episodes.Summary) {
		t.Helper()
		var got episodes.Summary
		if err := json.Unmarshal([]byte(<-lines), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	write := func(s story) {
		t.Helper()
		if err := from.store.Write(s.Record); err != nil {
			t.Fatal(err)
		}
	}
	first, other, second := tale(0, episodes.Running), tale(1, episodes.Stopped), tale(2, episodes.Relieved)
	other.Slice = "user.slice"
	write(first)
	next(first.Summary)
	first.Outcome = episodes.Stopped
	write(other)
	write(first)
	next(first.Summary)
	write(second)
	next(second.Summary)
	if code := stop(); code != exitOK {
		t.Errorf("history --follow = %d at its end, want 0", code)
	}
	if line, more := <-lines; more {
		t.Errorf("it went on with %q", line)
	}
}

// Ensure --follow begins with the newest ones, in lines below one set of titles.
func TestHistory_FollowLines(t *testing.T) {
	from := storyArchive(t)
	from.now = time.Now
	lines, stop := follows(t, from, "--follow", "-n", "2")
	for _, want := range []string{"TIME", "running", "failed"} {
		if got := <-lines; !strings.Contains(got, want) {
			t.Errorf("line %q, want %q", got, want)
		}
	}
	late := tale(8, episodes.Spared)
	if err := from.store.Write(late.Record); err != nil {
		t.Fatal(err)
	}
	if got := <-lines; !strings.Contains(got, late.Episode[:shortID]) || !strings.Contains(got, "spared") {
		t.Errorf("line %q, want the episode %s", got, late.Episode)
	}
	stop()
}

// follows starts history and returns its lines, and how to end it.
func follows(t *testing.T, from archive, args ...string) (lines <-chan string, stop func() (code int)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	all, code := make(chan string), make(chan int, 1)
	go func() {
		var stderr strings.Builder
		code <- historyAt(ctx, args, writer, &stderr, from)
		if stderr.Len() > 0 {
			t.Errorf("stderr: %s", stderr.String())
		}
		writer.Close()
	}()
	go func() {
		defer close(all)
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			all <- scanner.Text()
		}
	}()
	return all, func() int { cancel(); return <-code }
}
