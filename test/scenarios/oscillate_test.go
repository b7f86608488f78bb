//go:build guest

package scenarios

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Of the policy of TestOscillatingLoad, in seconds.
const (
	waveDelay = 20
	waveCalm  = 2
)

// waveLeast is how many holds there are at least, or the load does not swing.
const waveLeast = 3

// Ensure a load that swings around the limit for a minute and a half is never held longer than the delay of its episode, that
// memory.high does not flap, and that nobody is stopped while an episode has delay left.
func TestOscillatingLoad(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay  = "`+strconv.Itoa(waveDelay)+`s"
calm   = "`+strconv.Itoa(waveCalm)+`s"
urgent = "0%"
`)
	// The short pauses end while relief is being waited for or under way, the middle ones soon after it, the long ones in calm. The
	// limit is far below what the load wants: also on a CPU that touches 10 MB a second it is met with much of the growth to come.
	g.threeLeaves(leaves{maxMB: 64, keepMB: 10, hog: load + " wave -rate 40M -max 300M -up 7s -down 1s,12s,3s,5s,14s"})
	g.startDaemon()
	g.witness()
	g.lets(hog)

	trail, begun := followHigh("batch-b.slice"), time.Now()
	g.start(hog)
	swings := func() bool { // longer where all takes longer
		lasted := time.Since(begun)
		return lasted < 90*time.Second || (lasted < 180*time.Second && len(g.messages(watch.Hold)) < waveLeast)
	}
	for fell := 0; swings(); time.Sleep(3 * time.Second) {
		if settled := g.messages(watch.Settled); len(settled) > fell {
			fell = len(settled)
			g.start(hog) // and it goes on
		}
	}
	g.run("systemctl", "stop", hog)
	// By the message: memory.high alone may be max for a moment since systemd wrote it.
	var parts []wavePart
	g.wait("the last hold to end", func() (ended bool) { parts, ended = g.waveParts(); return ended })
	g.awaitNoHolds()
	changes := len(trail.end()) - 1
	elapsed := time.Since(begun)

	g.checkWaits(parts, trail.spans)
	g.checkWaveStops()
	g.checkNoFlapping(parts, changes, elapsed)
	g.neverFailed()
	g.checkNeighbours()
}

// wavePart is one hold, from its message to the one that says how it ended.
type wavePart struct {
	episode  string
	from, to time.Duration
}

// waveParts pairs each hold with its end, and tells whether the last one has one. A load that is held has one hold at a time.
func (g *guest) waveParts() (parts []wavePart, ended bool) {
	g.t.Helper()
	var hold watch.Message
	ends := []string{watch.Relief, watch.Stop, watch.Acquitted}
	for _, m := range g.messages("") {
		switch id := m["MESSAGE_ID"]; {
		case id == watch.Hold:
			if hold != nil {
				g.t.Errorf("hold at %s while that of %s goes on: %s", m.At(), hold.At(), m["MESSAGE"])
			}
			hold = m
		case slices.Contains(ends, id) && hold != nil:
			if !m.Has("REPRIEVE_EPISODE", hold["REPRIEVE_EPISODE"]) {
				g.t.Errorf("%s at %s is of another episode than the hold at %s", m.Kind(), m.At(), hold.At())
			}
			parts = append(parts, wavePart{episode: hold["REPRIEVE_EPISODE"], from: hold.At(), to: m.At()})
			hold = nil
		}
	}
	return parts, hold == nil
}

// checkWaits asserts that no episode was held longer than the delay, all its parts together. By memory.high: where the delay is over
// and the pressure is not known to go on, the hold is lifted some seconds before the message that tells how it ended.
func (g *guest) checkWaits(parts []wavePart, spans []highSpan) {
	g.t.Helper()
	// The daemon's own bound for a write that lifts a hold is a second, beyond which it says that it failed: who lifts it may be late on a busy
	// CPU. What is seen of a hold is never more than there was.
	const delay, tolerance = waveDelay * time.Second, time.Second
	sums := map[string]time.Duration{}
	for _, span := range spans {
		episode := waveEpisode(parts, span)
		// A hold that comes about when its time is over is lifted at once, and not told.
		if length := span.to - span.from; episode == "" && length > time.Second {
			g.t.Errorf("memory.high was not max from %s to %s, want it so from a hold's message to the one of its end alone: %v", span.from, span.to, parts)
		}
		sums[episode] += span.to - span.from
	}
	delete(sums, "")
	for episode, held := range sums {
		if held > delay+tolerance {
			g.t.Errorf("episode %s was held %s in all, want at most the delay of %s", episode, held, delay)
		}
	}
	g.t.Logf("%d holds in %d episodes: %v", len(parts), len(sums), sums)
}

// waveEpisode returns the episode of the hold that has most of a span, "" where there is none. The journal has a message later than the
// write that it tells of, on a busy CPU by seconds, and never sooner: a span may begin before its hold's message. At the end it is the
// write that may be later, by a second at most.
func waveEpisode(parts []wavePart, span highSpan) (episode string) {
	const late = 5 * time.Second
	most := -late
	for _, part := range parts {
		if common := min(span.to, part.to) - max(span.from, part.from); span.from > part.from-late && span.to < part.to+time.Second && common > most {
			episode, most = part.episode, common
		}
	}
	return episode
}

// checkWaveStops asserts that who was stopped had no delay left.
func (g *guest) checkWaveStops() {
	g.t.Helper()
	for _, m := range g.messages(watch.Stop) {
		if waited := ownMicros(m, "REPRIEVE_WAITED_USEC"); waited < waveDelay*time.Second {
			g.t.Errorf("stop after %s, want no sooner than the delay of %ds: %s", waited, waveDelay, m["MESSAGE"])
		}
	}
}

// checkNoFlapping asserts that memory.high was written as often as the holds need and no more. A hold and its end are a write
// each, half of which the looks must have seen at least: a short hold may lie between two of them. Relief comes after the time of calm, in
// three steps a quarter of that apart, and pressure takes them back in one: at most four writes in one and a half times the time of
// calm, of each hold.
func (g *guest) checkNoFlapping(parts []wavePart, changes int, elapsed time.Duration) {
	g.t.Helper()
	if len(parts) < waveLeast {
		g.t.Errorf("%d holds in %s, want %d at least: the load does not swing", len(parts), elapsed, waveLeast)
	}
	if most := int(elapsed/(waveCalm*time.Second)) + 1; len(parts) > most {
		g.t.Errorf("%d holds in %s, want at most %d: one in the time of calm", len(parts), elapsed, most)
	}
	held, rounds := time.Duration(0), 0
	for _, part := range parts {
		held += part.to - part.from
		rounds += int((part.to-part.from)/(waveCalm*time.Second*3/2)) + 1
	}
	if least, most := len(parts), 2*len(parts)+4*rounds; changes < least || changes > most {
		g.t.Errorf("memory.high changed %d times in %d holds of %s in all, want %d to %d", changes, len(parts), held, least, most)
	}
	g.t.Logf("memory.high changed %d times in %d holds of %s in all, in %s", changes, len(parts), held, elapsed)
}
