package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes reprievectl a command of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"reprievectl": main})
}

// Ensure every verb, and every way to get it wrong, does what its script says.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		// status CODE COMMAND...: the command exits with that code.
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
	})
}

// status implements the command of that name.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%v exits with %s, want %s", args[1:], got, args[0])
	}
}

// Ensure the completion knows the verbs that there are.
func TestCompletion_Verbs(t *testing.T) {
	text, err := os.ReadFile("../../configs/completion/reprievectl.bash")
	if err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile(`compgen -W "(.*?)"`).FindSubmatch(text)
	if words == nil {
		t.Fatal("the completion has no list of words")
	}
	var want []string
	for _, v := range verbs() {
		want = append(want, v.name)
	}
	if diff := cmp.Diff(want, strings.Fields(string(words[1]))); diff != "" {
		t.Errorf("verbs in the completion: -want +got\n%s", diff)
	}
}
