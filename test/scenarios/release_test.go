//go:build guest

package scenarios

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// stubbornHog stalls on, held or not: what it has does not fit, and it wants all of it again and again. Much of its growth is still to come
// when its slice is full, so that it is held also by a daemon that is late.
const stubbornHog = pressing

// holdStill is holdLong with a calm that no pause of an emulated CPU is taken for: who is held stays held until it frees its memory.
const holdStill = `
[pressure]
full = "10%"
[hold]
delay  = "9m"
calm   = "6s"
urgent = "0%"
`

// awaitNoHolds returns when no hold is in force any more. The daemon's messages tell what was decided: a worker of its carries it out.
func (g *guest) awaitNoHolds() {
	g.t.Helper()
	g.wait("the record of the last hold to be gone", func() bool { return len(deathsRecords(g.t)) == 0 })
}

// releasedByHand lifts the hold of batch.slice by hand and returns the message.
func (g *guest) releasedByHand(hold watch.Message) watch.Message {
	g.t.Helper()
	out := g.run("reprievectl", "release", "batch.slice")
	if want := "batch.slice: 1 hold lifted"; !strings.HasPrefix(out, want) {
		g.t.Errorf("reprievectl release batch.slice = %q, want %q", out, want)
	}
	released := g.awaitAfter(hold.At(), watch.Released, "REPRIEVE_SLICE", "batch.slice")
	if !released.Has("REPRIEVE_REASON", "by hand", "REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"]) {
		g.t.Errorf("released with reason %q of episode %q, want by hand, of %q: %s",
			released["REPRIEVE_REASON"], released["REPRIEVE_EPISODE"], hold["REPRIEVE_EPISODE"], released["MESSAGE"])
	}
	g.awaitNoHolds()
	if got := g.high(); got != "max" {
		g.t.Errorf("memory.high of batch-b.slice = %s after reprievectl release, want max: %s", got, out)
	}
	return released
}

// checkNotHeldAgain asserts that nobody was held in an episode after its holds were lifted by hand.
func (g *guest) checkNotHeldAgain(released watch.Message) {
	g.t.Helper()
	for _, m := range g.messages(watch.Hold) {
		if m.At() > released.At() && m["REPRIEVE_EPISODE"] == released["REPRIEVE_EPISODE"] {
			g.t.Errorf("held again in the episode that was released by hand: %s", m["MESSAGE"])
		}
	}
}

// Ensure a hold that is lifted by hand is not taken again, and that the wait goes on: to the stop at the end of the delay.
func TestReleaseByHandThenStop(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay  = "30s"
calm   = "15s"
urgent = "0%"
`)
	const delay = 30 * time.Second // time for two releases by hand
	g.threeLeaves(leaves{hog: stubbornHog})
	g.startDaemon()
	g.witness()

	calm := g.startHog(watch.Hold)
	hold := g.await(watch.Hold, "REPRIEVE_SLICE", "batch.slice", "UNIT", "batch-b.slice")
	released := g.releasedByHand(hold)
	// The worker's answer that the hold is lifted comes to the daemon's loop a moment after it is.
	g.wait("reprievectl release batch.slice to say that nothing is held", func() bool {
		return g.run("reprievectl", "release", "batch.slice") == "batch.slice: nothing is held"
	})
	stop := g.await(watch.Stop)
	if stop["UNIT"] != "batch-b.slice" {
		t.Errorf("UNIT of the stop = %q, want batch-b.slice: %s", stop["UNIT"], stop["MESSAGE"])
	}
	// A hog that paused long enough was relieved meanwhile, and the stop may be of another episode.
	g.inOrder(hold, released, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))
	g.complete(stop, "REPRIEVE_WAITED_USEC")
	g.checkWaited(stop, calm, delay)
	g.checkNotHeldAgain(released)
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure the same ends in relief where the pressure passes, and that a later episode holds as ever.
func TestReleaseByHandThenRelief(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdStill)
	g.threeLeaves(leaves{hog: stubbornHog})
	g.startDaemon()
	g.witness()
	g.lets(hog) // is started again below

	hold := g.awaitHold()
	released := g.releasedByHand(hold)
	time.Sleep(3 * time.Second)
	if got := g.high(); got != "max" {
		t.Errorf("memory.high of batch-b.slice = %s three seconds after the release by hand, want max", got)
	}
	g.free()
	relief := g.awaitAfter(released.At(), watch.Relief, "REPRIEVE_SLICE", "batch.slice")
	g.inOrder(hold, released, relief)
	g.checkNotHeldAgain(released)

	// Not a resumption of the same: more than the time of calm lies between them.
	time.Sleep(8 * time.Second)
	g.run("systemctl", "restart", hog)
	later := g.awaitAfter(relief.At(), watch.Hold, "UNIT", "batch-b.slice")
	if later["REPRIEVE_EPISODE"] == released["REPRIEVE_EPISODE"] {
		t.Errorf("the later hold is of the released episode %s: %s", later["REPRIEVE_EPISODE"], later["MESSAGE"])
	}
	g.free()
	g.awaitAfter(later.At(), watch.Relief)
	g.awaitNoHolds()
	g.never(watch.Stop)
	g.neverFailed()
	g.checkNeighbours()
}

// Ensure a release that cannot be is refused with the reason: of a slice that is not watched or no slice at all, and for anybody
// but root, who cannot even write to the socket. Nothing held is touched by it.
func TestReleaseIsRefused(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", holdStill)
	g.threeLeaves(leaves{hog: stubbornHog})
	g.startDaemon()
	g.witness()
	hold := g.awaitHold()

	anybody := []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}
	for _, tt := range []struct {
		command []string
		code    int
		want    string
	}{
		{[]string{"reprievectl", "release", "nosuch.slice"}, 1, "nosuch.slice: not watched by reprieved"},
		{[]string{"reprievectl", "release", hog}, 2, "is no slice"},
		{[]string{"reprievectl", "release", "batch.slice", "bulk.slice"}, 2, "takes one slice or none"},
		{append(anybody, "reprievectl", "release", "batch.slice"), 1, "needs root"},
		{append(anybody, "test", "-w", "/run/reprieve/control"), 1, ""},
		{append(anybody, "reprieved", "-release"), 1, ""},
	} {
		out, err := try(tt.command[0], tt.command[1:]...)
		code, exit := 0, (*exec.ExitError)(nil)
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		}
		if code != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("%q = %q with exit code %d (%v), want %q with %d", tt.command, out, code, err, tt.want, tt.code)
		}
	}
	if len(deathsRecords(t)) != 1 || g.high() == "max" {
		t.Errorf("records of holds = %v, memory.high of batch-b.slice = %s, want it still held", deathsRecords(t), g.high())
	}
	g.never(watch.Released)
	g.free()
	g.awaitAfter(hold.At(), watch.Relief)
	g.awaitNoHolds()
	g.never(watch.Stop)
	g.neverFailed()
	g.checkNeighbours()
}
