package metrics

import (
	"regexp"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"reprieve/internal/control"
)

// families parses a text as Prometheus does.
func families(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("Prometheus does not take it: %v\n%s", err, text)
	}
	return all
}

// Ensure Prometheus takes the text, and reads the values and the names of slices that were written.
func TestWrite_Parsed(t *testing.T) {
	all := families(t, render(t, sample()))
	metric := all["reprieve_freed_bytes_total"].GetMetric()
	if len(metric) != 2 || metric[1].GetCounter().GetValue() != 415<<20 || metric[1].GetLabel()[0].GetValue() != `system-a\x2db.slice` {
		t.Errorf("reprieve_freed_bytes_total is %v, want 415 MiB of %s", metric, `system-a\x2db.slice`)
	}
	wait := all["reprieve_wait_seconds"].GetMetric()
	if len(wait) != 1 || wait[0].GetHistogram().GetSampleCount() != 5 || wait[0].GetHistogram().GetSampleSum() != 714.2 {
		t.Errorf("reprieve_wait_seconds is %v, want 5 waits of 714.2 s", wait)
	}
	if n := len(wait[0].GetHistogram().GetBucket()); n != len(control.Buckets())+1 {
		t.Errorf("reprieve_wait_seconds has %d buckets, want %d", n, len(control.Buckets())+1)
	}
}

// Ensure no name of a slice or a version can break the text.
func TestWrite_Hostile(t *testing.T) {
	for _, name := range []string{"a\nreprieve_up 7\n.slice", `a"} 1`, `\`, "\xff", "", "}{"} {
		in := sample()
		in.Status.Version = name
		in.Status.Slices[1].Unit = name
		all := families(t, render(t, in))
		if got := len(all["reprieve_up"].GetMetric()); got != 1 {
			t.Errorf("%q: reprieve_up has %d samples, want 1", name, got)
		}
		got := all["reprieve_stops_total"].GetMetric()[1].GetLabel()[0].GetValue()
		if want := strings.ToValidUTF8(name, "\uFFFD"); got != want {
			t.Errorf("%q is read as %q, want %q", name, got, want)
		}
	}
}

// Ensure names keep Prometheus' rules: base units, _total for counters and for nothing else, help for each.
func TestWrite_Names(t *testing.T) {
	all := families(t, render(t, sample()))
	if len(all) < 30 {
		t.Errorf("there are %d metrics, want all", len(all))
	}
	shape := regexp.MustCompile(`^reprieve_[a-z]+(_[a-z]+)*$`)
	foreign := regexp.MustCompile(`_(usec|us|ms|micros|minutes|hours|kb|kib|mb|mib|percent|count|sum|bucket)(_|$)`)
	for name, f := range all {
		isCounter := f.GetType() == dto.MetricType_COUNTER
		switch {
		case !shape.MatchString(name), foreign.MatchString(name):
			t.Errorf("%s is no name of a metric of ours", name)
		case isCounter != strings.HasSuffix(name, "_total"):
			t.Errorf("%s is a %s", name, f.GetType())
		case !strings.HasSuffix(f.GetHelp(), "."):
			t.Errorf("the help of %s is %q, want a sentence", name, f.GetHelp())
		}
	}
}
