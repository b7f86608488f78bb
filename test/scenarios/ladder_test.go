//go:build guest

package scenarios

import (
	"testing"
	"time"

	"reprieve/test/watch"
)

// ladderHog stalls its slice for as long as it has its memory, and still grows when the first steps of a ladder are over.
const ladderHog = load + " hog -rate 20M -max 420M -touch"

// ladderLeaves makes the leaves under a policy with these steps, and a unit that the ladder can start. The hog runs when it returns,
// and the breach has been told; it returns a time before that.
func (g *guest) ladderLeaves(policy, started string) (calm time.Duration) {
	g.t.Helper()
	g.swapOn()
	g.config("slices/batch.slice.toml", "[pressure]\nfull = \"10%\"\n"+policy)
	g.unit("flush.service", "[Service]\nType=oneshot\nExecStart="+started+"\n")
	g.threeLeaves(leaves{maxMB: 128, keepMB: 20, hog: ladderHog})
	g.startDaemon()
	calm = g.startHog(watch.Breach)
	g.witness()
	return calm
}

// ladderHelps asserts that the one step taken was this one, and that it was enough: nobody is held or stopped.
func (g *guest) ladderHelps(step string) {
	g.t.Helper()
	taken := g.await(watch.Step)
	if got := taken["REPRIEVE_STEP"]; got != step {
		g.t.Errorf("REPRIEVE_STEP = %q, want %q: %s", got, step, taken["MESSAGE"])
	}
	g.checkEpisode(g.await(watch.Breach), taken, g.await(watch.Relief))
	if steps := g.messages(watch.Step); len(steps) != 1 {
		g.t.Errorf("%d steps, want one: %v", len(steps), steps)
	}
	if used := g.bytes("batch-b.slice", "memory.current"); used > 60<<20 {
		g.t.Errorf("batch-b.slice uses %d bytes after the relief, want what is left of a hog that freed all", used)
	}
	g.never(watch.Hold)
	g.never(watch.Stop)
	g.neverFailed()
	g.checkTicking()
}

// Ensure the owner of the memory gets a signal first, and that nobody is held or stopped when it frees within its time.
func TestSignalHelps(t *testing.T) {
	g := begin(t)
	g.ladderLeaves(`
[hold]
delay  = "80s"
urgent = "0%"
[[hold.step]]
by     = "signal"
unit   = "hog.service"
signal = "USR1"
delay  = "60s"
[[hold.step]]
by    = "throttle"
delay = "20s"
`, "/bin/true")
	g.ladderHelps("signal hog.service SIGUSR1 main")
}

// Ensure a unit is started that frees memory, and that nobody is held or stopped when that helps within its time.
func TestStartHelps(t *testing.T) {
	g := begin(t)
	g.ladderLeaves(`
[hold]
delay  = "80s"
urgent = "0%"
[[hold.step]]
by    = "start"
unit  = "flush.service"
delay = "60s"
[[hold.step]]
by    = "throttle"
delay = "20s"
`, "systemctl kill --signal=USR1 hog.service")
	g.ladderHelps("start flush.service")
	if got := g.property("flush.service", "Result"); got != "success" {
		t.Errorf("Result of flush.service = %s, want success", got)
	}
}

// Ensure a ladder whose first steps do not help goes on, each step after its time: to the hold, and in the end to the stop.
func TestLadderGoesOn(t *testing.T) {
	g := begin(t)
	calm := g.ladderLeaves(`
[hold]
calm   = "10s"
urgent = "0%"
[[hold.step]]
by    = "signal"
unit  = "nobody.service"
delay = "3s"
[[hold.step]]
by     = "signal"
unit   = "hog.service"
signal = "WINCH"
to     = "all"
delay  = "5s"
[[hold.step]]
by    = "start"
unit  = "flush.service"
delay = "5s"
[[hold.step]]
by    = "throttle"
delay = "5s"
`, "/bin/true")
	g.lets(hog)
	stop := g.await(watch.Stop, "UNIT", "batch-b.slice")
	episode := stop["REPRIEVE_EPISODE"]
	of := func(id string, fields ...string) watch.Message {
		return g.await(id, append(fields, "REPRIEVE_EPISODE", episode)...)
	}
	breach := of(watch.Breach)
	refused := of(watch.Step, "REPRIEVE_STEP", "signal nobody.service SIGUSR1 main", "PRIORITY", "4")
	signal := of(watch.Step, "REPRIEVE_STEP", "signal hog.service SIGWINCH all", "PRIORITY", "6")
	start := of(watch.Step, "REPRIEVE_STEP", "start flush.service", "PRIORITY", "6")
	hold := of(watch.Hold, "UNIT", "batch-b.slice", "REPRIEVE_HOLD", "throttle")
	g.checkEpisode(breach, refused, signal, start, hold, stop, g.await(watch.Stopped, "UNIT", "batch-b.slice"), g.await(watch.Settled))

	// No step sooner than those before it had their time, which is more than PID 1 takes for one.
	for _, after := range []struct {
		message watch.Message
		least   time.Duration
	}{{signal, 3 * time.Second}, {start, 8 * time.Second}, {hold, 13 * time.Second}, {stop, 18 * time.Second}} {
		g.checkWaited(after.message, calm, after.least)
	}
	g.complete(signal, "REPRIEVE_WAITED_USEC")
	g.complete(start, "REPRIEVE_WAITED_USEC")
	g.complete(stop, "REPRIEVE_WAITED_USEC")
	if got, want := stop["REPRIEVE_DELAY_USEC"], "18000000"; got != want {
		t.Errorf("REPRIEVE_DELAY_USEC = %q, want %s, the sum of the steps", got, want)
	}
	if steps := g.messages(watch.Step); len(steps) != 3 {
		t.Errorf("%d steps, want three: %v", len(steps), steps)
	}
	if stops := g.messages(watch.Stop); len(stops) != 1 {
		t.Errorf("%d stops, want one: %v", len(stops), stops)
	}
	g.neverFailed()
	g.checkNeighbours()
}
