package unitstest

import (
	"maps"
	"slices"
	"testing"

	godbus "github.com/godbus/dbus/v5"
)

// Listed is the reply to ListUnitsByPatterns: units by their names, with their ActiveState.
func Listed(states map[string]string) []any {
	type unit struct {
		Name, Description, Load, Active, Sub, Following string
		Path                                            godbus.ObjectPath
		Job                                             uint32
		JobType                                         string
		JobPath                                         godbus.ObjectPath
	}
	list := []unit{}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		list = append(list, unit{Name: name, Load: "loaded", Active: states[name], Path: "/unit", JobPath: "/"})
	}
	return []any{list}
}

// Changed sends what systemd sends when a unit's state changes, to every connection that has logged in: with the path of the unit's
// object, and a body of so many bytes.
func (s *Server) Changed(t testing.TB, path string, bytes int) {
	t.Helper()
	body := []any{"org.freedesktop.systemd1.Unit", map[string]godbus.Variant{"Padding": godbus.MakeVariant(make([]byte, bytes))}, []string{}}
	for _, p := range s.loggedIn() {
		m := signal("PropertiesChanged", body)
		m.Headers[godbus.FieldPath] = godbus.MakeVariant(godbus.ObjectPath(path))
		m.Headers[godbus.FieldInterface] = godbus.MakeVariant("org.freedesktop.DBus.Properties")
		if err := p.send(m); err != nil {
			t.Errorf("send PropertiesChanged of %s: %v", path, err)
		}
	}
}
