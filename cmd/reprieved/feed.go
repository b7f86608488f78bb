package main

import (
	"sync"
	"time"

	"reprieve/controller"
	"reprieve/internal/control"
	"reprieve/plugins/report"
)

// feedDepth is how many events one who listens may be behind before it is let go.
const feedDepth = 64

// feed passes events on to those who listen. The teller adds; who listens comes
// and goes in goroutines of the control socket's.
type feed struct {
	mu        sync.Mutex
	listeners map[chan control.Event]bool
}

// listen returns a channel of what happens from now on, closed for who is too
// slow. cancel ends it.
func (f *feed) listen() (events <-chan control.Event, cancel func()) {
	c := make(chan control.Event, feedDepth)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listeners == nil {
		f.listeners = map[chan control.Event]bool{}
	}
	f.listeners[c] = true
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.drop(c)
	}
}

func (f *feed) drop(c chan control.Event) {
	if f.listeners[c] {
		delete(f.listeners, c)
		close(c)
	}
}

// pass tells those who listen of a note.
func (f *feed) pass(n *controller.Note, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.listeners) == 0 {
		return
	}
	e := eventOf(n, at)
	for c := range f.listeners {
		select {
		case c <- e:
		default:
			f.drop(c)
		}
	}
}

func eventOf(n *controller.Note, at time.Time) control.Event {
	e := control.Event{
		Kind: report.Kind(n.Kind), Slice: n.Slice, Episode: n.Episode.String(), Unit: n.Unit, Message: report.Message(*n), AtUnixUsec: at.UnixMicro(),
		Observe: n.Observe, FreedBytes: n.FreedBytes,
	}
	if n.User {
		e.UID = n.UID
	}
	if n.Kind == controller.NoteBreach || n.Kind == controller.NoteHold {
		e.DeadlineUnixUsec = at.Add(n.Delay - n.Waited).UnixMicro()
	}
	return e
}
