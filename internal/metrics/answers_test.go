package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// series is a line of the text: the metric, the labels between its braces, and the value.
type series struct {
	metric, labels string
	value          float64
}

var sampleLine = regexp.MustCompile(`^(\w+)(?:\{(.*)\})? (\S+)$`)

// seriesOf returns the samples of a text.
func seriesOf(t *testing.T, text string) []series {
	t.Helper()
	var all []series
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		m := sampleLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			t.Fatalf("no sample: %q", line)
		}
		value, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, series{m[1], m[2], value})
	}
	return all
}

// asked is an expression as Grafana sends it when all slices of the sample are chosen.
func asked(expr string) string {
	return strings.NewReplacer(
		"$__rate_interval", "4m", "$__interval", "2m", "$__range", "1h",
		"$instance", "host:9798", "$slice", `(-\\.slice|system-a\\\\x2db\\.slice)`,
	).Replace(expr)
}

// The part of a file for `promtool test rules` that is needed here; JSON is YAML too.
type (
	ruleTest struct {
		Interval string     `json:"interval"`
		Inputs   []input    `json:"input_series"`
		Exprs    []question `json:"promql_expr_test"`
	}
	input struct {
		Series string `json:"series"`
		Values string `json:"values"`
	}
	question struct {
		Expr string   `json:"expr"`
		At   string   `json:"eval_time"`
		Want []answer `json:"exp_samples"`
	}
	answer struct {
		Labels string  `json:"labels"`
		Value  float64 `json:"value"`
	}
)

// An hour of the sample: what counts goes up by its value every minute, all else stays.
func hour(t *testing.T) []input {
	t.Helper()
	counts := regexp.MustCompile(`_(total|bucket|sum|count)$`)
	var all []input
	for _, s := range seriesOf(t, render(t, sample())) {
		value, step := strconv.FormatFloat(s.value, 'f', -1, 64), "0"
		if counts.MatchString(s.metric) {
			step = value
		}
		labels := strings.TrimPrefix(s.labels+`,job="reprieve",instance="host:9798"`, ",")
		all = append(all, input{s.metric + "{" + labels + "}", value + "+" + step + "x60"})
	}
	return all
}

// labelled asks whether a query has an answer, and whether each row of it has all labels that are shown: of the rows one group
// is left then, and no second one of rows without.
func (q query) labelled() question {
	expr := fmt.Sprintf("group(%s)", asked(q.expr))
	want := answer{"{}", 1}
	if len(q.shown) > 0 {
		pattern := strings.TrimSuffix(strings.Repeat("[^ ]+ ", len(q.shown)), " ")
		expr = fmt.Sprintf(`group by (ok) (label_replace(label_join(%s, "row", " ", "%s"), "ok", "yes", "row", "%s"))`,
			asked(q.expr), strings.Join(q.shown, `", "`), pattern)
		want.Labels = `{ok="yes"}`
	}
	return question{Expr: expr, At: "60m", Want: []answer{want}}
}

// answered has promtool ask the queries of the hour, and returns what it says where one has no answer.
func answered(t *testing.T, all ...query) (string, error) {
	t.Helper()
	test := ruleTest{Interval: "1m", Inputs: hour(t)}
	for _, q := range all {
		test.Exprs = append(test.Exprs, q.labelled())
	}
	text, err := json.Marshal(map[string]any{"evaluation_interval": "1m", "tests": []ruleTest{test}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "queries.json")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return promtool(t, "", "test", "rules", path)
}

// Ensure Prometheus has an answer for each query of the dashboard from what is exported, with the labels that are shown.
func TestPromtool_Dashboard(t *testing.T) {
	all := dashboard(t).queries(t)
	for _, q := range all {
		if strings.Contains(asked(q.expr), "$") {
			t.Errorf("%s: a variable in %s that the dashboard has not", q.at, q.expr)
		}
	}
	if out, err := answered(t, all...); err != nil {
		t.Errorf("promtool, of the queries of docs/grafana.json: %v\n%s", err, out)
	}
}

// Ensure a query that is none, has no answer, or lacks a label that is shown, is found out.
func TestPromtool_Unanswered(t *testing.T) {
	slice := []string{"slice"}
	for _, q := range []query{
		{"no expression", `sum(reprieve_up`, nil},
		{"no such metric", `reprieve_down`, nil},
		{"no such value", `reprieve_limit_ratio{kind="ful"}`, slice},
		{"a label that is summed up", `sum(reprieve_usage_bytes)`, slice},
		{"a label that some rows lack", `reprieve_usage_bytes or reprieve_up`, slice},
		{"sides that do not match", `reprieve_usage_bytes / reprieve_delay_seconds * reprieve_up`, slice},
	} {
		if out, err := answered(t, q); err == nil {
			t.Errorf("%s: promtool takes %s: %s", q.at, q.expr, out)
		}
	}
	good := query{"", `reprieve_usage_bytes{slice=~"$slice"} / reprieve_delay_seconds`, []string{"slice", "instance"}}
	if out, err := answered(t, good); err != nil {
		t.Errorf("promtool does not take %s: %v\n%s", good.expr, err, out)
	}
}
