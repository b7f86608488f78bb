//go:build guest

package scenarios

import (
	"os"
	"strconv"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure the kernel does what every other scenario builds on: a hog at its slice's memory.max makes the slice stall, a
// memory.high at its own usage holds it back, its neighbours do not stall with it, and cgroup.kill ends it.
func TestGround(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.threeLeaves(leaves{hog: pressing})
	g.witness()

	before := g.stalled("batch.slice").Full
	g.start(hog)
	g.wait("300 ms of full stall in batch.slice", func() bool { return g.stalled("batch.slice").Full-before > 300*time.Millisecond })

	high := watch.SlicePath("batch-b.slice") + "/memory.high"
	usage := g.bytes("batch-b.slice", "memory.current")
	if err := os.WriteFile(high, []byte(strconv.FormatInt(usage, 10)), 0); err != nil {
		t.Fatal(err)
	}
	held, other := g.stalled("batch-b.slice").Full, g.stalled("batch-c.slice").Some
	// Not for a fixed time: what is compared needs a stall that is felt, also where the hog has little of a CPU.
	g.wait("2 s of full stall in the held batch-b.slice", func() bool { return g.stalled("batch-b.slice").Full-held > 2*time.Second })
	held, other = g.stalled("batch-b.slice").Full-held, g.stalled("batch-c.slice").Some-other
	if other*4 > held {
		t.Errorf("stall of batch-c.slice = %s while it was held, want less than a quarter of the held leaf's %s", other, held)
	}
	if err := os.WriteFile(high, []byte("max"), 0); err != nil {
		t.Fatal(err)
	}
	g.killAll("batch-b.slice")
	g.wait("an empty batch-b.slice", func() bool { return g.mainPID(hog) == 0 })
	g.checkNeighbours()
}
