package metrics

import (
	"encoding/json"
	"regexp"
	"testing"
)

// board is what Grafana reads in docs/grafana.json.
type board struct {
	Title      string
	Panels     []panel
	Templating struct {
		List []struct{ Name, Type, Query, Definition string }
	}
	Annotations struct {
		List []struct{ Name, Expr, TextFormat string }
	}
}

type panel struct {
	ID      int
	Title   string
	GridPos struct{ X, Y, W, H int }
	Targets []struct{ Expr, LegendFormat string }
}

func dashboard(t *testing.T) board {
	t.Helper()
	var b board
	if err := json.Unmarshal([]byte(document(t, "grafana.json")), &b); err != nil {
		t.Fatalf("docs/grafana.json: %v", err)
	}
	return b
}

// query is one question to Prometheus, and the labels of its answer that are shown.
type query struct {
	at, expr string
	shown    []string
}

var (
	braces      = regexp.MustCompile(`\{\{(\w+)\}\}`)
	labelValues = regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)
)

// queries returns all that the dashboard asks: for its panels, its annotations, and the values of its variables.
func (b board) queries(t *testing.T) []query {
	t.Helper()
	var all []query
	add := func(at, expr, text string) {
		q := query{at: at, expr: expr}
		for _, m := range braces.FindAllStringSubmatch(text, -1) {
			q.shown = append(q.shown, m[1])
		}
		all = append(all, q)
	}
	for _, p := range b.Panels {
		for _, target := range p.Targets {
			add("panel "+p.Title, target.Expr, target.LegendFormat)
		}
	}
	for _, a := range b.Annotations.List {
		add("annotation "+a.Name, a.Expr, a.TextFormat)
	}
	for _, v := range b.Templating.List {
		if v.Type != "query" {
			continue
		}
		m := labelValues.FindStringSubmatch(v.Query)
		if m == nil || v.Definition != v.Query {
			t.Errorf("variable %s: the query %q, defined as %q, want label_values(METRIC, LABEL) twice", v.Name, v.Query, v.Definition)
			continue
		}
		add("variable "+v.Name, m[1], "{{"+m[2]+"}}")
	}
	return all
}

// Ensure the dashboard has what Reprieve shows, and each panel a title, a number and a place of its own, and a query.
func TestDocs_Dashboard(t *testing.T) {
	b := dashboard(t)
	taken, ids := map[[2]int]string{}, map[int]string{}
	for _, p := range b.Panels {
		if p.Title == "" || p.ID == 0 || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q lacks a title, a query or room", p.ID, p.Title)
		}
		if other := ids[p.ID]; other != "" {
			t.Errorf("panels %q and %q have the number %d", other, p.Title, p.ID)
		}
		ids[p.ID] = p.Title
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("panels %q and %q lie over each other", other, p.Title)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
	if len(b.Panels) < 8 || b.Title == "" {
		t.Errorf("the dashboard %q has %d panels, want stall, holds, outcomes, waits, freed and more", b.Title, len(b.Panels))
	}
}
