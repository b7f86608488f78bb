package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/internal/reprieve1"
)

// me is a user with a desktop.
func me() self {
	return self{1000, []string{"user.slice", "user-1000.slice", "user@1000.service", "session.slice", "reprieve-notify.service"}}
}

// event is one of the episode 7c0a in user.slice; deadline in seconds, 0 for none.
func event(unit string, uid uint32, deadline int64) reprieve1.Event {
	return reprieve1.Event{Slice: "user.slice", Unit: unit, UID: uid, Episode: "7c0a", DeadlineUnixUsec: uint64(deadline * 1e6)}
}

// told renders notices, a line each.
func told(all []notice) string {
	var lines []string
	for _, n := range all {
		kind := "show"
		switch {
		case n.Close:
			lines = append(lines, "close "+n.Key)
			continue
		case n.Update:
			kind = "update"
		case n.Passing:
			kind = "pass"
		case n.Critical:
			kind = "keep"
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s: %s", kind, n.Key, n.Title, n.Body))
	}
	return strings.Join(lines, "\n")
}

// Ensure each story of an episode is told as it goes, of this user's programs alone, and nothing of a hold stays on the screen.
func TestDesk(t *testing.T) {
	const held = "keep a.scope: a.scope is held: Memory is short. If that goes on, it may be stopped in 10 s."
	type step struct {
		at     int64 // seconds
		signal string
		event  reprieve1.Event
		want   string
	}
	observed := event("a.scope", 1000, 110)
	observed.Observe = true
	for name, story := range map[string][]step{
		"relief": {
			{100, reprieve1.Breach, event("", 0, 110), ""},
			{100, reprieve1.Held, event("a.scope", 1000, 110), held},
			{103, "", reprieve1.Event{}, "update a.scope: a.scope is held: Memory is short. If that goes on, it may be stopped in 7 s."},
			{104, reprieve1.Relieved, event("", 0, 0), "close a.scope\npass 7c0a: No longer held: a.scope can go on."},
			{105, "", reprieve1.Event{}, ""},
		},
		"a stop": {
			{100, reprieve1.Held, event("a.scope", 1000, 110), held},
			{100, reprieve1.Held, event("b.scope", 1000, 0), "keep b.scope: b.scope is held: Memory is short. If that goes on, it may be stopped."},
			{111, "", reprieve1.Event{}, "update a.scope: a.scope is held: Memory is short. It may be stopped at any moment."},
			{112, reprieve1.Stopping, event("a.scope", 1000, 0), "close b.scope\nkeep a.scope: a.scope is being stopped: Memory was short for too long."},
			{113, reprieve1.Stopped, event("a.scope", 1000, 0), "show a.scope: a.scope was stopped: Memory was short for too long. What was not saved is lost. The journal says why it was this program."},
			{114, reprieve1.Settled, event("a.scope", 1000, 0), "pass 7c0a: Memory is back: a.scope may be started again."},
			{115, reprieve1.Relieved, event("", 0, 0), ""},
		},
		"somebody else's stop": {
			{100, reprieve1.Held, event("a.scope", 1000, 110), held},
			{101, reprieve1.Stopping, event("c.scope", 1001, 0), "close a.scope"},
			{102, reprieve1.Stopped, event("c.scope", 1001, 0), ""},
			{103, reprieve1.Settled, event("c.scope", 1001, 0), ""},
		},
		"acquitted": {
			{100, reprieve1.Held, event("a.scope", 1000, 110), held},
			{101, reprieve1.Lifted, event("b.scope", 1000, 0), ""},
			{102, reprieve1.Lifted, event("a.scope", 1000, 0), "close a.scope"},
			{103, reprieve1.Relieved, event("", 0, 0), ""},
		},
		"released by hand": {
			{100, reprieve1.Held, event("a.scope", 1000, 110), held},
			{102, reprieve1.Lifted, event("", 0, 0), "close a.scope"},
		},
		"not mine":          {{100, reprieve1.Held, event("a.scope", 1001, 110), ""}, {100, reprieve1.Held, event("cron.service", 0, 110), ""}, {101, reprieve1.Stopped, event("cron.service", 0, 0), ""}},
		"the whole session": {{100, reprieve1.Held, event("user-1000.slice", 0, 0), "keep user-1000.slice: Your session (user-1000.slice) is held: Memory is short. If that goes on, it may be stopped."}},
		"observed":          {{100, reprieve1.Held, observed, ""}, {101, reprieve1.Stopped, observed, ""}},
		"another episode": {
			{100, reprieve1.Held, event("a.scope", 1000, 110), held},
			{101, reprieve1.Relieved, reprieve1.Event{Slice: "batch.slice", Episode: "9999"}, ""},
		},
		"nobody says it is over": {
			{100, reprieve1.Held, event("a.scope", 1000, 110), held},
			{171, "", reprieve1.Event{}, "close a.scope"},
			{172, "", reprieve1.Event{}, ""},
		},
		"held again": {
			{100, reprieve1.Held, event("a.scope", 1000, 110), held},
			{105, reprieve1.Held, event("a.scope", 1000, 115), held},
			{106, reprieve1.Relieved, event("", 0, 0), "close a.scope\npass 7c0a: No longer held: a.scope can go on."},
		},
	} {
		d := newDesk(me(), applications{})
		for i, s := range story {
			now := time.Unix(s.at, 0)
			got := ""
			if s.signal == "" {
				got = told(d.tick(now))
			} else {
				got = told(d.take(s.signal, s.event, now))
			}
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Errorf("%s: step %d, %s: -want +got\n%s", name, i, s.signal, diff)
			}
		}
	}
}

// Ensure a desk with many programs stays readable, and forgets all when nobody tells any more.
func TestDesk_Bounds(t *testing.T) {
	d := newDesk(me(), applications{})
	shown := 0
	for i := range 3 * heldMost {
		shown += len(d.take(reprieve1.Held, event(fmt.Sprintf("a%d.scope", i), 1000, 110), time.Unix(100, 0)))
	}
	if shown != heldMost || !d.busy() {
		t.Errorf("%d notices for %d programs, want %d", shown, 3*heldMost, heldMost)
	}
	if n := len(d.lost()); n != heldMost || d.busy() || len(d.tick(time.Unix(101, 0))) > 0 {
		t.Errorf("%d notices are closed when the daemon is gone, want %d, and then nothing", n, heldMost)
	}
}
