package docs_test

import (
	"flag"
	"os"
	"strings"
	"testing"
)

// update has the copies made anew: go test ./docs -run TestCopies -update
var update = flag.Bool("update", false, "write what is copied into the documents anew")

// Ensure a block that is named by the comment above its fence has the text of that file, whole.
func TestCopies(t *testing.T) {
	total := 0
	for _, document := range documents(t) {
		text := read(t, document)
		fresh := text
		for _, b := range blocks(document, text) {
			if b.language == "toml" || b.name == "" {
				continue
			}
			total++
			file := read(t, "../"+b.name)
			if b.text == file {
				continue
			}
			t.Logf("%s: this is not the text of %s", b.at, b.name)
			mark := "<!-- " + b.name + " -->\n```" + b.language + "\n"
			if !strings.Contains(fresh, mark+b.text+"```") {
				t.Fatalf("%s: cannot find this block again to write it anew", b.at)
			}
			fresh = strings.Replace(fresh, mark+b.text+"```", mark+file+"```", 1)
		}
		rewrite(t, document, text, fresh)
	}
	if total < 3 {
		t.Errorf("found %d copies of files in the documents, want at least three", total)
	}
}

// rewrite writes a document that is not as it should be, where that was asked for, and is an error otherwise.
func rewrite(t *testing.T, document, text, fresh string) {
	t.Helper()
	switch {
	case fresh == text:
	case *update:
		if err := os.WriteFile(document, []byte(fresh), 0o644); err != nil {
			t.Error(err)
		}
	default:
		t.Errorf("%s: a copy in it has another text than what it was copied from: go test ./docs -update makes it anew", document)
	}
}
