package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// scriptCall is a call in a script: "status 1 on host plan --json", also in a shell's quotes.
var scriptCall = regexp.MustCompile(`(?m)^(?:\[\w+\] )?status (\d) (?:sh -c ')?(?:reprievectl|on (?:-user )?\S+) (\S+)(.*)$`)

// calledVerb is what scripts do with a verb.
type calledVerb struct {
	codes []string // That it is to exit with.
	flags []string // That it is given, rightly.
}

// calledVerbs reads the calls of all scripts.
func calledVerbs(t *testing.T) map[string]calledVerb {
	t.Helper()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts: %q, %v", files, err)
	}
	called := map[string]calledVerb{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		script, _, _ := strings.Cut("\n"+string(text), "\n-- ")
		for _, call := range scriptCall.FindAllStringSubmatch(script, -1) {
			code, name, words := call[1], call[2], strings.Fields(call[3])
			v := called[name]
			if !slices.Contains(words, "--help") && !slices.Contains(words, "-h") {
				v.codes = append(v.codes, code)
			}
			for _, word := range words {
				if flag, _, _ := strings.Cut(word, "="); code != "2" && strings.HasPrefix(flag, "-") {
					v.flags = append(v.flags, flag)
				}
			}
			called[name] = v
		}
	}
	return called
}

// Ensure scripts have each verb of the table do its work, fail, and be called wrongly, and each of its flags is in one of them. What a
// verb does by --help is no work.
func TestScripts_EveryVerb(t *testing.T) {
	called := calledVerbs(t)
	for _, v := range verbs() {
		for _, want := range []struct {
			codes, what string
		}{{"03", "does its work"}, {"1", "fails"}, {"2", "is called wrongly"}} {
			if !slices.ContainsFunc(called[v.name].codes, func(code string) bool { return strings.Contains(want.codes, code) }) {
				t.Errorf("no script in which %s %s: want a line \"status %s reprievectl %s\", or of \"on HOST %s\"", v.name, want.what, want.codes[:1], v.name, v.name)
			}
		}
		for _, o := range v.options {
			if !slices.Contains(called[v.name].flags, o.spelled()) {
				t.Errorf("no script has %s %s", v.name, o.full())
			}
		}
	}
}
