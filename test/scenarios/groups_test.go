//go:build guest

package scenarios

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"reprieve/test/watch"
)

// Ensure one large leaf is stopped, and none of ten small ones beside it.
func TestTenSmallAgainstOneLarge(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "6s"
`)
	g.threeLeaves(leaves{keepMB: 20, hog: load + " hog -rate 20M -max 240M -touch"})
	g.service("small@.service", "batch-s%i.slice", load+" sleeper -keep 12M")
	g.daemonReload()
	var small []string
	for i := range 10 {
		small = append(small, fmt.Sprintf("small@%d.service", i))
	}
	g.start(small...)
	for i := range 10 {
		g.wait("the small ones to have their memory", func() bool { return g.bytes(fmt.Sprintf("batch-s%d.slice", i), "memory.current") >= 12<<20 })
	}
	g.tighten(40)
	g.startDaemon()
	g.witness()

	hold := g.awaitHold()
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-b.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	g.checkEpisode(g.own(hold, stop), stop, g.await(watch.Stopped), g.await(watch.Settled))
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure groups are compared and not processes: twenty small processes in one leaf go together, and a leaf with the one largest
// process lives.
func TestGroupCountsNotProcess(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
some = "5%"
[hold]
delay = "4s"
`)
	g.threeLeaves(leaves{
		keepMB: 90,
		hog:    "/bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do " + load + " hog -rate 1M -max 22M & done; wait'",
	})
	g.startDaemon()
	g.witness()

	g.start(hog)
	const herd = 20 + 1 // and the shell
	g.wait("twenty processes of the herd", func() bool {
		return len(strings.Fields(g.read("batch-b.slice", "hog.service/cgroup.procs"))) == herd
	})
	hold := g.await(watch.Hold, "UNIT", "batch-b.slice")
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-b.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	g.checkEpisode(g.own(hold, stop), stop, g.await(watch.Stopped), g.await(watch.Settled))
	g.checkEmpty("batch-b.slice")
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure a subtree of forty small leaves counts with all of them against a leaf that is larger than each: its largest leaf is
// stopped, and no other.
func TestSplitSubtreeDoesNotHide(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "6s"
[stop]
min = "1M"
`)
	g.threeLeaves(leaves{keepMB: 60, maxMB: 700})
	g.service("grower.service", "batch-split-40.slice", load+" hog -rate 20M -max 240M -touch")
	// Thirty-nine leaves made by one shell: as many starts of units take an emulated PID 1 twenty seconds.
	g.write("/run/split", `
for i in $(seq -w 39); do
  leaf=/sys/fs/cgroup/batch.slice/batch-split.slice/batch-split-$i.slice
  mkdir $leaf
  (echo 0 >$leaf/cgroup.procs; exec `+load+` sleeper -keep 5M) &
done
wait
`)
	g.service("split.service", "batch-c.slice", "/bin/sh -e /run/split")
	g.daemonReload()
	g.start("batch-split-40.slice")
	t.Cleanup(g.endSplit)
	g.start("split.service")
	g.wait("39 leaves to have their memory", func() bool {
		return !slices.ContainsFunc(splitLeaves(), func(leaf string) bool { return g.bytes(leaf, "memory.current") < 5<<20 })
	})
	g.tighten(40)
	before := g.splitProcs()
	g.startDaemon()
	g.witness()
	g.lets("split.service") // ends with its children, in endSplit

	g.start("grower.service")
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-split-40.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	g.checkEpisode(stop, g.await(watch.Stopped), g.await(watch.Settled))
	if after := g.splitProcs(); !maps.Equal(after, before) {
		t.Errorf("processes of the other leaves = %v, want %v as before", after, before)
	}
	g.neverFailed()
	g.checkTicking()
}

// splitLeaves are the thirty-nine leaves that do not grow.
func splitLeaves() []string {
	var leaves []string
	for i := range 39 {
		leaves = append(leaves, fmt.Sprintf("batch-split-%02d.slice", i+1))
	}
	return leaves
}

// splitProcs returns the processes of the thirty-nine, by leaf.
func (g *guest) splitProcs() map[string]string {
	g.t.Helper()
	procs := map[string]string{}
	for _, leaf := range splitLeaves() {
		procs[leaf] = g.read(leaf, "cgroup.procs")
	}
	return procs
}

// endSplit takes the thirty-nine away: systemd, which has not made them, does not wait for their processes.
func (g *guest) endSplit() {
	g.wait("an empty batch-split.slice", func() bool {
		g.killAll("batch-split.slice")
		return !strings.Contains(g.read("batch-split.slice", "cgroup.events"), "populated 1")
	})
	for _, leaf := range splitLeaves() {
		if err := os.Remove(watch.SlicePath(leaf)); err != nil && !watch.Gone(err) {
			g.t.Error(err)
		}
	}
}

// Ensure a subtree for which an administrator has set memory.oom.group dies as one, the leaf that grows and the one that does not.
func TestOOMGroupSubtreeDiesWhole(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "15s"
`)
	g.threeLeaves(leaves{})
	g.service("x.service", "batch-g-x.slice", pressing)
	g.service("y.service", "batch-g-y.slice", load+" sleeper -keep 10M")
	g.daemonReload()
	g.start("y.service")
	g.startDaemon()
	g.witness()
	g.lets("y.service")

	g.start("x.service")
	g.setGroup("batch-g.slice", "1") // after the start, at which systemd would take it back
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-g.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	g.checkEpisode(stop, g.await(watch.Stopped, "UNIT", "batch-g.slice"), g.await(watch.Settled))
	for _, service := range []string{"x.service", "y.service"} {
		g.checkGone(service)
	}
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.neverFailed()
	g.checkTicking()
}
