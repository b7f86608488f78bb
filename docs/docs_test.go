// Package docs_test holds the documents against the programs: an example that is no valid configuration, a command that there is
// not, a link that leads nowhere or a text that was copied and has changed since is an error here.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is a fenced block of a document.
type block struct {
	at       string // The document and the line of its first line of text, for messages.
	section  string // The document and the heading above.
	language string
	name     string // The file that it is an example of, "" if nothing says so.
	text     string
}

// documents returns the paths of all documents for people, those of the root first.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../*.md", "*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, paths...)
	}
	if len(all) < 10 {
		t.Fatalf("found the documents %q, want at least ten", all)
	}
	return all
}

// read returns a file's text.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	heading   = regexp.MustCompile(`^#+ +(.*)`)
	namedHere = regexp.MustCompile(`^# (/etc/reprieve/\S+\.toml)$`)
	namedPast = regexp.MustCompile("`(/etc/reprieve/[^` ]+\\.toml)`")
	copyOf    = regexp.MustCompile(`^<!-- (\S+) -->$`)
)

// blocks returns the fenced blocks of a document. A configuration file is named by the comment that is its first line, or else by
// the last path before it in its section; a copy of a file by the HTML comment on the line before its fence.
func blocks(document, text string) []block {
	var all []block
	var open *block
	var lines []string
	section, past, before := "", "", ""
	for i, line := range strings.Split(text, "\n") {
		switch {
		case open != nil && line == "```":
			for _, l := range lines {
				open.text += l + "\n"
			}
			all, open, lines = append(all, *open), nil, nil
		case open != nil:
			if m := namedHere.FindStringSubmatch(line); m != nil && len(lines) == 0 {
				open.name = m[1]
			}
			lines = append(lines, line)
		case strings.HasPrefix(line, "```"):
			open = &block{at: place(document, i+2), section: document + ": " + section, language: line[3:], name: past}
			if m := copyOf.FindStringSubmatch(before); m != nil {
				open.name = m[1]
			}
		case heading.MatchString(line):
			section, past = heading.FindStringSubmatch(line)[1], ""
		default:
			if m := namedPast.FindAllStringSubmatch(line, -1); m != nil {
				past = m[len(m)-1][1]
			}
		}
		before = line
	}
	return all
}

// Ensure a block has the name that its first line, the text before it or the comment above its fence gives it, and its text whole.
func TestBlocks(t *testing.T) {
	const document = "# One\n<!-- a.go -->\n```go\npackage a\n```\n```text\n```\n## Two\nIn `/etc/reprieve/x.toml`, then `/etc/reprieve/y.toml`:\n\n" +
		"```toml\n# not a heading\n```\n```toml\n# /etc/reprieve/z.toml\n\n# /etc/reprieve/later.toml\n```\n# Three\n```toml\n```\n"
	want := []block{
		{at: "d.md:4", section: "d.md: One", language: "go", name: "a.go", text: "package a\n"},
		{at: "d.md:7", section: "d.md: One", language: "text"},
		{at: "d.md:12", section: "d.md: Two", language: "toml", name: "/etc/reprieve/y.toml", text: "# not a heading\n"},
		{at: "d.md:15", section: "d.md: Two", language: "toml", name: "/etc/reprieve/z.toml",
			text: "# /etc/reprieve/z.toml\n\n# /etc/reprieve/later.toml\n"},
		{at: "d.md:21", section: "d.md: Three", language: "toml"},
	}
	if got := blocks("d.md", document); !slices.Equal(got, want) {
		t.Errorf("blocks() =\n%+v, want\n%+v", got, want)
	}
}
