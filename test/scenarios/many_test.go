//go:build guest

package scenarios

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

const (
	crowded  = 1000 // leaves beside the three
	sleeping = 20   // of these, with a process in them

	// What the daemon may have open: 256 leaves of thirteen files in calm, as many more in an episode, and some for all else.
	calmFds, troubledFds = 256*13 + 250, 2*256*13 + 1250
)

// crowdLeaf is the name of one of a thousand leaves.
func crowdLeaf(i int) string { return fmt.Sprintf("batch-m%04d.slice", i) }

// crowd makes a thousand leaves in batch.slice: by hand, since a thousand starts of units take an emulated PID 1 minutes. In the last of
// them a process sleeps.
func (g *guest) crowd() {
	g.t.Helper()
	var names []string
	for i := range crowded {
		names = append(names, watch.SlicePath(crowdLeaf(i)))
	}
	for _, dir := range names {
		if err := os.Mkdir(dir, 0o755); err != nil {
			g.t.Fatal(err)
		}
	}
	g.t.Cleanup(func() {
		g.wait("an empty crowd", func() bool {
			left := 0
			for _, dir := range names {
				_ = os.WriteFile(dir+"/cgroup.kill", []byte("1"), 0)
				if err := os.Remove(dir); err != nil && !watch.Gone(err) {
					left++
				}
			}
			return left == 0
		})
	})
	g.write("/run/crowd", `
for leaf in `+strings.Join(names[crowded-sleeping:], " ")+`; do
  (echo 0 >$leaf/cgroup.procs; exec `+load+` sleeper -keep 2M) &
done
wait
`)
	g.service("crowd.service", "batch-d.slice", "/bin/sh -e /run/crowd")
	g.daemonReload()
	g.start("crowd.service")
	g.wait("the last of the crowd to have its memory", func() bool { return g.bytes(crowdLeaf(crowded-1), "memory.current") >= 2<<20 })
}

// fds returns how many descriptors a process has open.
func (g *guest) fds(pid int) int {
	g.t.Helper()
	all, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		g.t.Fatal(err)
	}
	return len(all)
}

// Ensure a hog is found among a thousand leaves, most of which are not kept open, held and stopped, and nobody else; that the daemon's
// descriptors are bounded, and that so many leaves do not wake it in calm.
func TestManyLeaves(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "10s"
`)
	g.threeLeaves(leaves{})
	g.service("last.service", "batch-z.slice", growing) // behind the crowd: not kept open
	g.crowd()
	g.startDaemon()
	g.witness()
	g.lets("crowd.service") // ends with its children, after the scenario
	pid := g.mainPID("reprieved.service")
	g.awaitGroup("1", crowdLeaf(0), crowdLeaf(crowded-1))
	time.Sleep(10 * time.Second) // what the start left to do

	g.checkAsleep(g.loopThread(), 10*time.Second)
	if got := g.fds(pid); got > calmFds || got < 256*12 {
		t.Errorf("%d descriptors in calm, want some 3300 and at most %d", got, calmFds)
	}
	g.never(watch.Breach)

	g.start("last.service")
	hold := g.await(watch.Hold, "UNIT", "batch-z.slice")
	if got := g.fds(pid); got > troubledFds {
		t.Errorf("%d descriptors in an episode, want at most %d", got, troubledFds)
	}
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-z.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	g.checkEpisode(g.own(hold, stop), stop, g.await(watch.Stopped, "UNIT", "batch-z.slice"), g.await(watch.Settled))
	g.checkEmpty("batch-z.slice")
	for i := crowded - sleeping; i < crowded; i++ {
		if procs := g.read(crowdLeaf(i), "cgroup.procs"); procs == "" {
			t.Errorf("%s is empty, want its process alive", crowdLeaf(i))
		}
	}
	g.wait("those opened for the episode to be closed", func() bool { return g.fds(pid) <= calmFds })
	memory, _ := os.ReadFile("/sys/fs/cgroup/reprieve.slice/reprieved.service/memory.peak")
	t.Logf("the daemon's group has had %s bytes at most", strings.TrimSpace(string(memory)))
	g.neverFailed()
	g.checkTicking()
}
