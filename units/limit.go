package units

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

const stepReadProperty = "read property"

// MemoryLimit reads what systemd wants in a memory limit of a slice, service or
// scope of PID 1, in bytes: property is "MemoryHigh" or "MemoryMax" of
// systemd.resource-control(5). No limit is 2^64-1, CGROUP_LIMIT_MAX in
// core/cgroup.h of systemd. ctx bounds all of it, one repetition on a new
// connection included, and CallTimeout bounds ctx.
//
// It is the setting in force, drop-ins and set-property included, and may differ
// from what the kernel's file holds for three reasons: the kernel rounds down to
// a whole page, somebody wrote to the file since, and during start-up and
// shutdown StartupMemoryHigh= and StartupMemoryMax= take its place. A unit that
// does not exist has no limit: systemd makes one up for any name it is asked
// about.
//
// Every error is a *JobError around one of those that [Manager.StopUnit] lists,
// or one that says what else is wrong: with property, or with the type of the
// answer. ErrBadName is for all but slices, services and scopes. With an error
// the value is 0, which means nothing.
func (m *Manager) MemoryLimit(ctx context.Context, unit, property string) (uint64, error) {
	kind, ok := limitedKind(unit)
	if !ok {
		return 0, badName("read", unit)
	}
	if property != "MemoryHigh" && property != "MemoryMax" {
		return 0, &JobError{Verb: "read", Unit: unit, Step: "check property",
			Err: fmt.Errorf("%q, want MemoryHigh or MemoryMax", property)}
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.CallTimeout)
	defer cancel()
	var stale *link
	for {
		l, err := m.take(ctx, stale)
		if err != nil {
			return 0, &JobError{Verb: "read", Unit: unit, Step: stepConnect, Err: err}
		}
		limitBytes, err := m.readLimit(ctx, l, unit, kind, property)
		if err == nil {
			return limitBytes, nil
		}
		if stale != nil || !errors.Is(err, ErrDisconnected) {
			return 0, &JobError{Verb: "read", Unit: unit, Step: stepReadProperty, Err: err}
		}
		stale = l
	}
}

// readLimit makes one call.
func (m *Manager) readLimit(ctx context.Context, l *link, unit, kind, property string) (uint64, error) {
	var answer any // Not read after an error: a call given up on may still write it.
	err := m.inside(ctx, m.slots, func() error {
		p, err := l.conn.GetUnitTypePropertyContext(ctx, unit, kind, property)
		if err == nil {
			answer = p.Value.Value()
		}
		return judge(ctx, l, err)
	})
	if err != nil {
		return 0, err
	}
	limitBytes, ok := answer.(uint64)
	if !ok {
		return 0, fmt.Errorf("property %s is %T, want uint64", property, answer)
	}
	return limitBytes, nil
}

// limitedKind names the D-Bus interface with the memory limits of unit, below
// org.freedesktop.systemd1.
func limitedKind(unit string) (kind string, ok bool) {
	if !validName(unit) {
		return "", false
	}
	switch unit[strings.LastIndexByte(unit, '.')+1:] {
	case "slice":
		return "Slice", true
	case "service":
		return "Service", true
	case "scope":
		return "Scope", true
	}
	return "", false
}
