package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// place is where something stands, for messages.
func place(document string, line int) string { return fmt.Sprintf("%s:%d", document, line) }

var (
	link     = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	codeSpan = regexp.MustCompile("`[^`]*`")
	noSlug   = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors returns the names by which the headings of a document can be linked to, as GitHub and others make them.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	fenced := false
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if m := heading.FindStringSubmatch(line); m != nil && !fenced {
			slug := strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")
			for n, first := 1, slug; all[slug]; n++ {
				slug = fmt.Sprintf("%s-%d", first, n)
			}
			all[slug] = true
		}
	}
	return all
}

// Ensure each link from one document to another leads to a file that is there, and to a heading in it.
func TestLinks(t *testing.T) {
	total := 0
	for _, document := range documents(t) {
		fenced := false
		for i, line := range strings.Split(read(t, document), "\n") {
			if strings.HasPrefix(line, "```") {
				fenced = !fenced
			}
			if fenced {
				continue
			}
			for _, m := range link.FindAllStringSubmatch(codeSpan.ReplaceAllString(line, "`"), -1) {
				target := m[1]
				if strings.Contains(target, "://") {
					continue
				}
				total++
				file, anchor, _ := strings.Cut(target, "#")
				path := document
				if file != "" {
					path = filepath.Join(filepath.Dir(document), file)
				}
				if _, err := os.Stat(path); err != nil {
					t.Errorf("%s: the link to %s: %v", place(document, i+1), target, err)
				} else if anchor != "" && !anchors(read(t, path))[anchor] {
					t.Errorf("%s: the link to %s: %s has no such heading", place(document, i+1), target, path)
				}
			}
		}
	}
	if total < 20 {
		t.Errorf("found %d links between the documents, want at least twenty", total)
	}
}

// Ensure a heading is linked to by its words, and the second of the same name by a number.
func TestAnchors(t *testing.T) {
	got := anchors("# Slices in slices, two holds at once\n## `ManagedOOM*=`, as it is\n```bash\n# none\n```\n## After\n## After\n")
	for _, want := range []string{"slices-in-slices-two-holds-at-once", "managedoom-as-it-is", "after", "after-1"} {
		if !got[want] {
			t.Errorf("anchors() = %v, want %q in it", got, want)
		}
	}
	if len(got) != 4 {
		t.Errorf("anchors() = %v, want four", got)
	}
}
