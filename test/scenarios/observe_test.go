//go:build guest

package scenarios

import (
	"strings"
	"testing"

	"reprieve/test/watch"
)

// Ensure observe mode tells all and does nothing.
func TestObserveTouchesNothing(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("reprieve.toml", "observe = true\n")
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "8s"
calm  = "8s"
`)
	// Nobody holds it nor stops it: it stalls on until it is told to free its memory. A pause of the emulator is no calm.
	g.threeLeaves(leaves{hog: stubbornHog})
	g.startDaemon()
	before := g.limits()

	hold := g.awaitHold("REPRIEVE_OBSERVE", "1")
	g.witness()
	if got := g.high(); got != "max" {
		t.Errorf("memory.high of batch-b.slice = %s, want max", got)
	}
	stop := g.await(watch.Stop, "REPRIEVE_OBSERVE", "1", "UNIT", "batch-b.slice")
	g.checkEpisode(g.own(hold, stop), stop)
	for _, m := range []watch.Message{hold, stop} {
		if !strings.Contains(m["MESSAGE"], "would") {
			t.Errorf("MESSAGE of %s = %q, want it to say what would have been", m.Kind(), m["MESSAGE"])
		}
	}
	g.free()
	g.checkNeighbours()
	for name, want := range before {
		if got := g.limits()[name]; got != want {
			t.Errorf("%s = %s, want %s as before", name, got, want)
		}
	}
	g.checkDisarmed()
	g.neverFailed()
}
