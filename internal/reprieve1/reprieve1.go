// Package reprieve1 is what reprieve-bus and those who listen to it agree on: the names of org.reprieve1 on D-Bus, and the
// arguments of its signals. The daemon knows nothing of it; docs/dbus.md is for people.
package reprieve1

import (
	"fmt"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"

	"reprieve/internal/control"
)

// Where it is.
const (
	Name      = "org.reprieve1"
	Path      = "/org/reprieve1"
	Interface = "org.reprieve1.Manager"
)

// Connected is the property that says whether the daemon answers; its changes are signalled.
const Connected = "Connected"

// Actions that polkit is asked about, as in configs/dbus/org.reprieve1.policy.
const (
	ActionPause   = "org.reprieve1.pause"
	ActionRelease = "org.reprieve1.release"
)

// Errors of its own; the others are org.freedesktop.DBus.Error.*.
const (
	ErrorNoDaemon    = "org.reprieve1.Error.NoDaemon"
	ErrorNoSuchSlice = "org.reprieve1.Error.NoSuchSlice"
	ErrorFailed      = "org.reprieve1.Error.Failed"
)

// Signals, each with the arguments of an Event.
const (
	Breach   = "Breach"   // an episode begins, or goes on after relief
	Held     = "Held"     // a unit is held
	Lifted   = "Lifted"   // a hold ends early, by hand or since its unit is not the cause; without a unit, all of the episode
	Relieved = "Relieved" // the pressure passed: the holds end, nothing dies
	Stopping = "Stopping" // a unit was chosen and is being stopped; all holds of the episode end
	Stopped  = "Stopped"  // it is empty
	Settled  = "Settled"  // its memory is back, or the settle time is over
)

// Signals returns all of them, in the order in which an episode may have them.
func Signals() []string { return []string{Breach, Held, Lifted, Relieved, Stopping, Stopped, Settled} }

// SignalOf returns the signal for a kind of the daemon's events, "" where there is none.
func SignalOf(kind string) string {
	return map[string]string{
		"breach": Breach, "hold": Held, "acquitted": Lifted, "released": Lifted, "relief": Relieved, "stop": Stopping, "stopped": Stopped, "settled": Settled,
	}[kind]
}

// Event is what a signal tells.
type Event struct {
	Slice            string // watched
	Unit             string // whom it is about; "" is the slice
	UID              uint32 // of the user whose manager Unit belongs to; 0: it is the system's
	Episode          string
	Message          string // for people, as in the journal
	DeadlineUnixUsec uint64 // of a wait: a stop may come then; 0: not known
	Observe          bool   // nothing was written or stopped
}

// EventOf makes one of what the daemon tells.
func EventOf(e control.Event) Event {
	return Event{e.Slice, e.Unit, e.UID, e.Episode, e.Message, uint64(max(e.DeadlineUnixUsec, 0)), e.Observe}
}

// Body is the arguments of the signal.
func (e Event) Body() []any {
	return []any{e.Slice, e.Unit, e.UID, e.Episode, e.Message, e.DeadlineUnixUsec, e.Observe}
}

// ParseEvent reads the arguments of a signal.
func ParseEvent(body []any) (Event, error) {
	var e Event
	err := dbus.Store(body, &e.Slice, &e.Unit, &e.UID, &e.Episode, &e.Message, &e.DeadlineUnixUsec, &e.Observe)
	if err != nil {
		return Event{}, fmt.Errorf("arguments of type %q, want %q: %w", dbus.SignatureOf(body...), dbus.SignatureOf(e.Body()...), err)
	}
	return e, nil
}

// EventArgs describes them.
func EventArgs() []introspect.Arg {
	return []introspect.Arg{
		{Name: "slice", Type: "s"}, {Name: "unit", Type: "s"}, {Name: "uid", Type: "u"}, {Name: "episode", Type: "s"},
		{Name: "message", Type: "s"}, {Name: "deadline_unix_usec", Type: "t"}, {Name: "observe", Type: "b"},
	}
}
