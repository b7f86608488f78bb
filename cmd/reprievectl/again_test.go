package main

import (
	"encoding/json"
	"strings"
	"testing"

	"reprieve/episodes"
)

// repicked is a folder with one episode, in which a sum of the groups above decided.
func repicked(t *testing.T, change func(*episodes.Verdict)) (archive, string) {
	t.Helper()
	s := tale(1, episodes.Stopped)
	s.begins()
	s.Verdict = &episodes.Verdict{
		At: s.at(8), Pick: []string{"largest"}, Choice: "largest of 3", Eligible: 3,
		Candidates: []episodes.Candidate{
			{Unit: "a1.service", Path: "/batch.slice/a.slice/a1.service", Rank: 1, Class: 1, Born: 11, FootprintBytes: 30 * mib, ExcessBytes: 30 * mib, GainedBytes: 1},
			{Unit: "a2.service", Path: "/batch.slice/a.slice/a2.service", Rank: 2, Class: 1, Born: 12, FootprintBytes: 20 * mib, ExcessBytes: 20 * mib, GainedBytes: 2},
			{Unit: "b.service", Path: "/batch.slice/b.service", Rank: 3, Class: 1, Born: 9, FootprintBytes: 40 * mib, ExcessBytes: 40 * mib, GainedBytes: 9},
			{Unit: "c.service", Path: "/batch.slice/c.service", Out: "empty", Class: 1, Born: 10},
		},
		Groups: []episodes.Group{{Unit: "a.slice", Path: "/batch.slice/a.slice", Born: 8, Sums: []episodes.Sum{
			{Class: 1, FootprintBytes: 50 * mib, ExcessBytes: 50 * mib, GainedBytes: 3},
		}}},
	}
	if change != nil {
		change(s.Verdict)
	}
	from := storyArchive(t)
	from.store.Dir = t.TempDir()
	if err := from.store.Write(s.Record); err != nil {
		t.Fatal(err)
	}
	return from, s.Episode
}

// Ensure show says whom another order would have taken, and by the same order whom it took.
func TestShow_Pick(t *testing.T) {
	for _, tt := range []struct{ pick, want, first string }{
		{"largest", "would be    a1.service, as then", "a1.service"},
		{"growth", "would be    b.service, in place of a1.service", "b.service"},
		{"priority, newest", "would be    b.service, in place of a1.service", "b.service"},
	} {
		from, id := repicked(t, nil)
		got, stderr, code := shows(from, "--pick", tt.pick, id)
		if code != exitOK || stderr != "" || !strings.Contains(got, tt.want) || !strings.Contains(got, "by          "+tt.pick) {
			t.Errorf("show --pick %q = %d, %q, want %q in\n%s", tt.pick, code, stderr, tt.want, got)
		}
		text, _, _ := shows(from, "--json", "--pick", tt.pick, id)
		var r episodes.Record
		if err := json.Unmarshal([]byte(text), &r); err != nil || r.Verdict.Candidates[0].Unit != tt.first || r.Verdict.Candidates[0].Rank != 1 {
			t.Errorf("show --json --pick %q: %v, want %s first in\n%s", tt.pick, err, tt.first, text)
		}
	}
}

// Ensure it is said what cannot be chosen again.
func TestShow_PickErrors(t *testing.T) {
	for _, tt := range []struct {
		pick   string
		change func(*episodes.Verdict)
		code   int
		want   string
	}{
		{"biggest", nil, exitUsage, "want one of growth, largest, newest, offender, priority, reclaim, stall, swap"},
		{"growth,growth", nil, exitUsage, "growth is in it twice"},
		{"", nil, exitUsage, `read "", allowed: --pick ORDER`},
		{"reclaim", nil, exitFindings, "--pick: this order goes by what happened since the breach"},
		{"growth", func(v *episodes.Verdict) { v.Candidates[0].Born = 0 }, exitFindings, "--pick: it was written by an older reprieved"},
		{"growth", func(v *episodes.Verdict) { v.Pick = []string{"oldest"} }, exitFindings, `--pick: it was chosen by "oldest", which this reprievectl does not have`},
	} {
		from, id := repicked(t, tt.change)
		got, stderr, code := shows(from, "--pick", tt.pick, id)
		if code != tt.code || got != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("show --pick %q = %d, %q, %q, want %d with %q", tt.pick, code, got, stderr, tt.code, tt.want)
		}
	}
	from := storyArchive(t)
	if _, stderr, code := shows(from, "--pick", "growth", stories()["relieved"].Episode); code != exitFindings || !strings.Contains(stderr, "nobody was weighed") {
		t.Errorf("show --pick of an episode without a choice = %d, %q, want 1", code, stderr)
	}
}
