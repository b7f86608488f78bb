package metrics

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	selector = regexp.MustCompile(`\b(reprieve_\w+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring) \(([^)]*)\)`)
)

// faults returns what a query asks for and the exporter has not: metrics, labels of theirs, and values of those, where the query
// names one. Labels that are grouped by or shown must be those of each of its metrics; Prometheus itself adds instance and job.
func (q query) faults(known map[string]map[string][]string) []string {
	var faults []string
	wanted := slices.Clone(q.shown)
	for _, m := range grouping.FindAllStringSubmatch(q.expr, -1) {
		wanted = append(wanted, strings.Split(m[1], ", ")...)
	}
	selectors := selector.FindAllStringSubmatch(q.expr, -1)
	if len(selectors) == 0 {
		faults = append(faults, "no metric of ours")
	}
	for _, s := range selectors {
		labels, ok := known[s[1]]
		if !ok {
			faults = append(faults, s[1])
			continue
		}
		has := func(label string) bool { return labels[label] != nil || label == "instance" || label == "job" }
		for _, label := range wanted {
			if !has(label) {
				faults = append(faults, s[1]+": "+label)
			}
		}
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			if !has(m[1]) || m[2] == "=" && labels[m[1]] != nil && !slices.Contains(labels[m[1]], m[3]) {
				faults = append(faults, s[1]+": "+m[0])
			}
		}
	}
	return faults
}

// knownLabels returns the metrics of the sample, each with its labels and their values.
func knownLabels(t *testing.T) map[string]map[string][]string {
	known := map[string]map[string][]string{}
	for _, s := range seriesOf(t, render(t, sample())) {
		if known[s.metric] == nil {
			known[s.metric] = map[string][]string{}
		}
		for _, m := range matcher.FindAllStringSubmatch(s.labels, -1) {
			known[s.metric][m[1]] = append(known[s.metric][m[1]], m[3])
		}
	}
	return known
}

// Ensure the alerts and the dashboard ask for metrics that there are, by labels and values that these have.
func TestDocs_Queries(t *testing.T) {
	known := knownLabels(t)
	all := append(dashboard(t).queries(t), query{at: "docs/alerts.yml", expr: document(t, "alerts.yml")})
	for _, q := range all {
		if faults := q.faults(known); len(faults) > 0 {
			t.Errorf("%s asks for what there is not: %q in %s", q.at, faults, q.expr)
		}
	}
	if len(all) < 20 {
		t.Errorf("found %d queries, want those of at least 8 panels, an annotation, two variables and the alerts", len(all))
	}
}

// Ensure a query for what there is not is found out.
func TestQuery_Faults(t *testing.T) {
	known := knownLabels(t)
	for _, tt := range []struct {
		expr, shown string
		want        []string
	}{
		{`rate(reprieve_stall_seconds_total{slice=~"$slice",kind="full"}[5m])`, "slice", nil},
		{`sum by (le, slice) (rate(reprieve_wait_seconds_bucket{instance=~"$instance"}[5m]))`, "instance", nil},
		{`rate(reprieve_stall_seconds{kind="full"}[5m])`, "slice", []string{"reprieve_stall_seconds"}},
		{`reprieve_limit_ratio{kind="ful"}`, "slice", []string{`reprieve_limit_ratio: kind="ful"`}},
		{`reprieve_up{slice=~"$slice"}`, "instance", []string{`reprieve_up: slice=~"$slice"`}},
		{`reprieve_up`, "slice", []string{`reprieve_up: slice`}},
		{`sum by (le, slice) (reprieve_wait_seconds_sum)`, "slice", []string{`reprieve_wait_seconds_sum: le`}},
		{`up == 0`, "instance", []string{"no metric of ours"}},
	} {
		if got := (query{expr: tt.expr, shown: []string{tt.shown}}).faults(known); !slices.Equal(got, tt.want) {
			t.Errorf("faults of %s, shown by %s: %q, want %q", tt.expr, tt.shown, got, tt.want)
		}
	}
}
