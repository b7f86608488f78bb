package units

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	sdbus "github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"
)

const (
	// mostManaged bounds how many units are asked: some thousand calls keep PID 1 busy for a tenth of a second.
	mostManaged = 2048
	// managedAtOnce is how many questions are under way at once: they fit the send buffer while PID 1 reads nothing.
	managedAtOnce = 64

	oomdService = "systemd-oomd.service"
)

// ManagedOOM is what a unit says to systemd-oomd, systemd.resource-control(5): at least one of Pressure and Swap is set.
type ManagedOOM struct {
	Unit     string
	Pressure bool          // ManagedOOMMemoryPressure=kill.
	Limit    uint32        // ManagedOOMMemoryPressureLimit= as a part of 2^32-1; 0 is not set.
	Duration time.Duration // ManagedOOMMemoryPressureDurationSec=; 0 is not set, or systemd is older than 257 and has none.
	Swap     bool          // ManagedOOMSwap=kill.
}

// Managed is the answer to [Manager.ManagedOOM].
type Managed struct {
	Units []ManagedOOM // By name.
	OOMD  bool         // systemd-oomd.service is active, or becomes or ceases to be so.
}

// ManagedOOM asks which units of PID 1 of these kinds ("slice", "service", "scope") have a ManagedOOM setting of kill, and whether
// somebody is there who goes by it. Only units that are loaded are asked, the first 2048 by name, and none is loaded for it. ctx
// bounds all of it, and CallTimeout bounds ctx. While [Manager.FollowManagedOOM] follows over the system bus, the signals for that are
// subscribed to as well.
//
// An error is a *JobError around what [Manager.StopUnit] lists; nothing is known then. Nothing is repeated when the connection is lost.
func (m *Manager) ManagedOOM(ctx context.Context, kinds ...string) (Managed, error) {
	ctx, cancel := context.WithTimeout(ctx, m.o.CallTimeout)
	defer cancel()
	l, err := m.take(ctx, nil)
	if err != nil {
		return Managed{}, managedError(oomdService, stepConnect, err)
	}
	if err := m.subscribe(ctx, l); err != nil {
		return Managed{}, managedError(oomdService, "subscribe to changes", err)
	}
	names, oomd, err := m.loaded(ctx, l, kinds)
	if err != nil {
		return Managed{}, managedError(oomdService, "list units", err)
	}
	found, err := m.managed(ctx, l, names)
	if err != nil {
		return Managed{}, err
	}
	return Managed{Units: found, OOMD: oomd}, nil
}

func managedError(unit, step string, err error) *JobError {
	return &JobError{Verb: "read ManagedOOM of", Unit: unit, Step: step, Err: err}
}

// loaded lists the units of these kinds that systemd has loaded, by name, and says whether systemd-oomd runs: to ask about that by
// its name would load it, and that again makes a signal.
func (m *Manager) loaded(ctx context.Context, l *link, kinds []string) (names []string, oomd bool, err error) {
	patterns := []string{oomdService}
	for _, kind := range kinds {
		patterns = append(patterns, "*."+kind)
	}
	var list []sdbus.UnitStatus // Not read after an error: a call given up on may still write it.
	err = m.inside(ctx, m.slots, func() error {
		var err error
		list, err = l.conn.ListUnitsByPatternsContext(ctx, []string{}, patterns)
		return judge(ctx, l, err)
	})
	if err != nil {
		return nil, false, err
	}
	for _, u := range list {
		if u.Name == oomdService {
			oomd = !slices.Contains([]string{"inactive", "failed"}, u.ActiveState)
			continue
		}
		if _, ok := limitedKind(u.Name); ok && slices.Contains(kinds, u.Name[strings.LastIndexByte(u.Name, '.')+1:]) {
			names = append(names, u.Name)
		}
	}
	slices.Sort(names)
	return names[:min(len(names), mostManaged)], oomd, nil
}

// managed asks units for their settings, and those that have one for the rest of it.
func (m *Manager) managed(ctx context.Context, l *link, names []string) ([]ManagedOOM, error) {
	modes, err := m.ask(ctx, l, names, "ManagedOOMMemoryPressure", "ManagedOOMSwap")
	if err != nil {
		return nil, err
	}
	var found []ManagedOOM
	var kill []string
	for i, name := range names {
		one := ManagedOOM{Unit: name, Pressure: modes[i][0] == "kill", Swap: modes[i][1] == "kill"}
		if one.Pressure || one.Swap {
			found, kill = append(found, one), append(kill, name)
		}
	}
	rest, err := m.ask(ctx, l, kill, "ManagedOOMMemoryPressureLimit", "ManagedOOMMemoryPressureDurationUSec")
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i].Limit, _ = rest[i][0].(uint32)
		micros, _ := rest[i][1].(uint64)
		found[i].Duration = managedDuration(micros)
	}
	return found, nil
}

// managedDuration turns microseconds of D-Bus into a duration: 2^64-1 is not set (USEC_INFINITY of systemd).
func managedDuration(micros uint64) time.Duration {
	if micros == math.MaxUint64 {
		return 0
	}
	return time.Duration(min(micros, math.MaxInt64/1000)) * time.Microsecond
}

// ask reads two properties of each unit, on the interface of its kind. One that this systemd does not know, and those of a unit
// that is gone, are nil.
func (m *Manager) ask(ctx context.Context, l *link, names []string, first, second string) ([][2]any, error) {
	answers := make([][2]any, 0, len(names))
	for some := range slices.Chunk(names, managedAtOnce/2) {
		calls, err := m.send(ctx, l, some, first, second)
		if err != nil {
			return nil, managedError(some[0], stepReadProperty, err)
		}
		for i, name := range some {
			var pair [2]any
			for k := range pair {
				if pair[k], err = answered(calls[2*i+k]); err != nil {
					return nil, managedError(name, stepReadProperty, judge(ctx, l, err))
				}
			}
			answers = append(answers, pair)
		}
	}
	return answers, nil
}

// send sends the questions of one round and waits for all answers.
func (m *Manager) send(ctx context.Context, l *link, names []string, properties ...string) ([]*godbus.Call, error) {
	calls := make([]*godbus.Call, 0, len(names)*len(properties))
	done := make(chan *godbus.Call, cap(calls))
	// Only the sending takes a place: the questions themselves end with ctx.
	err := m.inside(ctx, m.slots, func() error {
		for _, name := range names {
			kind, _ := limitedKind(name)
			object := l.bus.Object(systemdName, godbus.ObjectPath(unitPrefix+sdbus.PathBusEscape(name)))
			for _, property := range properties {
				calls = append(calls, object.GoWithContext(ctx, getOne, 0, done, systemdName+"."+kind, property))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for range calls {
		select {
		case <-done:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
		case <-m.done:
			return nil, fmt.Errorf("%w: %w", ErrDisconnected, errStopped)
		}
	}
	return calls, nil
}

// answered returns what a question brought.
func answered(c *godbus.Call) (any, error) {
	var value godbus.Variant
	err := c.Err
	if err == nil {
		err = c.Store(&value)
	}
	var answer godbus.Error
	if unknownProperty(err) || errors.As(err, &answer) && (isGone(answer.Name) || answer.Name == "org.freedesktop.DBus.Error.UnknownObject") {
		return nil, nil
	}
	return value.Value(), err
}
