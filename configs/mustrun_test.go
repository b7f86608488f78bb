package configs

import "testing"

// Ensure sessions, the bus, managers and the daemon are known for what must run, and nobody else.
func TestMustRun(t *testing.T) {
	for unit, want := range map[string]bool{
		"session-2.scope": true, "session.slice": true, "user@1000.service": true, "dbus.service": true, "dbus-broker.service": true,
		"init.scope": true, "reprieved.service": true,
		"batch.slice": false, "session.service": false, "app.slice": false, "user-1000.slice": false, "": false,
	} {
		if got := MustRun(unit); got != want {
			t.Errorf("MustRun(%q) = %v, want %v", unit, got, want)
		}
	}
}
