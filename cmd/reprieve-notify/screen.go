package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Where desktops take notifications; see the Desktop Notifications Specification.
const (
	notifyName = "org.freedesktop.Notifications"
	notifyPath = "/org/freedesktop/Notifications"
	// notifyBound is how long a desktop may take to answer before that is told, and how long the end waits for it.
	notifyBound = 2 * time.Second
	// mostWaiting is how many notices wait for it; the oldest are forgotten then.
	mostWaiting = 64
)

// screen shows notices on the desktop, one by one, in their order. It is used by one goroutine,
// and that waits for no answer: where memory is short, the desktop is slow itself.
type screen struct {
	conn      *dbus.Conn
	stderr    io.Writer
	shown     map[string]*bubble // by key
	queue     []notice           // not yet shown
	now       notice             // being shown
	replaces  uint32             // what it takes the place of; 0: nothing
	asked     *dbus.Call         // what the desktop has not answered; who does not know a notification's id can neither change it nor take it away
	dismissed []uint32           // by the user or the desktop, while it was asked
	replies   chan reply
	failing   bool
}

// bubble is a notice on the screen.
type bubble struct {
	id     uint32
	closed bool // by the user or the desktop
}

// reply is what became of a call: its answer, or that it is late.
type reply struct {
	call *dbus.Call
	late bool
}

func newScreen(session *dbus.Conn, stderr io.Writer) *screen {
	return &screen{conn: session, stderr: stderr, shown: map[string]*bubble{}, replies: make(chan reply)}
}

// listen has signals get what becomes of notices.
func (s *screen) listen(signals chan<- *dbus.Signal) error {
	s.conn.Signal(signals)
	return s.conn.AddMatchSignal(dbus.WithMatchSender(notifyName), dbus.WithMatchInterface(notifyName), dbus.WithMatchMember("NotificationClosed"))
}

// heard takes such a signal.
func (s *screen) heard(signal *dbus.Signal) {
	var id, reason uint32
	if signal.Name != notifyName+".NotificationClosed" || dbus.Store(signal.Body, &id, &reason) != nil {
		return
	}
	if s.asked != nil { // perhaps for this one, if it is new: the answer may come behind
		s.dismissed = append(s.dismissed, id)
	}
	for _, b := range s.shown {
		if b.id == id {
			b.closed = true
		}
	}
}

// show does what notices say, behind those that came before.
func (s *screen) show(all []notice) {
	for _, n := range all {
		s.add(n)
	}
	s.next()
}

// add queues a notice. Of the updates of a key the last one counts.
func (s *screen) add(n notice) {
	for i, waiting := range slices.Backward(s.queue) {
		if waiting.Key == n.Key {
			if n.Update && waiting.Update {
				s.queue[i] = n
				return
			}
			break
		}
	}
	if len(s.queue) == mostWaiting { // a desktop that hangs
		s.queue = slices.Delete(s.queue, 0, 1)
	}
	s.queue = append(s.queue, n)
}

// next asks the desktop for what waits, unless it is still at something.
func (s *screen) next() {
	for s.asked == nil && len(s.queue) > 0 {
		s.now, s.queue = s.queue[0], s.queue[1:]
		s.do(s.now, s.shown[s.now.Key])
	}
}

// do asks the desktop for what a notice says; old is what its key has on the screen.
func (s *screen) do(n notice, old *bubble) {
	if old != nil && old.closed {
		old = nil
	}
	done := make(chan *dbus.Call, 1)
	object := s.conn.Object(notifyName, notifyPath)
	switch {
	case n.Close:
		delete(s.shown, n.Key)
		if old == nil {
			return
		}
		s.asked = object.Go(notifyName+".CloseNotification", 0, done, old.id)
	case n.Update && old == nil:
		return
	default:
		if s.replaces = 0; old != nil {
			s.replaces = old.id
		}
		hints, expire := hintsOf(n)
		s.asked = object.Go(notifyName+".Notify", 0, done, "Reprieve", s.replaces, icon(n), n.Title, plain(n.Body), []string{}, hints, expire)
	}
	go s.follow(s.asked, done)
}

// follow brings what becomes of a call to replies, while the connection lasts.
func (s *screen) follow(call *dbus.Call, done <-chan *dbus.Call) {
	late := time.NewTimer(notifyBound)
	defer late.Stop()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		case <-late.C:
		case <-s.conn.Context().Done():
			return
		}
		select {
		case s.replies <- reply{call, !over}:
		case <-s.conn.Context().Done():
			return
		}
	}
}

// answered takes a reply, and goes on with what waits. A desktop that takes no
// notification is told of once, as is one that takes its time.
func (s *screen) answered(r reply) {
	if r.late {
		s.complain(fmt.Errorf("it has not answered for %v", notifyBound))
		return
	}
	s.asked = nil
	var id uint32
	err := r.call.Err
	if !s.now.Close && err == nil {
		if err = r.call.Store(&id); err == nil && s.now.Critical {
			s.shown[s.now.Key] = &bubble{id: id, closed: s.replaces != id && slices.Contains(s.dismissed, id)}
		} else if err == nil {
			delete(s.shown, s.now.Key) // nothing follows
		}
	}
	s.dismissed = s.dismissed[:0]
	if err != nil {
		s.complain(err)
	} else {
		s.failing = false
	}
	s.next()
}

func (s *screen) complain(err error) {
	if !s.failing {
		fmt.Fprintf(s.stderr, "<4>the desktop takes no notification: %v\n", err)
	}
	s.failing = true
}

// settle waits until the desktop has answered all, for notifyBound at most: what is to be taken away at the end is known by then.
func (s *screen) settle() {
	over := time.After(notifyBound)
	for s.asked != nil {
		select {
		case r := <-s.replies:
			s.answered(r)
		case <-s.conn.Context().Done():
			return
		case <-over:
			return
		}
	}
}

// hintsOf are a notice's hints, and for how many milliseconds it is shown: 0 until
// it is closed, -1 as the desktop likes.
func hintsOf(n notice) (map[string]dbus.Variant, int32) {
	urgency, expire := byte(1), int32(-1)
	if n.Critical {
		urgency, expire = 2, 0
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgency)}
	if n.Critical {
		hints["resident"] = dbus.MakeVariant(true)
	}
	if n.Passing {
		hints["transient"] = dbus.MakeVariant(true)
	}
	if n.App.ID != "" {
		hints["desktop-entry"] = dbus.MakeVariant(n.App.ID)
	}
	return hints, expire
}

func icon(n notice) string {
	switch {
	case n.App.Icon != "":
		return n.App.Icon
	case n.Passing:
		return "dialog-information"
	}
	return "dialog-warning"
}

// plain has no markup: a desktop may take the body for some.
func plain(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
