package main

import (
	"time"

	"github.com/godbus/dbus/v5"

	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
)

// How long to wait until the daemon is tried again: each time twice as long, until it answers.
const (
	retryLeast = 100 * time.Millisecond
	retryMost  = 15 * time.Second
)

// follow turns the daemon's events into signals until the service ends. It is a
// stream: in calm neither side has anything to do.
func (s *service) follow() {
	for wait := retryLeast; ; wait = min(2*wait, retryMost) {
		err := s.daemon.Monitor(s.ctx, func(e control.Event) error {
			if e.Kind == control.Listening {
				wait = retryLeast
				return s.setConnected(true)
			}
			return s.signal(e)
		})
		if s.ctx.Err() != nil {
			return
		}
		if s.connected.Load() || wait == retryLeast { // once, and not at each try
			s.say("4", "reprieved tells nothing: %v; trying again", err)
		}
		_ = s.setConnected(false)
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// signal passes an event on, where there is a signal for it.
func (s *service) signal(e control.Event) error {
	name := reprieve1.SignalOf(e.Kind)
	if name == "" {
		return nil
	}
	s.status.forget()
	return s.conn.Emit(reprieve1.Path, reprieve1.Interface+"."+name, reprieve1.EventOf(e).Body()...)
}

// setConnected tells of a change.
func (s *service) setConnected(is bool) error {
	if s.connected.Swap(is) == is {
		return nil
	}
	s.status.forget()
	if is {
		s.say("6", "reprieved is followed")
	}
	return s.conn.Emit(reprieve1.Path, "org.freedesktop.DBus.Properties.PropertiesChanged",
		reprieve1.Interface, map[string]dbus.Variant{reprieve1.Connected: dbus.MakeVariant(is)}, []string{})
}
