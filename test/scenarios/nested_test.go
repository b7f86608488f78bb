//go:build guest

package scenarios

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

const (
	nestedHog    = "nested-hog.service"    // in batch-b-x.slice
	nestedKeeper = "nested-keeper.service" // in batch-b-y.slice
)

// nestedPath are the slices from the outer watched one to the hog's leaf, and the leaf beside that.
var nestedPath = []string{"batch.slice", "batch-b.slice", "batch-b-x.slice", "batch-b-y.slice"}

// nestedSlices makes batch.slice and batch-b.slice in it watched slices alike, with a hog and a keeper in two leaves of the inner one.
// The neighbours of threeLeaves are leaves of the outer one alone.
func (g *guest) nestedSlices(delay, calm string) {
	g.t.Helper()
	policy := `
[pressure]
full = "10%"
[hold]
delay  = "` + delay + `"
calm   = "` + calm + `"
urgent = "0%"
[stop]
settle = "3s"
`
	g.swapOn()
	g.config("slices/batch.slice.toml", policy)
	g.config("slices/batch-b.slice.toml", policy)
	g.service(nestedHog, "batch-b-x.slice", pressing)
	g.service(nestedKeeper, "batch-b-y.slice", load+" sleeper -keep 10M")
	g.threeLeaves(leaves{})
	g.start(nestedKeeper)
	// Before the daemon sees it: it is no grower.
	g.wait("the nested keeper to have its memory", func() bool { return g.bytes("batch-b-y.slice", "memory.current") >= 10<<20 })
	g.startDaemon()
	for _, slice := range []string{"batch.slice", "batch-b.slice"} {
		g.await(watch.Watched, "REPRIEVE_SLICE", slice)
	}
	g.witness()
}

// nestedHolds looks at memory.high of the path twenty times a second. The function that it returns ends that, and returns every
// state that was seen in which more than one of them was limited, and whether one ever was.
func (g *guest) nestedHolds() func() (double []string, any bool) {
	var double []string
	ever := false
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			var limited []string
			for _, slice := range nestedPath {
				if high, err := watch.Read(slice, "memory.high"); err == nil && high != "max" && high != "" {
					limited = append(limited, slice)
				}
			}
			ever = ever || len(limited) > 0
			if len(limited) > 1 {
				double = append(double, strings.Join(limited, " and "))
			}
			select {
			case <-end:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() ([]string, bool) {
		close(end)
		<-done
		return double, ever
	}
}

// nestedCheck asserts what holds for both slices: one hold at a time, of the hog's leaf and of nobody else.
func (g *guest) nestedCheck(double []string, ever bool) {
	g.t.Helper()
	if !ever {
		g.t.Error("no memory.high from batch.slice to batch-b-x.slice was ever limited, want one")
	}
	if len(double) > 0 {
		g.t.Errorf("limited at once: %q, want one memory.high on the path at a time", double)
	}
	for _, m := range g.messages(watch.Hold) {
		if got, want := m["UNIT"], "batch-b-x.slice"; got != want {
			g.t.Errorf("UNIT of a hold of %s = %q, want %q only: %s", m["REPRIEVE_SLICE"], got, want, m["MESSAGE"])
		}
	}
}

// nestedQuiet returns when each slice that had a breach has had its end.
func (g *guest) nestedQuiet(after time.Duration) {
	g.t.Helper()
	for _, slice := range []string{"batch.slice", "batch-b.slice"} {
		g.wait("the last episode of "+slice+" to end", func() bool {
			var open bool
			for _, m := range g.messages("") {
				if !m.Has("REPRIEVE_SLICE", slice) {
					continue
				}
				switch m.Kind() {
				case "breach":
					open = true
				case "relief":
					open = false
				case "settled":
					open = strings.Contains(m["MESSAGE"], "still in breach")
				}
			}
			return !open
		})
	}
	if got := g.messages(watch.Breach); len(got) == 0 || got[0].At() > after {
		g.t.Error("no breach before the end, want one at least")
	}
}

// Ensure a slice in a slice, both in breach for the same hog, hold it once at a time, and both are relieved when it frees.
func TestNestedSlicesAreRelieved(t *testing.T) {
	g := begin(t)
	g.nestedSlices("9m", "6s") // no pause of an emulated CPU is calm
	holds := g.nestedHolds()

	g.start(nestedHog)
	hold := g.await(watch.Hold, "UNIT", "batch-b-x.slice")
	// Time for the other one to be in breach as well.
	time.Sleep(4 * time.Second)
	g.signal(nestedHog, unix.SIGUSR1)
	relief := g.awaitAfter(hold.At(), watch.Relief, "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"])
	g.nestedQuiet(relief.At())
	g.nestedCheck(holds())
	g.awaitNoHolds()
	for _, slice := range nestedPath {
		if got := g.read(slice, "memory.high"); got != "max" {
			t.Errorf("memory.high of %s = %s after the relief, want max", slice, got)
		}
	}
	g.never(watch.Stop)
	g.neverFailed()
	g.checkTicking()
}

// Ensure of two slices, one in the other, in breach for the same hog one stops it, and the other sees that it is gone and stops nobody.
func TestNestedSlicesStopOnce(t *testing.T) {
	g := begin(t)
	g.nestedSlices("12s", "6s") // long enough to see that it is held
	holds := g.nestedHolds()

	g.start(nestedHog)
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-b-x.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	hold := g.await(watch.Hold, "UNIT", "batch-b-x.slice")
	settled := g.await(watch.Settled, "REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"])
	g.inOrder(hold, stop, g.await(watch.Stopped, "UNIT", "batch-b-x.slice"), settled)
	g.nestedQuiet(settled.At())
	time.Sleep(3 * time.Second) // for a second stop that must not come
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.nestedCheck(holds())
	g.checkGone(nestedHog)
	g.neverFailed()
	g.checkTicking()
}
