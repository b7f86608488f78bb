package units_test

import (
	"slices"
	"testing"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// Ensure other memory killers are named that are active, and no others.
func TestManager_OtherKillers(t *testing.T) {
	w := &world{units: map[string]map[string]any{}}
	for unit, state := range map[string]string{
		"systemd-oomd.service": "active", "earlyoom.service": "inactive", "nohang.service": "failed", "nohang-desktop.service": "inactive", "oomd.service": "activating",
	} {
		w.units[unit] = facts(map[string]any{"Id": unit, "ActiveState": state, "Restart": "no"})
	}
	private, bus := paths(t)
	unitstest.Serve(t, private, w.handle)
	h := run(t, private, bus, units.Options{})
	got, err := h.OtherKillers(t.Context())
	if want := []string{"systemd-oomd.service", "oomd.service"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("OtherKillers() = %q, %v, want %q", got, err, want)
	}
}
