//go:build guest

package scenarios

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// traces is where the daemon of a scenario writes what it read and decided in each episode.
const traces = "/run/reprieve/traces"

// trace has the daemon write traces where SCENARIO_TRACES is set, and prints them at the end of the scenario for
// test/vm/traces.sh to take. Its cleanup comes right after the daemon's end, which writes what there is of an episode that runs,
// and before all is removed.
func (g *guest) trace() {
	g.t.Helper()
	if os.Getenv("SCENARIO_TRACES") == "" {
		return
	}
	g.config("reprieve.toml.d/trace.toml", fmt.Sprintf("trace = %q\n", traces))
	g.t.Cleanup(func() {
		if !g.t.Failed() {
			g.printTraces()
		}
	})
}

// printTraces prints each trace, the oldest first, in lines that a serial console takes.
func (g *guest) printTraces() {
	name := strings.ReplaceAll(g.t.Name(), "/", "-") // of a scenario in parts
	paths, _ := filepath.Glob(traces + "/*.json.gz")
	age := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	slices.SortFunc(paths, func(a, b string) int { return int(age(a) - age(b)) })
	for n, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			g.t.Error(err)
			continue
		}
		for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(data)), 200) {
			fmt.Printf("TRACE %s %d %s\n", name, n+1, line)
		}
	}
}
