//go:build guest

package scenarios

import (
	"slices"
	"strings"
	"time"

	"reprieve/test/watch"
)

// messages returns what the daemon has said so far with this MESSAGE_ID; all of it for "".
func (g *guest) messages(id string) []watch.Message {
	g.t.Helper()
	found, err := g.journal.All(id)
	if err != nil {
		g.t.Fatal(err)
	}
	return found
}

// await returns the first message with this MESSAGE_ID whose fields have the given values: await(watch.Hold, "UNIT", "a.slice").
func (g *guest) await(id string, fields ...string) watch.Message {
	g.t.Helper()
	return g.awaitAfter(0, id, fields...)
}

// awaitAfter is await for messages later than a time since boot, such as that of another message.
func (g *guest) awaitAfter(after time.Duration, id string, fields ...string) watch.Message {
	g.t.Helper()
	var found watch.Message
	g.wait("the message "+watch.Kind(id)+" "+strings.Join(fields, " "), func() bool {
		all := g.messages(id)
		at := slices.IndexFunc(all, func(m watch.Message) bool { return m.At() > after && m.Has(fields...) })
		if at >= 0 {
			found = all[at]
		}
		return at >= 0
	})
	return found
}

// never asserts that there was no message with this MESSAGE_ID so far.
func (g *guest) never(id string) {
	g.t.Helper()
	for _, m := range g.messages(id) {
		g.t.Errorf("%s: %s, want no such message", m.Kind(), m["MESSAGE"])
	}
}

// said tells whether one line of the daemon has all of the words.
func (g *guest) said(words ...string) bool {
	g.t.Helper()
	return slices.ContainsFunc(g.messages(""), func(m watch.Message) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(m["MESSAGE"], word) })
	})
}

// inOrder asserts that messages came in this order.
func (g *guest) inOrder(messages ...watch.Message) {
	g.t.Helper()
	for at := 1; at < len(messages); at++ {
		earlier, later := messages[at-1], messages[at]
		if earlier.At() >= later.At() {
			g.t.Errorf("%s came at %s, %s at %s, want it later", earlier.Kind(), earlier.At(), later.Kind(), later.At())
		}
	}
}

// complete asserts that a message has these fields, none of them empty.
func (g *guest) complete(m watch.Message, fields ...string) {
	g.t.Helper()
	for _, field := range fields {
		if m[field] == "" {
			g.t.Errorf("%s has no %s: %v", m.Kind(), field, m)
		}
	}
}

// own returns the message of this kind that belongs to the episode of a stop. A hog on an emulated CPU may pause for long enough to be
// let go, and come again: then there were two episodes, and the first message seen is of the one that ended well.
func (g *guest) own(m, stop watch.Message) watch.Message {
	g.t.Helper()
	if m.Has("REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"]) {
		return m
	}
	return g.await(m["MESSAGE_ID"], "REPRIEVE_EPISODE", stop["REPRIEVE_EPISODE"])
}

// checkEpisode asserts that messages came in this order, of batch.slice and of one and the same episode.
func (g *guest) checkEpisode(messages ...watch.Message) {
	g.t.Helper()
	g.inOrder(messages...)
	for _, m := range messages {
		g.complete(m, "MESSAGE", "PRIORITY", "REPRIEVE_EPISODE")
		if !m.Has("REPRIEVE_SLICE", "batch.slice", "REPRIEVE_EPISODE", messages[0]["REPRIEVE_EPISODE"]) {
			g.t.Errorf("%s is of %s, episode %q, want batch.slice, episode %q", m.Kind(), m["REPRIEVE_SLICE"], m["REPRIEVE_EPISODE"], messages[0]["REPRIEVE_EPISODE"])
		}
	}
}
