package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure the help of a verb has all that its entry has, in columns that fit, and leaves out what it has not.
func TestVerb_Help(t *testing.T) {
	for _, tt := range []struct {
		name string
		verb verb
		want string
	}{
		{"bare", verb{name: "version", about: "print the version"}, "usage: reprievectl version\n\nPrint the version.\n"},
		{"all", verb{
			name: "history", args: "[SLICE]", about: "list what was",
			options: []option{
				{name: "n", argument: "N", about: "the newest N"},
				{name: "since", argument: "WHEN", about: "those that began then or later, in any of the ways in which people write a time"},
			},
			examples: []example{{"reprievectl history", "all"}, {"reprievectl history -n 5", "some"}},
			notes:    "One.\nTwo.\n",
		}, `usage: reprievectl history [FLAGS] [SLICE]

List what was.

Flags:
  -n N          the newest N
  --since WHEN  those that began then or later, in any of the ways in which
                people write a time

Examples:
  reprievectl history       all
  reprievectl history -n 5  some

One.
Two.
`},
		{"long examples", verb{name: "status", about: "say", examples: []example{
			{"reprievectl status", "short"}, {"sudo reprievectl status --json batch.slice", "long"},
		}}, `usage: reprievectl status

Say.

Examples:
  reprievectl status
      short
  sudo reprievectl status --json batch.slice
      long
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got bytes.Buffer
			tt.verb.help(&got)
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Errorf("help: -want +got\n%s", diff)
			}
		})
	}
}

// Ensure the list of verbs names each that is for people, and its tables fit into a narrow terminal.
func TestUsage(t *testing.T) {
	var got bytes.Buffer
	usage(&got)
	for _, v := range verbs() {
		if has := strings.Contains(got.String(), "\n  "+v.name+" "); has != (v.group != "") {
			t.Errorf("usage names %s: %v, want %v", v.name, has, !has)
		}
	}
	for line := range strings.Lines(got.String()) {
		if strings.HasPrefix(line, " ") && len(line) > helpWidth+1 {
			t.Errorf("usage has a line of %d bytes, want at most %d: %s", len(line)-1, helpWidth, line)
		}
	}
}

// Ensure a text is broken between words, and a word that is too long stays whole.
func TestFold(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 5, nil},
		{"one two", 7, []string{"one two"}},
		{"one two", 6, []string{"one", "two"}},
		{"a muchlonger b", 4, []string{"a", "muchlonger", "b"}},
		{"  one \n two ", 80, []string{"one two"}},
	} {
		if got := fold(tt.text, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("fold(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}
