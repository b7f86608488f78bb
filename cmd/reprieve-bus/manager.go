package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"

	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
	"reprieve/internal/varlink"
)

// pauseMost is the daemon's own bound, looked at here before a time overflows.
const pauseMost = 24 * time.Hour

// jsonStatus is the method Status: all that the daemon tells of itself.
func (s *service) jsonStatus() (string, *dbus.Error) {
	leave, refused := s.enter()
	if refused != nil {
		return "", refused
	}
	defer leave()
	status, err := s.status.get(s.ctx)
	if err != nil {
		return "", busError(err)
	}
	text, err := json.Marshal(status)
	if err != nil {
		return "", busError(err)
	}
	return string(text), nil
}

// pause is the method Pause.
func (s *service) pause(usec uint64, sender dbus.Sender, message dbus.Message) (released uint32, failed *dbus.Error) {
	if usec > uint64(pauseMost.Microseconds()) {
		return 0, dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", []any{fmt.Sprintf("a pause of %d us is too long; %d (%v) at most", usec, pauseMost.Microseconds(), pauseMost)})
	}
	failed = s.allowed(reprieve1.ActionPause, sender, message, func() (err error) {
		n, err := s.daemon.Pause(s.ctx, time.Duration(usec)*time.Microsecond)
		released = uint32(n)
		return err
	})
	return released, failed
}

// release is the method Release; "" is all slices.
func (s *service) release(slice string, sender dbus.Sender, message dbus.Message) (released uint32, slices []string, failed *dbus.Error) {
	in := map[string]string{}
	if slice != "" {
		in["slice"] = slice
	}
	var out struct {
		Released uint32   `json:"released"`
		Slices   []string `json:"slices"`
	}
	failed = s.allowed(reprieve1.ActionRelease, sender, message, func() error {
		ctx, cancel := context.WithTimeout(s.ctx, control.Bound)
		defer cancel()
		return varlink.Call(ctx, s.daemon.Socket, control.MethodRelease, in, &out)
	})
	return out.Released, append([]string{}, out.Slices...), failed
}

// allowed does something for a caller who may.
func (s *service) allowed(action string, sender dbus.Sender, message dbus.Message, do func() error) *dbus.Error {
	leave, refused := s.enter()
	if refused != nil {
		return refused
	}
	defer leave()
	interactive := message.Flags&dbus.FlagAllowInteractiveAuthorization != 0
	if denied := s.authorize(action, string(sender), interactive); denied != nil {
		return denied
	}
	defer s.status.forget()
	if err := do(); err != nil {
		return busError(err)
	}
	return nil
}

// busError is an error of the daemon's as D-Bus has it.
func busError(err error) *dbus.Error {
	var replied *varlink.Error
	if !errors.As(err, &replied) {
		return dbus.NewError(reprieve1.ErrorNoDaemon, []any{"reprieved does not answer: " + err.Error()})
	}
	switch replied.Name {
	case control.ErrorNoSuchSlice:
		return dbus.NewError(reprieve1.ErrorNoSuchSlice, []any{fmt.Sprintf("%v is not watched", replied.Parameters["slice"])})
	case control.ErrorNoAnswer:
		return dbus.NewError(reprieve1.ErrorNoDaemon, []any{"the event loop of reprieved does not answer"})
	case "org.varlink.service.InvalidParameter":
		return dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", []any{fmt.Sprintf("reprieved does not take this %v", replied.Parameters["parameter"])})
	}
	return dbus.NewError(reprieve1.ErrorFailed, []any{replied.Error()})
}
