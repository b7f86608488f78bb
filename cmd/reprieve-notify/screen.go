package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Where desktops take notifications; see the Desktop Notifications Specification.
const (
	notifyName  = "org.freedesktop.Notifications"
	notifyPath  = "/org/freedesktop/Notifications"
	notifyBound = 2 * time.Second
)

// screen shows notices on the desktop. It is used by one goroutine.
type screen struct {
	conn    *dbus.Conn
	stderr  io.Writer
	shown   map[string]*bubble // by key
	failing bool
}

// bubble is a notice on the screen.
type bubble struct {
	id     uint32
	closed bool // by the user or the desktop
}

func newScreen(session *dbus.Conn, stderr io.Writer) *screen {
	return &screen{conn: session, stderr: stderr, shown: map[string]*bubble{}}
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
	for _, b := range s.shown {
		if b.id == id {
			b.closed = true
		}
	}
}

// show does what notices say. A desktop that takes none is told of once.
func (s *screen) show(all []notice) {
	for _, n := range all {
		err := s.do(n)
		if err != nil && !s.failing {
			fmt.Fprintf(s.stderr, "<4>the desktop takes no notification: %v\n", err)
		}
		s.failing = err != nil
	}
}

func (s *screen) do(n notice) error {
	old := s.shown[n.Key]
	ctx, cancel := context.WithTimeout(s.conn.Context(), notifyBound)
	defer cancel()
	object := s.conn.Object(notifyName, notifyPath)
	switch {
	case n.Close:
		delete(s.shown, n.Key)
		if old == nil || old.closed {
			return nil
		}
		return object.CallWithContext(ctx, notifyName+".CloseNotification", 0, old.id).Err
	case n.Update && (old == nil || old.closed):
		return nil
	}
	var replaces, id uint32
	if old != nil && !old.closed {
		replaces = old.id
	}
	hints, expire := hintsOf(n)
	err := object.CallWithContext(ctx, notifyName+".Notify", 0, "Reprieve", replaces, icon(n), n.Title, plain(n.Body), []string{}, hints, expire).Store(&id)
	if err != nil {
		return err
	}
	if n.Critical {
		s.shown[n.Key] = &bubble{id: id}
	} else {
		delete(s.shown, n.Key) // nothing follows
	}
	return nil
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
