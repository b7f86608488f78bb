package configs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure each file that may speak of a slice is found, in the order in which they are applied, and those that another one
// takes the place of.
func TestSources(t *testing.T) {
	const text = "priority = 1\n"
	files := map[string]string{
		"etc/slices/a-b.slice.toml":       text,
		"lib/slices/a-b.slice.toml":       text,
		"lib/slices/a.slice.toml":         text,
		"etc/slices/a-.slice.d/20.toml":   text,
		"lib/slices/a-b.slice.d/10.toml":  text,
		"lib/slices/a-b.slice.d/20.toml":  text,
		"etc/slices/a-b.slice.d/30.toml":  "-> /dev/null",
		"run/slices/slice.d/30.toml":      text,
		"run/slices/slice.d/05.toml":      text,
		"run/slices/slice.d/.hidden.toml": text,
		"etc/slices/c.slice.toml":         "-> /dev/null",
		"lib/slices/c.slice.toml":         text,
		"lib/slices/c.slice.d/10.toml":    text,
		"lib/slices/-.slice.toml":         text,
	}
	const everyOther = "run/slices/slice.d/05.toml slice\nrun/slices/slice.d/30.toml slice\n"
	for _, tt := range []struct{ slice, want string }{
		{"a-b.slice", "etc/slices/a-b.slice.toml a-b.slice\n" +
			"run/slices/slice.d/05.toml slice\n" +
			"lib/slices/a-b.slice.d/10.toml a-b.slice\n" +
			"etc/slices/a-.slice.d/20.toml a-.slice\n" +
			"etc/slices/a-b.slice.d/30.toml a-b.slice masks\n" +
			"lib/slices/a-b.slice.toml a-b.slice hidden by etc/slices/a-b.slice.toml\n" +
			"run/slices/slice.d/30.toml slice hidden by etc/slices/a-b.slice.d/30.toml\n" +
			"lib/slices/a-b.slice.d/20.toml a-b.slice hidden by etc/slices/a-.slice.d/20.toml\n"},
		{"a-x-y.slice", "run/slices/slice.d/05.toml slice\netc/slices/a-.slice.d/20.toml a-.slice\nrun/slices/slice.d/30.toml slice\n"},
		{"a.slice", "lib/slices/a.slice.toml a.slice\n" + everyOther},
		{"-.slice", "lib/slices/-.slice.toml -.slice\n" + everyOther},
		{"other.slice", everyOther},
		{"c.slice", "etc/slices/c.slice.toml c.slice masks\n" +
			"lib/slices/c.slice.toml c.slice hidden by etc/slices/c.slice.toml\n" +
			"run/slices/slice.d/05.toml slice hidden by etc/slices/c.slice.toml\n" +
			"lib/slices/c.slice.d/10.toml c.slice hidden by etc/slices/c.slice.toml\n" +
			"run/slices/slice.d/30.toml slice hidden by etc/slices/c.slice.toml\n"},
		{"a-.slice", ""},
		{"slice", ""},
		{"x.service", ""},
	} {
		root := tree(t, files)
		var got strings.Builder
		for _, s := range Sources(searched(root), tt.slice) {
			fmt.Fprintf(&got, "%s %s", s.File, s.Stem)
			if s.Masks {
				got.WriteString(" masks")
			}
			if s.Hidden != "" {
				got.WriteString(" hidden by " + s.Hidden)
			}
			got.WriteString("\n")
		}
		if diff := cmp.Diff(tt.want, strings.ReplaceAll(got.String(), root+"/", "")); diff != "" {
			t.Errorf("Sources(%q): -want +got\n%s", tt.slice, diff)
		}
	}
}

// Ensure the sources of a slice are those that its values come from.
func TestSources_Load(t *testing.T) {
	set, root := load(t, map[string]string{
		"etc/slices/a-b.slice.toml":      "priority = 1\npressure.full = '1%'\n",
		"lib/slices/a-.slice.d/x.toml":   "pressure.some = '2%'\npriority = 2\n",
		"lib/slices/a-b.slice.d/a.toml":  "hold.delay = '3s'\npriority = 3\n",
		"run/slices/a-b.slice.d/a.toml":  "hold.delay = '4s'\n",
		"etc/slices/slice.d/z-last.toml": "stop.grace = '1s'\n",
	})
	sources := Sources(searched(root), "a-b.slice")
	read := map[string]bool{}
	for _, s := range sources {
		read[s.File] = s.Hidden == ""
	}
	p := set.Policy("a-b.slice")
	for _, s := range p.Settings() {
		if s.Origin.File != "" && !read[s.Origin.File] {
			t.Errorf("%s is from %s, which Sources does not have as read", s.Key, s.Origin)
		}
	}
	if got := p.Origins["priority"].File; len(sources) != 5 || got != sources[2].File {
		t.Errorf("priority is from %s, want the last of the sources that has it: %+v", got, sources)
	}
}
