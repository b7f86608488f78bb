package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reprieve/test/bench/result"
)

// guestSays is what a guest prints: two runs, the second of which it does not survive.
const guestSays = "=== guest bookworm\r\n" +
	`BEGIN {"suite":"bookworm","round":1,"load":"steady","controller":"kernel"}` + "\r\n" +
	"CPU 1 stood still for 2.5 s until 98.765 s after boot\r\n" +
	"CPU 0 stood still for 1.0 s until 99.001 s after boot\r\n" +
	`RUN {"suite":"bookworm","round":1,"load":"steady","controller":"kernel","took_us":60000000,"outcome":{"breach_us":1000000,"empty_us":3000000,"oom_kills":1}}` + "\r\n" +
	`BEGIN {"suite":"bookworm","round":1,"load":"steady","controller":"reprieve-0"}` + "\r\n" +
	"guest: died before run.sh was over\n"

// Ensure what a guest prints is kept, told, and what it left open is to be done again.
func TestCollect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bookworm.jsonl")
	order := []string{"-results", path, "-suite", "bookworm", "-build", "b", "-rounds", "1", "-loads", "steady", "-controllers", "kernel reprieve-0"}
	var out, stderr bytes.Buffer
	if code := run(append([]string{"collect"}, order...), strings.NewReader(guestSays), &out, &stderr); code != 0 {
		t.Fatalf("bench collect = %d: %s", code, stderr.String())
	}
	for _, want := range []string{
		"=== guest bookworm\n",
		"bench: bookworm, round 1, steady, kernel: run 1 of 2, some 3m0s left\n", // by the guess of 75 s
		"bench:   breach after 1.0 s, the load was gone after 3.0 s, 1 kernel kills\n",
		"bench: bookworm, round 1, steady, reprieve-0: run 2 of 2, some 1m0s left\n", // by the first run
		"guest: died before run.sh was over\n",
		"bench:   no result: the guest was gone before the run was over\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("bench collect prints %q, want it to have %q", out.String(), want)
		}
	}
	runs, err := result.ReadFile(path)
	if err != nil || len(runs) != 2 || runs[1].Error == "" || runs[1].Build != "b" {
		t.Errorf("results = %+v, %v, want two, the second one with an error and the build", runs, err)
	}

	if stood := runs[0].StoodMicros; stood == nil || *stood != 2_500_000 {
		t.Errorf("CPUs stood still for %v us in the first run, want the longest time, 2500000", stood)
	}

	out.Reset()
	if code := run(append([]string{"plan"}, order...), nil, &out, &stderr); code != 0 || out.String() != "1 steady reprieve-0\n" {
		t.Errorf("bench plan = %d, %q, want the run without a result", code, out.String())
	}
}

// Ensure the tables come between the marks, and a second report without results takes the chart away.
func TestReport(t *testing.T) {
	dir := t.TempDir()
	document, chart := filepath.Join(dir, "benchmarks.md"), filepath.Join(dir, "benchmarks-bookworm.svg")
	if err := os.WriteFile(document, []byte("# By hand\n<!-- bench: begin -->\n<!-- bench: end -->\nthe rest\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	summary := filepath.Join(dir, "README.md")
	if err := errors.Join(os.WriteFile(chart, nil, 0o644), os.WriteFile(summary, []byte("<!-- bench: begin -->\n<!-- bench: end -->\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	args := []string{"report", "-results", dir, "-document", document, "-summary", summary, "bookworm"}
	var out, stderr bytes.Buffer
	if code := run(args, nil, &out, &stderr); code != 0 {
		t.Fatalf("bench report = %d: %s", code, stderr.String())
	}
	got, err := os.ReadFile(document)
	want := "# By hand\n<!-- bench: begin -->\n\n### bookworm\n\nnot run yet\n\n<!-- bench: end -->\nthe rest\n"
	if err != nil || string(got) != want {
		t.Errorf("the document is %q, %v, want %q", got, err, want)
	}
	if _, err := os.Stat(chart); !os.IsNotExist(err) {
		t.Errorf("the chart of nothing: %v, want it to be removed", err)
	}

	text, err := os.ReadFile("report/testdata/runs.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bookworm.jsonl"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	if code := run(args, nil, &out, &stderr); code != 0 {
		t.Fatalf("bench report = %d: %s", code, stderr.String())
	}
	if got, err := os.ReadFile(document); err != nil || !strings.Contains(string(got), "![Seconds from the breach to the empty group](benchmarks-bookworm.svg)") {
		t.Errorf("the document is %q, %v, want it to show the chart", got, err)
	}
	if got, err := os.ReadFile(summary); err != nil || !strings.Contains(string(got), "| `reprieve-0` |") {
		t.Errorf("the summary is %q, %v, want a table", got, err)
	}
	if got, err := os.ReadFile(chart); err != nil || !strings.HasPrefix(string(got), "<svg ") {
		t.Errorf("the chart is %q, %v, want a picture", got, err)
	}
}

// Ensure a wrong call is 2 and an error is 1.
func TestRunCodes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want int
	}{
		{nil, 2},
		{[]string{"fly"}, 2},
		{[]string{"plan", "-suite", "bookworm", "-loads", "flood"}, 1},
		{[]string{"report", "-document", "/nonexistent/x.md"}, 1},
	} {
		var out, stderr bytes.Buffer
		if got := run(tt.args, nil, &out, &stderr); got != tt.want || stderr.Len() == 0 {
			t.Errorf("run(%q) = %d, %q, want %d and a reason", tt.args, got, stderr.String(), tt.want)
		}
	}
}
