package metrics

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Ensure docs/metrics.md explains every metric with its type, and no other.
func TestDocs_Metrics(t *testing.T) {
	var got, want []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(reprieve_\\w+)` \\| (\\w+) \\|").FindAllStringSubmatch(document(t, "metrics.md"), -1) {
		got = append(got, row[1]+" "+row[2])
	}
	for name, f := range families(t, render(t, sample())) {
		want = append(want, name+" "+strings.ToLower(f.GetType().String()))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/metrics.md: -want +got\n%s", diff)
	}
}

// Ensure the alerts and the dashboard ask for metrics that there are, by labels that they have.
func TestDocs_Queries(t *testing.T) {
	known, labelled := map[string]bool{}, map[string]bool{"instance": true, "job": true, "le": true}
	for name, f := range families(t, render(t, sample())) {
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			if suffix == "" || f.GetType().String() == "HISTOGRAM" {
				known[name+suffix] = true
			}
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				labelled[l.GetName()] = true
			}
		}
	}
	for _, name := range []string{"alerts.yml", "grafana.json"} {
		text := document(t, name)
		used := regexp.MustCompile(`reprieve_\w+`).FindAllString(text, -1)
		for _, metric := range used {
			if !known[metric] {
				t.Errorf("docs/%s asks for %s, which there is not", name, metric)
			}
		}
		if len(used) < 5 {
			t.Errorf("docs/%s asks for %q, want more", name, used)
		}
		for _, match := range regexp.MustCompile(`[{,](\w+)=~?\\?"`).FindAllStringSubmatch(text, -1) {
			if !labelled[match[1]] {
				t.Errorf("docs/%s asks by the label %s, which no metric has", name, match[1])
			}
		}
	}
}

// Ensure the dashboard is one: JSON with panels that have a title, a place of their own and queries whose brackets match.
func TestDocs_Dashboard(t *testing.T) {
	var board struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(document(t, "grafana.json")), &board); err != nil {
		t.Fatal(err)
	}
	taken := map[[2]int]string{}
	for _, p := range board.Panels {
		if p.Title == "" || p.ID == 0 || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q lacks a title, a query or room", p.ID, p.Title)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("panels %q and %q lie over each other", other, p.Title)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		for _, target := range p.Targets {
			for _, pair := range []string{"()", "{}", "[]"} {
				if strings.Count(target.Expr, pair[:1]) != strings.Count(target.Expr, pair[1:]) {
					t.Errorf("panel %q: brackets %s of %s do not match", p.Title, pair, target.Expr)
				}
			}
		}
	}
	if len(board.Panels) < 8 || board.Title == "" {
		t.Errorf("the dashboard %q has %d panels, want stall, holds, outcomes, waits, freed and more", board.Title, len(board.Panels))
	}
}
