package report

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/test/bench/result"
	"reprieve/test/bench/stats"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sample reads results that were made up: two rounds, three controllers, one of them of an older Reprieve.
func sample(t *testing.T) []result.Run {
	t.Helper()
	runs, err := result.ReadFile("testdata/runs.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return result.Valid(runs)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want +got:\n%s", name, diff)
	}
}

// Ensure the tables have medians, ranges, ratios within rounds, and who died.
func TestTables(t *testing.T) {
	golden(t, "tables.md", Tables("bookworm", sample(t), "benchmarks-bookworm.svg"))
}

// Ensure the one table over all loads has the time over the limit, who lived, and who died besides.
func TestSummary(t *testing.T) {
	golden(t, "summary.md", Summary("bookworm", sample(t)))
}

// Ensure the chart is what it was, and XML.
func TestChart(t *testing.T) {
	chart := Chart("bookworm", sample(t))
	golden(t, "chart.svg", chart)
	for d := xml.NewDecoder(strings.NewReader(chart)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("Chart is no XML: %v", err)
		}
	}
}

// Ensure nothing is claimed where nothing was measured.
func TestNothing(t *testing.T) {
	if got, want := Tables("trixie", nil, "x.svg"), "### trixie\n\nnot run yet\n"; got != want {
		t.Errorf("Tables of nothing = %q, want %q", got, want)
	}
	if got := Summary("trixie", nil); got != "not run yet\n" {
		t.Errorf("Summary of nothing = %q, want that it was not run yet", got)
	}
	if got := Chart("trixie", nil); got != "" {
		t.Errorf("Chart of nothing = %q, want none", got)
	}
}

// Ensure what is around the marks stays, and a document without both of them is refused.
func TestSplice(t *testing.T) {
	for _, tt := range []struct {
		document, want string
		ok             bool
	}{
		{"a\n" + begin + "old\n" + end + "b\n", "a\n" + begin + "new\n" + end + "b\n", true},
		{begin + end, begin + "new\n" + end, true},
		{"a\n" + begin + "b\n", "", false},
		{"a\n" + end + begin + "b\n", "", false},
		{begin + end + begin + end, "", false},
		{"", "", false},
	} {
		got, err := Splice(tt.document, "new\n")
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("Splice(%q) = %q, %v, want %q, ok %t", tt.document, got, err, tt.want, tt.ok)
		}
	}
}

// Ensure numbers have three figures, and a range only where there is one.
func TestSpan(t *testing.T) {
	for _, tt := range []struct {
		spread stats.Spread
		want   string
	}{
		{stats.Spread{}, "–"},
		{stats.Spread{Median: 0, N: 1}, "0"},
		{stats.Spread{Median: 0.001, Min: 0.001, Max: 0.001, N: 2}, "<0.01"},
		{stats.Spread{Median: 9.996, Min: 0.05, Max: 1234.4, N: 5}, "10.0 (0.05–1234)"},
		{stats.Spread{Median: 99.96, Min: 99.96, Max: 99.96, N: 5}, "100"},
	} {
		if got := span(tt.spread); got != tt.want {
			t.Errorf("span(%+v) = %q, want %q", tt.spread, got, tt.want)
		}
	}
}

// Ensure the report says of how many runs it is known that the emulator kept up.
func TestStill(t *testing.T) {
	none, long, longer := int64(0), int64(1_500_000), int64(12_200_000)
	for _, tt := range []struct {
		stood []*int64
		want  string
	}{
		{[]*int64{nil, nil}, "Whether a CPU of the guests stood still was not looked at."},
		{[]*int64{&none, &none}, "A CPU of the guest stood still for a second in none of all runs."},
		{[]*int64{nil, &none}, "A CPU of the guest stood still for a second in none of the 1 runs that were looked at."},
		{[]*int64{&long, &none, &longer}, "A CPU of the guest stood still in 2 of all runs, for 12.2 s at most."},
		{[]*int64{&long, nil, &none}, "A CPU of the guest stood still in 1 of the 2 runs that were looked at, for 1.5 s at most."},
	} {
		var runs []result.Run
		for _, stood := range tt.stood {
			runs = append(runs, result.Run{StoodMicros: stood})
		}
		if got := still(runs); got != tt.want {
			t.Errorf("still(%d runs) = %q, want %q", len(runs), got, tt.want)
		}
	}
}
