package units

import "context"

// StartUnit queues a start job for unit (mode "replace") and returns when
// systemd has queued it, not when the unit is up. It takes any unit that systemd
// can load, not only those with a cgroup. The bounds and the errors are those of
// [Manager.StopUnit].
//
// It is never repeated by itself. Systemd may have taken a call whose connection
// was lost, and a second start after that would be no merge but a new job if
// somebody stopped the unit in between, us included: what is stopped must not
// come back by accident. After ErrDisconnected or ErrNoAnswer the caller looks
// with [Manager.Describe] before it asks again.
func (m *Manager) StartUnit(ctx context.Context, unit string) error {
	if !validAnyName(unit) {
		return badName("start", unit)
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.CallTimeout)
	defer cancel()
	l, err := m.take(ctx, nil)
	if err != nil {
		return &JobError{Verb: "start", Unit: unit, Step: stepConnect, Err: err}
	}
	err = m.inside(ctx, m.slots, func() error {
		_, err := l.conn.StartUnitContext(ctx, unit, "replace", nil)
		return judge(ctx, l, err)
	})
	if err != nil {
		return &JobError{Verb: "start", Unit: unit, Step: "queue start job", Err: err}
	}
	return nil
}
