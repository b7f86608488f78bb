package units

import (
	"context"

	sdbus "github.com/coreos/go-systemd/v22/dbus"
)

// SignalUnit has systemd send signal, a number of signal(7), to the main process
// of unit, or to every process below its cgroup where all is true, and returns
// when it was sent: KillUnit of org.freedesktop.systemd1(5), with "main" or
// "all". Only services have a main process; a slice or a scope is signalled
// whole or not at all. A restart by Restart= is not prevented: that takes
// [Manager.StopUnit].
//
// The bounds and the errors are those of StopUnit. ErrNoSuchUnit says that the
// unit is not loaded or has no main process; a unit that is loaded and empty is
// no error with all. What systemd answers otherwise may come after some of the
// processes were signalled.
//
// It is never repeated by itself, a signal twice is not a signal once: after
// ErrDisconnected or ErrNoAnswer systemd may have sent it, or may send it yet.
func (m *Manager) SignalUnit(ctx context.Context, unit string, all bool, signal int32) error {
	// PID 1 takes "" for the unit of the caller, which is the daemon itself.
	if !validName(unit) {
		return badName("signal", unit)
	}
	whom := sdbus.Main
	if all {
		whom = sdbus.All
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.CallTimeout)
	defer cancel()
	l, err := m.take(ctx, nil)
	if err != nil {
		return &JobError{Verb: "signal", Unit: unit, Step: stepConnect, Err: err}
	}
	err = m.inside(ctx, m.slots, func() error {
		return judge(ctx, l, l.conn.KillUnitWithTarget(ctx, unit, whom, signal))
	})
	if err != nil {
		return &JobError{Verb: "signal", Unit: unit, Step: "send signal", Err: err}
	}
	return nil
}
