package configs

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

// linesOf returns the line of each key of a text, by what the library says alone.
func linesOf(t *testing.T, text string) map[string]int {
	t.Helper()
	doc, err := parseDocument(text)
	if err != nil {
		t.Fatalf("parseDocument(%q): %v", text, err)
	}
	lines := map[string]int{}
	var walk func(path []string, entries map[string]toml.Primitive)
	walk = func(path []string, entries map[string]toml.Primitive) {
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			at := append(slices.Clip(path), name)
			_, lines[keyText(at)] = doc.look(at, entries[name])
			walk(at, doc.table(entries[name]))
		}
	}
	walk(nil, doc.root)
	return lines
}

// Ensure the line of a key is known however TOML lets it be written.
func TestDocument_Lines(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       map[string]int
	}{
		{"tables", "# One.\n\n[hold]\n\ndelay = '1s'\n[stop]\npick = 1\n",
			map[string]int{"hold": 3, "hold.delay": 5, "stop": 6, "stop.pick": 7}},
		{"dotted keys", "a = 1\nhold.delay = '1s'\nhold.calm = '1s'\n",
			map[string]int{"a": 1, "hold": 2, "hold.delay": 2, "hold.calm": 3}},
		{"an inline table", "a = 1\nhold = { delay = '1s', calm = '2s' }\n",
			map[string]int{"a": 1, "hold": 2, "hold.delay": 2, "hold.calm": 2}},
		{"dotted keys in an inline table", "x = 1\nhold = { a.b = 1, a.c = 2 }\n",
			map[string]int{"x": 1, "hold": 2, "hold.a": 2, "hold.a.b": 2, "hold.a.c": 2}},
		{"quoted keys", "\n\"hold\".'delay' = 1\n\"a b\" = 2\n\"hold.delay\" = 3\n\"\" = 4\n",
			map[string]int{"hold": 2, "hold.delay": 2, `"a b"`: 3, `"hold.delay"`: 4, `""`: 5}},
		{"a table below one without a line", "\n[a.b]\nc = 1\n",
			map[string]int{"a": 2, "a.b": 2, "a.b.c": 3}},
		{"a list over many lines", "a = [\n1,\n2,\n]\nb = 1\n",
			map[string]int{"a": 1, "b": 5}},
		// The library names the last line of such a string; no setting has one.
		{"a string over many lines", "a = '''\n\n'''\nb = 1\n",
			map[string]int{"a": 3, "b": 4}},
		{"CRLF and a byte order mark", "\ufeffa = 1\r\n[b]\r\nc = 1\r\n",
			map[string]int{"a": 1, "b": 2, "b.c": 3}},
	} {
		if diff := cmp.Diff(test.want, linesOf(t, test.text)); diff != "" {
			t.Errorf("%s: lines of %q: -want +got\n%s", test.name, test.text, diff)
		}
	}
}

// Ensure what is not TOML is an error with its line.
func TestParseDocument_Syntax(t *testing.T) {
	for text, line := range map[string]int{
		"a = 1\n[hold":             2,
		"a = 1\na = 2\n":           2,
		"[a]\n[b]\n[a]\n":          3,
		"\n\na = \"open\n":         3,
		"a = 1\nb = \x00\n":        2,
		"a = 1\xff\n":              1,
		"a = 99999999999999999999": 1,
	} {
		_, err := parseDocument(text)
		if err == nil || !errors.Is(err, ErrSyntax) || err.Line != line || strings.Contains(err.Error(), "\n") {
			t.Errorf("parseDocument(%q) = %v, want one line of ErrSyntax at %d", text, err, line)
		}
	}
}
