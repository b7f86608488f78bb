package docs_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A command is a call of the tool, up to where its code span, its line or its part of a pipeline ends.
var (
	command = regexp.MustCompile("\\breprievectl ([a-z]+)((?: [^`|;&#>)\\n]*)?)")
	flagged = regexp.MustCompile(`(?:^| )(--?[a-z][a-z-]*)`)
	offered = regexp.MustCompile(`(?m)^  (--?[a-z][a-z-]*)`)
	listed  = regexp.MustCompile(`(?m)^  ([a-z]+)`)
)

// calls returns what is code in a document, by its line: what is fenced, indented, or between backticks. Elsewhere the tool is spoken of.
func calls(text string) map[int]string {
	code := map[int]string{}
	fenced := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced || strings.HasPrefix(line, "    "):
			code[i+1] = line
		default:
			code[i+1] = strings.Join(codeSpan.FindAllString(line, -1), "\n")
		}
	}
	return code
}

// Ensure the documents call the tool by verbs and flags that it has.
func TestCommands(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "reprievectl")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", tool, "../cmd/reprievectl").CombinedOutput(); err != nil {
		t.Fatalf("go build ../cmd/reprievectl: %v\n%s", err, out)
	}
	help := func(args ...string) string {
		out, err := exec.Command(tool, append([]string{"help"}, args...)...).Output()
		if err != nil {
			t.Fatalf("reprievectl help %s: %v", strings.Join(args, " "), err)
		}
		return string(out)
	}
	flags := map[string][]string{}
	for _, m := range listed.FindAllStringSubmatch(help(), -1) {
		flags[m[1]] = []string{"--help"}
		for _, f := range offered.FindAllStringSubmatch(help(m[1]), -1) {
			flags[m[1]] = append(flags[m[1]], f[1])
		}
	}
	total := 0
	for _, document := range documents(t) {
		for at, line := range calls(read(t, document)) {
			for _, m := range command.FindAllStringSubmatch(line, -1) {
				total++
				known, there := flags[m[1]]
				if !there {
					t.Errorf("%s: there is no reprievectl %s", place(document, at), m[1])
					continue
				}
				for _, f := range flagged.FindAllStringSubmatch(m[2], -1) {
					if !slices.Contains(known, f[1]) {
						t.Errorf("%s: reprievectl %s has no flag %s", place(document, at), m[1], f[1])
					}
				}
			}
		}
	}
	if total < 20 {
		t.Errorf("found %d calls of reprievectl in the documents, want at least twenty", total)
	}
}
