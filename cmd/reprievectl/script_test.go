package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// update is for all golden files of the package: testdata and configs/completion.
var update = flag.Bool("update", false, "write the golden files anew")

// TestMain makes commands of the scripts: reprievectl, and on, which is the same of a host that lies in a folder.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"reprievectl": main, "on": onHost})
}

// Ensure every verb, and every way to get it wrong, does what its script says. The commands beside those of testscript:
//
//	status CODE COMMAND...   the command exits with that code
//	on [-user] HOST VERB...  reprievectl of the host whose files lie in HOST; with -user not as root
//	able HOST                HOST has the files of a host that can do everything
//	daemon SOCKET ANSWERS    a daemon listens that answers as a file says; with -denies in place of ANSWERS it admits nobody
//	peer SOCKET HOW          somebody else listens, who closes, hangs or talks garbage, or who is gone
//	systemd SOCKET           a systemd listens, with the daemon's service active
//
// The condition [terminal] is that there are pseudo-terminals.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": exits, "able": ableFiles, "daemon": scriptDaemon, "peer": scriptPeer, "systemd": scriptSystemd(t),
		},
		Condition: func(name string) (bool, error) {
			if name != "terminal" {
				return false, fmt.Errorf("no condition %q", name)
			}
			_, err := os.Stat("/dev/ptmx")
			return err == nil, nil
		},
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
