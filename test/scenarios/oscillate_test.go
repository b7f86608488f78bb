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
urgent = "100%"
`)
	// The short pauses end while relief is being waited for or under way, the middle ones soon after it, the long ones in calm. The
	// limit is far below what the load wants: also on a slow CPU it is met early, with much of the growth to come.
	g.threeLeaves(leaves{maxMB: 112, keepMB: 20, hog: load + " wave -rate 40M -max 300M -up 7s -down 1s,12s,3s,5s,14s"})
	g.startDaemon()
	g.witness()
	g.lets(hog)

	trail, begun := followHigh("batch-b.slice"), time.Now()
	g.start(hog)
	for fell := 0; time.Since(begun) < 90*time.Second; time.Sleep(3 * time.Second) {
		if settled := g.messages(watch.Settled); len(settled) > fell {
			fell = len(settled)
			g.start(hog) // and it goes on
		}
	}
	g.run("systemctl", "stop", hog)
	// By the message: memory.high alone may be max for a moment since systemd wrote it.
	var parts []wavePart
	g.wait("the last hold to end", func() (ended bool) { parts, ended = g.waveParts(); return ended })
	changes := len(trail.end()) - 1
	elapsed := time.Since(begun)

	g.checkWaits(parts, trail.spans)
	g.checkWaveStops()
	g.checkNoFlapping(parts, changes, elapsed)
	g.never(watch.Failed)
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
	const delay, tolerance = waveDelay * time.Second, time.Second / 2 // a look is 50 ms late, or more on a busy CPU
	sums := map[string]time.Duration{}
	for _, span := range spans {
		episode := ""
		for _, part := range parts {
			if part.from-time.Second < span.from && span.to < part.to+time.Second {
				episode = part.episode // the last: the journal has the message a moment after the write
			}
		}
		if episode == "" {
			g.t.Errorf("memory.high was not max from %s to %s, want it so from a hold's message to the one of its end alone: %v", span.from, span.to, parts)
		}
		sums[episode] += span.to - span.from
	}
	for episode, held := range sums {
		if held > delay+tolerance {
			g.t.Errorf("episode %s was held %s in all, want at most the delay of %s", episode, held, delay)
		}
	}
	g.t.Logf("%d holds in %d episodes: %v", len(parts), len(sums), sums)
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
// each. Relief comes after the time of calm, in three steps a quarter of that apart, and pressure takes them back in one: at most
// four writes in one and a half times the time of calm.
func (g *guest) checkNoFlapping(parts []wavePart, changes int, elapsed time.Duration) {
	g.t.Helper()
	if len(parts) < 3 {
		g.t.Errorf("%d holds in %s, want three at least: the load does not swing", len(parts), elapsed)
	}
	if most := int(elapsed/(waveCalm*time.Second)) + 1; len(parts) > most {
		g.t.Errorf("%d holds in %s, want at most %d: one in the time of calm", len(parts), elapsed, most)
	}
	held := time.Duration(0)
	for _, part := range parts {
		held += part.to - part.from
	}
	rounds := int(held/(waveCalm*time.Second*3/2)) + 1
	if least, most := 2*len(parts), 2*len(parts)+4*rounds; changes < least || changes > most {
		g.t.Errorf("memory.high changed %d times in %d holds of %s in all, want %d to %d", changes, len(parts), held, least, most)
	}
	g.t.Logf("memory.high changed %d times in %d holds of %s in all, in %s", changes, len(parts), held, elapsed)
}
