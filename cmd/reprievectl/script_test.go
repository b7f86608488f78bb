package main

import (
	"flag"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// update is for all golden files of the package: testdata and configs/completion.
var update = flag.Bool("update", false, "write the golden files anew")

// TestMain makes reprievectl a command of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"reprievectl": main})
}

// Ensure every verb, and every way to get it wrong, does what its script says.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		// status CODE COMMAND...: the command exits with that code.
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": exits},
	})
}

// exits is the command status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
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
