package main

import (
	"fmt"

	"github.com/godbus/dbus/v5"

	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
)

// watched is a slice as the property Slices has it. Its fields, in their order,
// are the type (sssiddtstas).
type watched struct {
	Unit             string
	Path             string  // its cgroup
	Phase            string  // calm, held, stopping or settling
	Priority         int32   //
	SomePercent      float64 // limits in percent of time; 0: not set
	FullPercent      float64
	DelayUsec        uint64 // that a hold may last
	Episode          string // "" in calm
	DeadlineUnixUsec uint64 // of the episode's wait; 0: none
	Held             []string
}

func watchedOf(all []control.Slice) []watched {
	out := []watched{}
	for _, s := range all {
		w := watched{
			Unit: s.Unit, Path: s.Path, Phase: s.Phase, Priority: int32(s.Priority),
			SomePercent: s.Limits.SomePercent, FullPercent: s.Limits.FullPercent, DelayUsec: unsigned(s.DelayUsec), Held: []string{},
		}
		if now := s.Episode; now != nil {
			w.Episode, w.DeadlineUnixUsec = now.Episode, unsigned(now.DeadlineUnixUsec)
			for _, h := range now.Holds {
				w.Held = append(w.Held, h.Unit)
			}
		}
		out = append(out, w)
	}
	return out
}

func unsigned(n int64) uint64 { return uint64(max(n, 0)) }

// properties are those of the manager. Of a daemon that does not answer all but
// Connected are empty: who must know asks for Status, which is an error then.
func (s *service) properties() map[string]dbus.Variant {
	status, _ := s.status.get(s.ctx)
	return map[string]dbus.Variant{
		reprieve1.Connected:   dbus.MakeVariant(s.connected.Load()),
		"Version":             dbus.MakeVariant(status.Version),
		"Observe":             dbus.MakeVariant(status.Observe),
		"PausedUntilUnixUsec": dbus.MakeVariant(unsigned(status.PausedUntilUnixUsec)),
		"Slices":              dbus.MakeVariant(watchedOf(status.Slices)),
	}
}

func (s *service) getAll(iface string) (map[string]dbus.Variant, *dbus.Error) {
	leave, refused := s.enter()
	if refused != nil {
		return nil, refused
	}
	defer leave()
	if iface != reprieve1.Interface && iface != "" {
		return map[string]dbus.Variant{}, nil // the other interfaces have none
	}
	return s.properties(), nil
}

func (s *service) get(iface, name string) (dbus.Variant, *dbus.Error) {
	if iface == reprieve1.Interface && name == reprieve1.Connected {
		return dbus.MakeVariant(s.connected.Load()), nil // the daemon need not be asked
	}
	all, refused := s.getAll(iface)
	if refused != nil {
		return dbus.Variant{}, refused
	}
	v, ok := all[name]
	if !ok {
		return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", []any{fmt.Sprintf("no property %q of %q", name, iface)})
	}
	return v, nil
}

func (s *service) set(_, name string, _ dbus.Variant) *dbus.Error {
	return dbus.NewError("org.freedesktop.DBus.Error.PropertyReadOnly", []any{fmt.Sprintf("%q can be read only; Pause and Release are methods", name)})
}
