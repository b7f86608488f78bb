package main

import (
	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"
	"github.com/godbus/dbus/v5/prop"

	"reprieve/internal/reprieve1"
)

// description is what introspection tells of the object.
func description() *introspect.Node {
	var signals []introspect.Signal
	for _, name := range reprieve1.Signals() {
		signals = append(signals, introspect.Signal{Name: name, Args: reprieve1.EventArgs()})
	}
	return &introspect.Node{Name: reprieve1.Path, Interfaces: []introspect.Interface{
		prop.IntrospectData, // those that all objects have are added by godbus
		{
			Name: reprieve1.Interface,
			Methods: []introspect.Method{
				{Name: "Status", Args: []introspect.Arg{{Name: "json", Type: "s", Direction: "out"}}},
				{Name: "Pause", Args: []introspect.Arg{
					{Name: "usec", Type: "t", Direction: "in"}, {Name: "released", Type: "u", Direction: "out"},
				}},
				{Name: "Release", Args: []introspect.Arg{
					{Name: "slice", Type: "s", Direction: "in"},
					{Name: "released", Type: "u", Direction: "out"}, {Name: "slices", Type: "as", Direction: "out"},
				}},
			},
			Signals: signals,
			Properties: []introspect.Property{
				property(reprieve1.Connected, "b", "true"),
				property("Version", "s", "false"),
				property("Observe", "b", "false"),
				property("PausedUntilUnixUsec", "t", "false"),
				property("Slices", dbus.SignatureOf([]watched{}).String(), "false"),
			},
		},
	}}
}

// property is one that can be read. Of what only the daemon knows no change is signalled: it would have to be asked again and again.
func property(name, kind, signalled string) introspect.Property {
	return introspect.Property{
		Name: name, Type: kind, Access: "read",
		Annotations: []introspect.Annotation{{Name: "org.freedesktop.DBus.Property.EmitsChangedSignal", Value: signalled}},
	}
}
