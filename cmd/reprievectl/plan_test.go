package main

import (
	"bytes"
	"strings"
	"testing"

	"reprieve/episodes"
	"reprieve/internal/control"
	"reprieve/internal/varlink"
)

const mib = 1 << 20

// verdicts are what a daemon answers for the slices of calm.
func verdicts() map[string]episodes.Verdict {
	return map[string]episodes.Verdict{
		"-.slice": {
			Pick: []string{"priority", "largest"}, Eligible: 2,
			Choice: "by priority, largest, 700M with priority 10, next app.slice of user 1000 at most 90M with 100",
			Candidates: []episodes.Candidate{
				{Unit: "batch.slice", Path: "/batch.slice", Rank: 1, Priority: 10,
					FootprintBytes: 700 * mib, ExcessBytes: 700 * mib, UsageBytes: 612 * mib, SwapBytes: 90 * mib},
				{Unit: "app.slice", UID: 1000, Path: "/user.slice/app.slice", Rank: 2, Priority: 100, Preference: "avoid",
					FootprintBytes: 90 * mib, Bound: true, ExcessBytes: 60 * mib, UsageBytes: 90 * mib},
				{Unit: "system-getty.slice", Path: "/system.slice/system-getty.slice", Priority: 100,
					FootprintBytes: mib, Bound: true, ExcessBytes: mib, UsageBytes: mib, Out: "below min (1.0M of 16M)"},
			},
			Others: 3,
		},
		"batch.slice": {
			Pick: []string{"growth"}, Choice: "the only candidate, 408M", Eligible: 1,
			Candidates: []episodes.Candidate{
				{Unit: "batch-b.slice", Path: "/batch.slice/batch-b.slice", Rank: 1, Priority: 100,
					FootprintBytes: 408 * mib, ExcessBytes: 408 * mib, UsageBytes: 215 * mib, GainedBytes: 150 * mib, StalledUsec: 2_300_000, ScanRate: 1200, Offences: 4},
			},
		},
		"system.slice": {
			Pick: []string{"largest"},
			Candidates: []episodes.Candidate{
				{Unit: "dbus.service", Path: "/system.slice/dbus.service", Priority: 100,
					FootprintBytes: 5 * mib, ExcessBytes: 5 * mib, UsageBytes: 5 * mib, Out: "protected (dbus.service)"},
			},
		},
		"empty.slice": {},
	}
}

// Ensure plan names who would go, why, and why the others are out, and says that nothing was done.
func TestPlan(t *testing.T) {
	from := (&scripted{status: calm(), plans: verdicts()}).listen(t)
	for _, tt := range []struct {
		golden string
		args   []string
	}{
		{"plan/all.txt", nil},
		{"plan/slice.txt", []string{"batch.slice"}},
		{"plan/empty.txt", []string{"empty.slice"}},
		{"plan/slice.json", []string{"--json", "batch.slice"}},
	} {
		var stdout, stderr bytes.Buffer
		if code := planAt(tt.args, &stdout, &stderr, from); code != exitOK || stderr.Len() > 0 {
			t.Errorf("planAt(%q) = %d, %q, want %d", tt.args, code, stderr.String(), exitOK)
		}
		golden(t, tt.golden, stdout.String())
	}
}

// Ensure a slice that went meanwhile is passed over where all were asked for, and an error where it was named.
func TestPlan_Gone(t *testing.T) {
	d := &scripted{status: calm(), plans: verdicts()}
	delete(d.plans, "system.slice")
	from := d.listen(t)
	var stdout, stderr bytes.Buffer
	if code := planAt(nil, &stdout, &stderr, from); code != exitOK || strings.Contains(stdout.String(), "system.slice:") {
		t.Errorf("planAt() = %d, %q, %q", code, stdout.String(), stderr.String())
	}
	stdout.Reset()
	code := planAt([]string{"system.slice"}, &stdout, &stderr, from)
	want := "reprievectl plan: system.slice is not watched by reprieved; reprievectl status lists what is\n"
	if code != exitFindings || stderr.String() != want || stdout.Len() > 0 {
		t.Errorf("planAt(system.slice) = %d, %q, %q, want %q", code, stdout.String(), stderr.String(), want)
	}
}

// Ensure nothing watched is said, an empty list in JSON, and a daemon that cannot answer an error.
func TestPlan_Nothing(t *testing.T) {
	d := &scripted{status: control.Status{Slices: []control.Slice{}}}
	from := d.listen(t)
	var stdout, stderr bytes.Buffer
	if code := planAt(nil, &stdout, &stderr, from); code != exitOK || !strings.HasPrefix(stdout.String(), "nothing is watched") {
		t.Errorf("planAt() = %d, %q", code, stdout.String())
	}
	stdout.Reset()
	if code := planAt([]string{"--json"}, &stdout, &stderr, from); code != exitOK || stdout.String() != "[]\n" {
		t.Errorf("planAt(--json) = %d, %q, want []", code, stdout.String())
	}
	d.err = &varlink.Error{Name: control.ErrorNoAnswer}
	if code := planAt(nil, &stdout, &stderr, from); code != exitFindings || !strings.Contains(stderr.String(), "event loop does not answer") {
		t.Errorf("planAt() = %d, %q, want %d", code, stderr.String(), exitFindings)
	}
}
