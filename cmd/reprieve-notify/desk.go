package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reprieve/internal/reprieve1"
)

const (
	// heldMost is how many programs have a notification at once; a desktop with more is told of these.
	heldMost = 8
	// lostAfter is how long after its deadline a hold is taken for over, should nobody have said so.
	lostAfter = time.Minute
	// heldLongest is the same for one whose deadline is not known.
	heldLongest = 10 * time.Minute
)

// notice is something for the screen.
type notice struct {
	Key      string // of what it is about; the next of that key takes its place
	Close    bool   // take away what the key shows; nothing below counts
	Update   bool   // the same with another figure: not for who closed it
	Title    string
	Body     string
	App      application
	Critical bool // stays until it is closed
	Passing  bool // not kept once it was seen
}

// holding is a unit of the user's that is held.
type holding struct {
	unit, slice, episode string
	app                  application
	began, deadline      time.Time // deadline: the zero one where it is not known
	stopping             bool      // it is held no longer, and not yet gone
}

// desk makes notices of events: no clock, no bus. What is shown is decided here alone.
type desk struct {
	self    self
	apps    applications
	held    []*holding
	stopped map[string][]string // by episode: names of whom it cost
}

func newDesk(me self, apps applications) *desk {
	return &desk{self: me, apps: apps, stopped: map[string][]string{}}
}

// busy reports whether time matters: somebody is held.
func (d *desk) busy() bool { return len(d.held) > 0 }

// take returns what an event has to be shown as. What was only observed did not happen.
func (d *desk) take(signal string, e reprieve1.Event, now time.Time) []notice {
	if e.Observe {
		return nil
	}
	mine := d.self.owns(e) || d.self.within(e)
	switch signal {
	case reprieve1.Held:
		if mine {
			return d.hold(e, now)
		}
	case reprieve1.Lifted:
		return d.lift(func(h *holding) bool { return h.of(e) && (e.Unit == "" || e.Unit == h.unit) })
	case reprieve1.Relieved:
		return d.relieve(e)
	case reprieve1.Stopping:
		// All holds of the episode end, and those of the victim by whoever.
		all := d.lift(func(h *holding) bool { return h.of(e) && h.unit != e.Unit })
		d.forget(func(h *holding) bool { return h.unit == e.Unit })
		if mine {
			h := &holding{unit: e.Unit, slice: e.Slice, episode: e.Episode, app: d.app(e), began: now, stopping: true}
			d.held = append(d.held, h)
			all = append(all, h.notice(now, false))
		}
		return all
	case reprieve1.Stopped:
		if mine {
			d.forget(func(h *holding) bool { return h.unit == e.Unit })
			app := d.app(e)
			if len(d.stopped) < heldMost {
				d.stopped[e.Episode] = append(d.stopped[e.Episode], app.Name)
			}
			return []notice{{Key: e.Unit, Title: app.Name + " was stopped", Body: "Memory was short for too long. What was not saved is lost. The journal says why it was this program.", App: app}}
		}
	case reprieve1.Settled:
		return d.back(e.Episode)
	}
	return nil
}

func (d *desk) hold(e reprieve1.Event, now time.Time) []notice {
	h := &holding{unit: e.Unit, slice: e.Slice, episode: e.Episode, app: d.app(e), began: now}
	if e.DeadlineUnixUsec > 0 {
		h.deadline = time.UnixMicro(int64(e.DeadlineUnixUsec))
	}
	d.forget(func(other *holding) bool { return other.unit == e.Unit })
	if len(d.held) >= heldMost {
		return nil
	}
	d.held = append(d.held, h)
	return []notice{h.notice(now, false)}
}

// tick returns what has changed by time alone. It is asked each second while the desk is busy.
func (d *desk) tick(now time.Time) []notice {
	all := d.lift(func(h *holding) bool { return h.lost(now) })
	for _, h := range d.held {
		if !h.deadline.IsZero() {
			all = append(all, h.notice(now, true))
		}
	}
	return all
}

// lost has all of it forgotten: nobody tells any more.
func (d *desk) lost() []notice {
	clear(d.stopped)
	return d.lift(func(*holding) bool { return true })
}

func (d *desk) relieve(e reprieve1.Event) []notice {
	var names []string
	for _, h := range d.held {
		if h.of(e) && !h.stopping {
			names = append(names, h.app.Name) // one that was being stopped is told of by Stopped
		}
	}
	all := d.lift(func(h *holding) bool { return h.of(e) })
	if len(names) > 0 {
		all = append(all, notice{Key: e.Episode, Title: "No longer held", Body: list(names) + " can go on.", Passing: true})
	}
	return append(all, d.back(e.Episode)...)
}

// back tells that the memory of who was stopped has come back, once.
func (d *desk) back(episode string) []notice {
	names := d.stopped[episode]
	delete(d.stopped, episode)
	if len(names) == 0 {
		return nil
	}
	return []notice{{Key: episode, Title: "Memory is back", Body: list(names) + " may be started again.", Passing: true}}
}

// lift forgets holdings and takes their notices away.
func (d *desk) lift(which func(*holding) bool) []notice {
	var all []notice
	for _, h := range d.held {
		if which(h) {
			all = append(all, notice{Key: h.unit, Close: true})
		}
	}
	d.forget(which)
	return all
}

func (d *desk) forget(which func(*holding) bool) { d.held = slices.DeleteFunc(d.held, which) }

// app is what the unit of an event is called.
func (d *desk) app(e reprieve1.Event) application {
	if d.self.within(e) {
		return application{Name: "Your session (" + e.Unit + ")"}
	}
	return d.apps.of(e.Unit)
}

// of reports whether an event is about the episode of a holding.
func (h *holding) of(e reprieve1.Event) bool { return h.episode == e.Episode && h.slice == e.Slice }

func (h *holding) lost(now time.Time) bool {
	if h.deadline.IsZero() {
		return now.Sub(h.began) > heldLongest
	}
	return now.Sub(h.deadline) > lostAfter
}

func (h *holding) notice(now time.Time, update bool) notice {
	body := "Memory is short. If that goes on, it may be stopped."
	if left := h.deadline.Sub(now); !h.deadline.IsZero() && left > 0 {
		body = fmt.Sprintf("Memory is short. If that goes on, it may be stopped in %d s.", (left+time.Second-1)/time.Second)
	} else if !h.deadline.IsZero() {
		body = "Memory is short. It may be stopped at any moment."
	}
	if h.stopping {
		return notice{Key: h.unit, Update: update, Title: h.app.Name + " is being stopped", Body: "Memory was short for too long.", App: h.app, Critical: true}
	}
	return notice{Key: h.unit, Update: update, Title: h.app.Name + " is held", Body: body, App: h.app, Critical: true}
}

// list is names for people: "A", "A and B", "A, B and C".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
