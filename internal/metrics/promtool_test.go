package metrics

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// promtool runs Prometheus' own checker and returns what it said; it skips the test where it is missing.
func promtool(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is missing: what Prometheus says of the metrics, the alerts and the dashboard is not tested; it is in Debian's package promtool, of Debian 12 in prometheus")
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Ensure promtool finds nothing to say of the text, and would.
func TestPromtool_Metrics(t *testing.T) {
	down, empty := sample(), sample()
	down.Up = false
	empty.Status.Slices, empty.Readings = nil, nil
	all := render(t, sample())
	for _, tt := range []struct {
		name, text, want string // want "": nothing is said
	}{
		{"all", all, ""},
		{"of a daemon that is not up", render(t, down), ""},
		{"without slices", render(t, empty), ""},
		{"with a counter of another name", strings.ReplaceAll(all, "reprieve_stops_total", "reprieve_stops"), "reprieve_stops counter metrics should have"},
		{"with a family twice", all + all, "reprieve_up"},
		{"cut off in the middle of a line", all[:len(all)/2], "error"},
	} {
		out, err := promtool(t, tt.text, "check", "metrics")
		if tt.want == "" && (err != nil || out != "") || tt.want != "" && (err == nil || !strings.Contains(out, tt.want)) {
			t.Errorf("promtool check metrics, %s: %q, %v, want %q", tt.name, out, err, tt.want)
		}
	}
}

// Ensure promtool takes the alerts, and that each fires when it should, with what it says, and not otherwise.
func TestPromtool_Alerts(t *testing.T) {
	if out, err := promtool(t, "", "check", "rules", "../../docs/alerts.yml"); err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
	const path = "testdata/alerts.yml"
	if out, err := promtool(t, "", "test", "rules", path); err != nil {
		t.Errorf("promtool test rules: %v\n%s", err, out)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	alerts := regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(document(t, "alerts.yml"), -1)
	known := map[string]bool{}
	for _, alert := range alerts {
		known[alert[1]] = true
		fires := regexp.MustCompile(`alertname: `+alert[1]+`\n +eval_time: \w+\n +exp_alerts:`).FindAll(text, -1)
		silent := regexp.MustCompile(`\{alertname: `+alert[1]+`, eval_time: \w+\}`).FindAll(text, -1)
		if len(fires) == 0 || len(silent) == 0 {
			t.Errorf("%s: %s is looked at %d times when it fires and %d times when it does not, want both", path, alert[1], len(fires), len(silent))
		}
	}
	for _, m := range regexp.MustCompile(`alertname: (\w+)`).FindAllStringSubmatch(string(text), -1) {
		if !known[m[1]] {
			t.Errorf("%s looks at %s, which is no alert", path, m[1])
		}
	}
	if len(alerts) < 3 {
		t.Errorf("found the alerts %q, want three", alerts)
	}
}
