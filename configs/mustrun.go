package configs

import "path"

// MustRun reports whether a unit of this name must never be frozen: who is logged in, the bus that all of them and
// systemd's tools speak over, and who would thaw them. A frozen one answers nobody, and thawing it may need it.
func MustRun(unit string) bool {
	for _, glob := range []string{"session.slice", "session-*.scope", "user@*.service", "dbus*.service", "init.scope", "reprieved.service"} {
		if ok, err := path.Match(glob, unit); ok && err == nil {
			return true
		}
	}
	return false
}
