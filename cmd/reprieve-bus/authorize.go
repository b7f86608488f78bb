package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// How long polkit may take: to know, and where it may ask a person.
const (
	polkitBound = 10 * time.Second
	personBound = 2 * time.Minute
)

// subject is a caller as polkit knows one: by the name that the bus gave it, which
// is never another's.
type subject struct {
	Kind    string
	Details map[string]dbus.Variant
}

// verdict is what polkit answers.
type verdict struct {
	Authorized, Challenge bool
	Details               map[string]string
}

// authorize returns why the caller may not do an action, or nil: the trusted user always may, others whom polkit
// lets. Where there is no polkit nobody else may.
func (s *service) authorize(action, sender string, interactive bool) *dbus.Error {
	deny := func(format string, args ...any) *dbus.Error {
		return dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{fmt.Sprintf(format, args...)})
	}
	bound := polkitBound
	if interactive {
		bound = personBound
	}
	ctx, cancel := context.WithTimeout(s.ctx, bound)
	defer cancel()
	var uid uint32
	if err := s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetConnectionUnixUser", 0, sender).Store(&uid); err != nil {
		return deny("%s is for those who may: whose call this is cannot be told: %v", action, err)
	}
	if uid == s.trusted {
		return nil
	}
	who := subject{"system-bus-name", map[string]dbus.Variant{"name": dbus.MakeVariant(sender)}}
	var flags uint32
	if interactive {
		flags = 1 // AllowUserInteraction
	}
	var v verdict
	err := s.conn.Object("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority").CallWithContext(ctx,
		"org.freedesktop.PolicyKit1.Authority.CheckAuthorization", 0, who, action, map[string]string{}, flags, "").Store(&v)
	switch {
	case absent(err):
		return deny("%s is for root alone: there is no polkit on this host to ask whether uid %d may", action, uid)
	case err != nil:
		return deny("%s: polkit does not say whether uid %d may: %v", action, uid, err)
	case v.Authorized:
		return nil
	case v.Challenge && !interactive:
		return dbus.NewError("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
			[]any{fmt.Sprintf("%s: polkit wants to ask a person, and the call does not allow that", action)})
	}
	return deny("%s: polkit does not let uid %d", action, uid)
}

// absent reports whether an error says that nobody has the name that was called.
func absent(err error) bool {
	var e dbus.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Name == "org.freedesktop.DBus.Error.ServiceUnknown" || e.Name == "org.freedesktop.DBus.Error.NameHasNoOwner"
}
