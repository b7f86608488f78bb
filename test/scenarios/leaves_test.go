//go:build guest

package scenarios

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// The services of threeLeaves.
const (
	keeper = "keeper.service" // in batch-a.slice, holds memory and does nothing
	hog    = "hog.service"    // in batch-b.slice, grows; not started by threeLeaves
	canary = "canary.service" // in batch-c.slice, ticks
)

// growing is a hog that passes the memory.max of threeLeaves in some ten seconds, and fills neither the guest nor its swap.
const growing = load + " hog -rate 30M -max 600M"

// leaves describes batch.slice and what is in it.
type leaves struct {
	maxMB    int      // memory.max of batch.slice; 0 is 256
	keepMB   int      // held by the keeper; 0 is 40
	hog      string   // command; "" is growing
	hogLines []string // more lines of the hog's [Service] section
}

// threeLeaves makes batch.slice with three leaf slices, a service in each. The keeper and the canary run when it returns,
// the hog's leaf is there and empty.
func (g *guest) threeLeaves(l leaves) {
	g.t.Helper()
	if l.maxMB == 0 {
		l.maxMB = 256
	}
	if l.keepMB == 0 {
		l.keepMB = 40
	}
	if l.hog == "" {
		l.hog = growing
	}
	g.unit("batch.slice", "[Slice]\nMemoryMax="+strconv.Itoa(l.maxMB)+"M\n")
	g.service(keeper, "batch-a.slice", load+" sleeper -keep "+strconv.Itoa(l.keepMB)+"M")
	g.service(hog, "batch-b.slice", l.hog, l.hogLines...)
	g.service(canary, "batch-c.slice", load+" canary -beat "+beat)
	g.daemonReload()
	g.start(keeper, canary, "batch-b.slice")
	g.wait("the keeper to have its memory", func() bool { return g.bytes("batch-a.slice", "memory.current") >= int64(l.keepMB)<<20 })
	g.wait("the canary to tick", func() bool { return g.ticks() > 0 })
}

// free makes the hog free all it has; it stays alive, and small.
func (g *guest) free() {
	g.t.Helper()
	g.signal(hog, unix.SIGUSR1)
}

// high returns memory.high of the hog's leaf: "max", or a number of bytes while it is held.
func (g *guest) high() string {
	g.t.Helper()
	return g.read("batch-b.slice", "memory.high")
}

// awaitHold starts the hog and returns the message of the hold of its leaf.
func (g *guest) awaitHold(fields ...string) watch.Message {
	g.t.Helper()
	g.start(hog)
	return g.await(watch.Hold, append([]string{"REPRIEVE_SLICE", "batch.slice", "UNIT", "batch-b.slice"}, fields...)...)
}

// checkNeighbours asserts that the hog's neighbours never noticed: the canary still ticks, and no leaf but the hog's was held.
func (g *guest) checkNeighbours() {
	g.t.Helper()
	for _, m := range g.messages(watch.Hold) {
		if got, want := m["UNIT"], "batch-b.slice"; got != want {
			g.t.Errorf("UNIT of a hold = %q, want %q only: %s", got, want, m["MESSAGE"])
		}
	}
	g.checkTicking()
}

// checkTicking asserts that the canary still ticks.
func (g *guest) checkTicking() {
	g.t.Helper()
	before := g.ticks()
	g.wait("ten more ticks of the canary", func() bool { return g.ticks() >= before+10 })
}

// checkEmpty asserts that no process is left in a slice.
func (g *guest) checkEmpty(slice string) {
	g.t.Helper()
	if events := g.read(slice, "cgroup.events"); strings.Contains(events, "populated 1") {
		g.t.Errorf("cgroup.events of %s = %q, want it empty or gone", slice, events)
	}
}

// tighten leaves batch.slice so much room above what it uses now.
func (g *guest) tighten(roomMB int64) {
	g.t.Helper()
	limit := g.bytes("batch.slice", "memory.current") + roomMB<<20
	g.run("systemctl", "set-property", "--runtime", "batch.slice", "MemoryMax="+strconv.FormatInt(limit, 10))
}
