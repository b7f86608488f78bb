//go:build guest

package scenarios

import (
	"strings"
	"testing"

	"reprieve/test/watch"
)

// Ensure another memory killer on the host is named, by the daemon at its start and by reprievectl check, and with it the unit that a
// stop would take along.
func TestNeighboursOfTheDaemonAreNamed(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", holdLong)
	g.threeLeaves(leaves{})
	g.service("earlyoom.service", "bulk.slice", load+" sleeper -keep 1M")
	g.unit("along.service", "[Unit]\nBindsTo="+keeper+"\nAfter="+keeper+"\n[Service]\nSlice=bulk.slice\nExecStart="+load+" sleeper -keep 1M\n")
	g.daemonReload()
	g.start("earlyoom.service", "along.service")
	g.startDaemon()
	g.witness()

	g.wait("the daemon to name the other killer", func() bool { return g.said("earlyoom.service is active") })
	out := g.run("reprievectl", "check")
	for _, want := range []string{
		"warning: earlyoom.service is active", "warning: batch.slice: a stop of " + keeper + " also stops along.service",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("reprievectl check = %q, want %q in it", out, want)
		}
	}
	g.never(watch.Breach)
}
