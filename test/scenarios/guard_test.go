//go:build guest

package scenarios

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// loopThread returns the thread of the daemon's event loop: the one of real-time priority that waits in epoll. The guard's thread, which has that
// priority as well, waits in ppoll.
func (g *guest) loopThread() int {
	g.t.Helper()
	tasks := fmt.Sprintf("/proc/%d/task", g.mainPID("reprieved.service"))
	found := 0
	g.wait("the loop to wait in epoll_pwait", func() bool {
		entries, err := os.ReadDir(tasks)
		if err != nil {
			g.t.Fatal(err)
		}
		for _, entry := range entries {
			var tid int
			_, _ = fmt.Sscan(entry.Name(), &tid)
			attr, err := unix.SchedGetAttr(tid, 0)
			call, _ := os.ReadFile(tasks + "/" + entry.Name() + "/syscall")
			if err == nil && attr.Policy == unix.SCHED_FIFO && strings.HasPrefix(string(call), fmt.Sprint(unix.SYS_EPOLL_PWAIT)+" ") {
				found = tid
			}
		}
		return found != 0
	})
	return found
}

// stopThread has one thread stand still, as one does that waits in the kernel, until the returned function is called. It is called on the
// same goroutine.
func (g *guest) stopThread(tid int) (goOn func()) {
	g.t.Helper()
	runtime.LockOSThread() // a tracer is a thread
	err := unix.PtraceSeize(tid)
	if err == nil {
		err = unix.PtraceInterrupt(tid)
	}
	if err == nil {
		_, err = unix.Wait4(tid, nil, unix.WALL, nil)
	}
	if err != nil {
		g.t.Fatalf("stop thread %d: %v", tid, err)
	}
	return func() {
		if err := unix.PtraceDetach(tid); err != nil {
			g.t.Errorf("let thread %d go on: %v", tid, err)
		}
		runtime.UnlockOSThread()
	}
}

// Ensure the guard kills who would have been stopped when the event loop hangs past the deadline, that it says so, and that the loop, when it
// comes back, goes on from there: nobody else dies.
func TestGuardKillsForAHungLoop(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full   = "10%"
events = ["max"]
[hold]
delay  = "24s"
calm   = "20s"
urgent = "0%"
`)
	g.threeLeaves(leaves{hog: pressing})
	g.longWatchdog()
	g.daemonReload()
	g.startDaemon()
	g.witness()
	g.lets(hog)

	hold := g.awaitHold()
	time.Sleep(15 * time.Second) // well into the second half of the delay: somebody is signed
	goOn := g.stopThread(g.loopThread())
	g.never(watch.Stop)
	guarded := g.await(watch.Guarded)
	goOn()
	if !guarded.Has("REPRIEVE_SLICE", "batch.slice", "UNIT", "batch-b.slice", "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"]) {
		t.Errorf("the guard's message is of %s in %s, episode %s, want batch-b.slice in batch.slice, episode %s: %s",
			guarded["UNIT"], guarded["REPRIEVE_SLICE"], guarded["REPRIEVE_EPISODE"], hold["REPRIEVE_EPISODE"], guarded["MESSAGE"])
	}
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	g.inOrder(hold, guarded, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	g.checkGone(hog)
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.neverFailed()
	g.checkNeighbours()
}
