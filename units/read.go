package units

import (
	"context"
	"errors"
	"fmt"
	"strings"

	godbus "github.com/godbus/dbus/v5"
)

// Read reads properties of a unit of PID 1, org.freedesktop.systemd1(5), each named by its interface and its own name:
// "Unit.JobTimeoutUSec", "Service.WatchdogUSec". They come back under the same names, as D-Bus has them: a string, a bool,
// a uint64 (times are microseconds, and 2^64-1 is never). One that this systemd or this kind of unit does not know is left out.
//
// The questions are asked one after the other. ctx bounds all of them, and CallTimeout bounds ctx. An error is a *JobError
// around ErrBadName or what [Manager.StopUnit] lists; what was answered before it is returned with it. Nothing is repeated
// when the connection is lost. systemd makes a unit up for any name it is asked about.
func (m *Manager) Read(ctx context.Context, unit string, properties ...string) (map[string]any, error) {
	answers := map[string]any{}
	if !validAnyName(unit) {
		return answers, badName("read", unit)
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.CallTimeout)
	defer cancel()
	l, err := m.take(ctx, nil)
	if err != nil {
		return answers, &JobError{Verb: "read", Unit: unit, Step: stepConnect, Err: err}
	}
	for _, property := range properties {
		answer, err := m.readOne(ctx, l, unit, property)
		switch {
		case err == nil:
			answers[property] = answer
		case !unknownProperty(err):
			return answers, &JobError{Verb: "read", Unit: unit, Step: stepReadProperty, Err: err}
		}
	}
	return answers, nil
}

// readOne makes one call.
func (m *Manager) readOne(ctx context.Context, l *link, unit, property string) (any, error) {
	kind, name, ok := strings.Cut(property, ".")
	if !ok {
		return nil, fmt.Errorf("%q, want INTERFACE.PROPERTY as in Unit.JobTimeoutUSec", property)
	}
	var answer any // Not read after an error: a call given up on may still write it.
	err := m.inside(ctx, m.slots, func() error {
		p, err := l.conn.GetUnitTypePropertyContext(ctx, unit, kind, name)
		if err == nil {
			answer = p.Value.Value()
		}
		return judge(ctx, l, err)
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// unknownProperty reports whether the answer was that there is no such property, or no such interface, on that unit: an
// older systemd, or another kind of unit.
func unknownProperty(err error) bool {
	var answer godbus.Error
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Name {
	case "org.freedesktop.DBus.Error.UnknownProperty", "org.freedesktop.DBus.Error.UnknownInterface":
		return true
	}
	return false
}
