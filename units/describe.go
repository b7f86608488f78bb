package units

import (
	"context"
	"fmt"
	"slices"

	godbus "github.com/godbus/dbus/v5"
)

// maxDescribed bounds the questions of one call: with two for each service, and
// a stop behind them, they fit the send buffer while PID 1 reads nothing.
const maxDescribed = 64

// Description is what systemd says about a unit, org.freedesktop.systemd1(5).
type Description struct {
	Unit      string // As asked; an alias stays what it is.
	Loaded    bool   // LoadState is loaded: not not-found, masked, bad-setting or error.
	Transient bool   // Made by a call, not from a file: once stopped it is gone.
	Active    bool   // ActiveState is active, reloading, refreshing, activating or deactivating.

	// Stopping says that the unit is on its way down (ActiveState deactivating)
	// or went down after the question was asked (inactive or failed, with an
	// InactiveEnterTimestampMonotonic newer than that). It may be missed: systemd
	// unloads what is inactive and unused, timestamps included (seen with 252).
	Stopping bool

	// Startable says that StartUnit can bring it back: a service, Loaded, not
	// Transient, without RefuseManualStart=.
	Startable bool

	// Restarts says that the Restart= of a service, always, on-failure or
	// on-abnormal, is one that brings it back after the result oom-kill:
	// service_shall_restart in core/service.c. Nothing comes back by itself
	// after a stop job.
	Restarts bool

	ActiveSinceMicros   uint64 // ActiveEnterTimestampMonotonic, CLOCK_MONOTONIC; 0 is never.
	InactiveSinceMicros uint64 // InactiveEnterTimestampMonotonic, the same; 0 is never.

	// Dependents are the units to which a stop of this one is passed on, active
	// or not, sorted: RequiredBy, RequisiteOf, BoundBy, ConsistsOf (PartOf= of
	// others) and PropagatesStopTo, the dependencies with
	// UNIT_ATOM_PROPAGATE_STOP in core/unit-dependency-atom.c. Those of a slice
	// include its own units.
	Dependents []string
}

// Describe asks systemd about each of names, of any kind of unit, all at once on
// one connection: one round trip. ctx bounds it, and CallTimeout bounds ctx. Of
// more than 64 names the first 64 are asked about; a name twice counts once.
//
// Who could not be described in time is left out, the others are returned in the
// order of names, and err is a *JobError about the first one left out, around
// what [Manager.StopUnit] lists. A unit that does not exist is described as not
// Loaded. Nothing is repeated when the connection is lost.
func (m *Manager) Describe(ctx context.Context, names []string) ([]Description, error) {
	ctx, cancel := context.WithTimeout(ctx, m.o.CallTimeout)
	defer cancel()
	q := newInquiry(names, monotonicMicros())
	if len(q.units) == 0 {
		return nil, q.bad
	}
	l, err := m.take(ctx, nil)
	if err != nil {
		return nil, &JobError{Verb: "describe", Unit: q.units[0].name, Step: stepConnect, Err: err}
	}
	ask := q.begin(ctx, l)
	// Only the sending takes a place: the questions themselves end with ctx.
	if err := m.inside(ctx, m.slots, func() error { ask(); return nil }); err != nil {
		q.unanswered(err)
	}
	q.collect(ctx, l, m.done)
	return q.result()
}

// describe reads what GetAll of the unit's interface and, for a service, Get of
// Restart answered. Any property missing or of another type spoils the whole.
func describe(unit string, all map[string]godbus.Variant, restart string, askedMicros uint64) (Description, error) {
	p := properties{all: all}
	state := property[string](&p, "ActiveState")
	d := Description{
		Unit:                unit,
		Loaded:              property[string](&p, "LoadState") == "loaded",
		Transient:           property[bool](&p, "Transient"),
		Active:              slices.Contains([]string{"active", "reloading", "refreshing", "activating", "deactivating"}, state),
		Restarts:            slices.Contains([]string{"always", "on-failure", "on-abnormal"}, restart),
		ActiveSinceMicros:   property[uint64](&p, "ActiveEnterTimestampMonotonic"),
		InactiveSinceMicros: property[uint64](&p, "InactiveEnterTimestampMonotonic"),
	}
	down := state == "inactive" || state == "failed"
	d.Stopping = state == "deactivating" || down && d.InactiveSinceMicros > askedMicros
	refused := property[bool](&p, "RefuseManualStart")
	d.Startable = isService(unit) && d.Loaded && !d.Transient && !refused
	for _, name := range []string{"RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf", "PropagatesStopTo"} {
		d.Dependents = append(d.Dependents, property[[]string](&p, name)...)
	}
	slices.Sort(d.Dependents)
	d.Dependents = slices.Compact(d.Dependents)
	return d, p.err
}

// properties remembers the first that is not as it should be.
type properties struct {
	all map[string]godbus.Variant
	err error
}

func property[T any](p *properties, name string) T {
	v, ok := p.all[name].Value().(T)
	if !ok && p.err == nil {
		p.err = fmt.Errorf("property %s is %T, want %T", name, p.all[name].Value(), v)
	}
	return v
}
