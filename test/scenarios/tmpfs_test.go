//go:build guest

package scenarios

import (
	"strconv"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure a unit that fills a tmpfs is held and stopped, that the record says how little came back, and that nobody else is stopped for
// memory which no stop gives back.
func TestTmpfsFilled(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full   = "3%"
events = ["max"]
[hold]
delay  = "6s"
calm   = "6s"
urgent = "0%"
[stop]
settle = "3s"
`)
	const filled = "/run/filled"
	g.run("mkdir", "-p", filled)
	g.run("mount", "-t", "tmpfs", "-o", "size=500M", "tmpfs", filled)
	t.Cleanup(func() { g.run("umount", "--lazy", filled) })
	g.write("/run/fill", `
while head -c 2M /dev/zero >>`+filled+`/file; do sleep 0.03; done
exec sleep 1h
`)
	// What it has besides comes back, so that the slice has a little room then: a canary at the limit would be pressure like any other.
	g.threeLeaves(leaves{maxMB: 200, hog: "/bin/sh -c '" + load + " hog -rate 30M -max 14M -touch & exec /bin/sh /run/fill'"})
	g.startDaemon()
	g.witness()

	g.awaitHold()
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-b.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	settled := g.await(watch.Settled)
	hold := g.await(watch.Hold, "REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"])
	g.checkEpisode(hold, stop, g.await(watch.Stopped), settled)
	usage, errUsage := strconv.ParseInt(stop["REPRIEVE_USAGE"], 10, 64)
	freed, err := strconv.ParseInt(settled["REPRIEVE_FREED"], 10, 64)
	if err != nil || errUsage != nil || freed > usage/4 {
		t.Errorf("REPRIEVE_FREED = %q of %q, want at most a quarter: a tmpfs stays: %s", settled["REPRIEVE_FREED"], stop["REPRIEVE_USAGE"], settled["MESSAGE"])
	}
	time.Sleep(12 * time.Second) // for a second stop that must not come: twice the delay
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.neverFailed()
	g.checkTicking()
}
