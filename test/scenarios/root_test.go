//go:build guest

package scenarios

import (
	"os"
	"slices"
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

// packed writes a service of so much memory, which the kernel takes from nobody (memory.min). What is full from the start need not be filled
// by a hog: an emulated CPU touches some 10 MB a second on a bad day. Nor can it be swapped out, so that it is the hog which has to
// make room.
func (g *guest) packed(service string, megabytes int) {
	g.t.Helper()
	g.unit("fill.slice", "[Slice]\nMemoryMin=640M\n") // all that is in it
	g.service(service, "fill.slice", load+" sleeper -keep "+strconv.Itoa(megabytes)+"M", "MemoryMin="+strconv.Itoa(megabytes+8)+"M")
}

// pack starts a packed service and waits until it has its memory: for each half of it with all the patience there is.
func (g *guest) pack(service string, megabytes int) {
	g.t.Helper()
	g.start(service)
	for _, least := range []int{megabytes / 2, megabytes} {
		g.wait(service+" to have its memory", func() bool { return g.bytes("fill.slice", service+"/memory.current") >= int64(least)<<20 })
	}
}

// thrashesInPlenty returns when a slice has stalled at or above a share of the time for six seconds together, looked at in spans of two
// seconds and more. It asserts that a quarter of the host's memory was available all the while.
func (g *guest) thrashesInPlenty(slice string, share float64) {
	g.t.Helper()
	total, thrashed := g.rootMeminfo("MemTotal"), time.Duration(0)
	g.wait(slice+" to stall above the limit", func() bool {
		before, start := g.stalled(slice), time.Now()
		time.Sleep(2 * time.Second)
		stall, span := g.stalled(slice).Full-before.Full, time.Since(start)
		if available := g.rootMeminfo("MemAvailable"); available < total/4 {
			g.t.Fatalf("%d of %d bytes are available, want more than the 20%% of scarce: the load proves nothing", available, total)
		}
		if float64(stall) >= share*float64(span) {
			thrashed += span
		}
		return thrashed >= 6*time.Second
	})
}

// Ensure the watched root judges by scarcity: a slice that stalls at its own limit, with plenty of memory available, is no breach; a
// hog that fills the host is, and it alone is held and stopped.
func TestRootJudgesByScarcity(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/-.slice.toml", `
[pressure]
full   = "10%"
window = "1s"
scarce = "20%"
[hold]
delay  = "6s"
calm   = "6s"
urgent = "0%"
`)
	const thrasher = "thrasher.service"
	g.unit("bulk.slice", "[Slice]\nMemoryMax=96M\n")
	g.service(thrasher, "bulk.slice", load+" hog -rate 60M -max 220M -touch")
	// Whose slice is protected is not held either: system.slice, where this runs.
	g.config("reprieve.toml", "protect = [\"filler*.service\", \"systemd-journald.service\"]\n")
	// All together, the system's own 150 MB with it, is some 1250 MB of the 1480 that memory and swap have. The hog passes what is left of
	// memory, some 270 MB, with half of its growth to come, and cannot have it all: it stalls for as long as it lives.
	g.packed("filler1.service", 300)
	g.packed("filler2.service", 200)
	g.threeLeaves(leaves{maxMB: 8192, hog: load + " hog -rate 20M -max 560M -touch"})
	g.pack("filler1.service", 300)
	g.startDaemon()
	g.await(watch.Watched, "REPRIEVE_SLICE", "-.slice")
	g.witness()

	g.start(thrasher)
	g.wait("bulk.slice to be at its limit", func() bool { return g.bytes("bulk.slice", "memory.swap.current") > 8<<20 })
	g.thrashesInPlenty("bulk.slice", 0.2) // twice the limit
	g.never(watch.Breach)
	g.run("systemctl", "stop", thrasher)

	g.checkAlive()
	g.pack("filler2.service", 200)
	g.witness()
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

			before := g.shippedAvailable()
			g.shippedBurst(before)
			g.wait("the memory of the burst to be back", func() bool { return g.rootMeminfo("MemAvailable") > before/2 })
			if g.mainPID("burst.service") == 0 {
				t.Error("burst.service does not run any more, want it alive")
			}
			g.checkAlive()
			g.lets("scan.service", "build.service") // ended before the last questions
			for name := range shippedLoads {
				g.run("systemctl", "stop", name)
			}
			g.never(watch.Stop)
			g.wait("the last episode to end", g.shippedCalm)
			g.never(watch.Stop)
			g.never(watch.Failed)
		})
	}
}

// shippedAvailable returns the least that is available in some seconds: a build takes some 50 MB and gives them back, again and again, and a
// burst beside it must fit in at any moment.
func (g *guest) shippedAvailable() int64 {
	g.t.Helper()
	least := g.rootMeminfo("MemAvailable")
	for range 50 {
		time.Sleep(glance)
		least = min(least, g.rootMeminfo("MemAvailable"))
	}
	return least
}

// shippedCalm tells whether every episode so far has ended in relief.
func (g *guest) shippedCalm() bool {
	g.t.Helper()
	breaches, reliefs := g.messages(watch.Breach), g.messages(watch.Relief)
	return !slices.ContainsFunc(breaches, func(breach watch.Message) bool {
		return !slices.ContainsFunc(reliefs, func(relief watch.Message) bool {
			return relief.At() > breach.At() && relief.Has("REPRIEVE_EPISODE", breach["REPRIEVE_EPISODE"])
		})
	})
}

// shippedBurst takes nine tenths of what is available, swap included, and frees it some seconds later. One that is held is freed where it
// stands. Its process is asked for beforehand: the wait has an end, and PID 1 takes its time where memory is short.
func (g *guest) shippedBurst(available int64) {
	g.t.Helper()
	const burst = "burst.service"
	most := available / 10 * 9
	g.unit(burst, "[Service]\nExecStart="+load+" hog -rate 120M -threads 2 -max "+strconv.FormatInt(most, 10)+"\n")
	g.daemonReload()
	g.t.Cleanup(func() { g.run("systemctl", "stop", burst) })
	g.start(burst)
	pid := g.mainPID(burst)
	if pid == 0 {
		g.t.Fatal("burst.service does not run, want it to grow")
	}
	for _, percent := range []int64{50, 95} { // for each with all the patience there is
		g.wait("the burst to have its memory, or a hold", func() bool {
			has := g.bytes("system.slice", burst+"/memory.current") + g.bytes("system.slice", burst+"/memory.swap.current")
			return has >= most/100*percent || len(g.messages(watch.Hold)) > 0
		})
	}
	time.Sleep(3 * time.Second)
	if err := unix.Kill(pid, unix.SIGUSR1); err != nil {
		g.t.Fatalf("kill %s with SIGUSR1: %v", burst, err)
	}
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
	for _, least := range []int64{280 << 20, 560 << 20} { // for each with all the patience there is
		g.wait("the file to be scanned", func() bool {
			info, err := os.Stat("/var/tmp/scanned")
			return err == nil && info.Size() >= least
		})
	}
}
