//go:build guest

package scenarios

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// rootMeminfo returns one line of /proc/meminfo, in bytes.
func (g *guest) rootMeminfo(name string) int64 {
	g.t.Helper()
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		g.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				g.t.Fatalf("/proc/meminfo: %s: %v", name, err)
			}
			return kib << 10
		}
	}
	g.t.Fatalf("/proc/meminfo has no %s", name)
	return 0
}

// Ensure the watched root judges by scarcity: a slice that stalls at its own limit, with plenty of memory available, is no breach; a
// hog that fills the host is, and it alone is held and stopped.
func TestRootJudgesByScarcity(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/-.slice.toml", `
[pressure]
full   = "20%"
window = "1s"
scarce = "20%"
[hold]
delay  = "3s"
urgent = "100%"
`)
	const thrasher = "thrasher.service"
	g.unit("bulk.slice", "[Slice]\nMemoryMax=96M\n")
	g.service(thrasher, "bulk.slice", load+" hog -rate 60M -max 220M -touch")
	// What is full from the start need not be filled by the hog: an emulated CPU touches some 10 MB a second on a bad day.
	const filler = "filler.service"
	g.config("reprieve.toml", "protect = [\""+filler+"\"]\n")
	g.service(filler, "fill.slice", load+" sleeper -keep 300M")
	g.threeLeaves(leaves{maxMB: 8192, hog: load + " hog -rate 120M -threads 2 -max 1050M -touch"})
	g.start(filler)
	g.wait("the filler to have its memory", func() bool { return g.bytes("fill.slice", "memory.current") >= 300<<20 })
	g.startDaemon()
	g.await(watch.Watched, "REPRIEVE_SLICE", "-.slice")
	g.witness()

	g.start(thrasher)
	g.wait("bulk.slice to be at its limit", func() bool { return g.bytes("bulk.slice", "memory.swap.current") > 8<<20 })
	before, start := g.stalled("bulk.slice"), time.Now()
	time.Sleep(6 * time.Second)
	stall, span := g.stalled("bulk.slice").Full-before.Full, time.Since(start)
	if stall < span*3/10 {
		t.Errorf("bulk.slice stalled for %s of %s, want more than the limit of 20%%: the load proves nothing", stall, span)
	}
	if available, total := g.rootMeminfo("MemAvailable"), g.rootMeminfo("MemTotal"); available < total/4 {
		t.Errorf("%d of %d bytes are available, want more than the 20%% of scarce: the load proves nothing", available, total)
	}
	g.never(watch.Breach)
	g.run("systemctl", "stop", thrasher)

	g.start(hog)
	stop := g.await(watch.Stop)
	if !stop.Has("REPRIEVE_SLICE", "-.slice", "UNIT", "batch-b.slice") {
		t.Errorf("the stop is of %s in %s, want batch-b.slice in -.slice: %s", stop["UNIT"], stop["REPRIEVE_SLICE"], stop["MESSAGE"])
	}
	episode := []string{"REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"]}
	breach, hold := g.await(watch.Breach, episode...), g.await(watch.Hold, append(episode, "UNIT", "batch-b.slice")...)
	g.inOrder(breach, hold, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled, episode...))
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	// No never(watch.Failed): PID 1, short of memory itself, may miss its half second, which is told.
	g.checkTicking()
}

// shippedLoads are services of system.slice, as an ordinary server has them: a scan of a file larger than half of the memory, again and
// again, and a build, many short processes that allocate some MiB each.
var shippedLoads = map[string]string{
	"scan.service": "[Service]\nExecStart=" + load + " cache -file /var/tmp/scanned -size 560M -pause 100ms\n",
	"build.service": "[Service]\nNice=19\nExecStart=/bin/sh -c 'while :; do for i in 1 2 3 4 5 6; do " +
		"head -c 8M /dev/zero | tail -c 8M >/dev/null & done; wait; done'\n",
}

// Ensure the policies as they are shipped stop nobody on an ordinary server, with swap and without: not for a file scan and a build
// together, and not for a burst beside them that takes nine tenths of what is available and frees it after some seconds.
func TestShippedPoliciesAreSafe(t *testing.T) {
	for _, tt := range []struct {
		name string
		swap bool
	}{{"with swap", true}, {"without swap", false}} {
		t.Run(tt.name, func(t *testing.T) {
			g := begin(t)
			g.unmask()
			if tt.swap {
				g.swapOn()
			}
			g.shippedStart()
			g.startDaemon()
			for _, slice := range []string{"-.slice", "system.slice"} {
				g.await(watch.Watched, "REPRIEVE_SLICE", slice)
			}
			g.witness()
			time.Sleep(5 * time.Second)

			before := g.rootMeminfo("MemAvailable")
			g.shippedBurst(before)
			g.wait("the memory of the burst to be back", func() bool { return g.rootMeminfo("MemAvailable") > before/2 })
			if g.mainPID("burst.service") == 0 {
				t.Error("burst.service does not run any more, want it alive")
			}
			g.wait("the last hold to be lifted", func() bool { return len(g.messages(watch.Hold)) == 0 || len(g.messages(watch.Relief)) > 0 })
			g.never(watch.Stop)
			g.never(watch.Failed)
			g.checkAlive()
			g.lets("scan.service", "build.service") // ended before the last questions
		})
	}
}

// shippedBurst takes nine tenths of what is available, swap included, and frees it some seconds later. One that is held is freed where it
// stands.
func (g *guest) shippedBurst(available int64) {
	g.t.Helper()
	const burst = "burst.service"
	most := available / 10 * 9
	g.unit(burst, "[Service]\nExecStart="+load+" hog -rate 120M -threads 2 -max "+strconv.FormatInt(most, 10)+"\n")
	g.daemonReload()
	g.t.Cleanup(func() { g.run("systemctl", "stop", burst) })
	g.start(burst)
	g.wait("the burst to have its memory, or a hold", func() bool {
		has := g.bytes("system.slice", burst+"/memory.current") + g.bytes("system.slice", burst+"/memory.swap.current")
		return has >= most/100*95 || len(g.messages(watch.Hold)) > 0
	})
	time.Sleep(3 * time.Second)
	g.signal(burst, unix.SIGUSR1)
}

// shippedStart starts the loads, and ends them with the scenario; they are in system.slice with all that the guest needs.
func (g *guest) shippedStart() {
	g.t.Helper()
	g.files = append(g.files, "/var/tmp/scanned")
	for name, text := range shippedLoads {
		g.unit(name, text)
		g.t.Cleanup(func() { g.run("systemctl", "stop", name) })
	}
	g.daemonReload()
	for name := range shippedLoads {
		g.start(name)
	}
	g.wait("the file to be scanned", func() bool {
		info, err := os.Stat("/var/tmp/scanned")
		return err == nil && info.Size() >= 560<<20
	})
}
