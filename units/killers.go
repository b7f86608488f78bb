package units

import "context"

// otherKillers are the services of other memory killers, as their packages and
// projects name them.
func otherKillers() []string {
	return []string{"systemd-oomd.service", "earlyoom.service", "nohang.service", "nohang-desktop.service", "oomd.service"}
}

// OtherKillers returns which services of other memory killers are active. One
// that watches the same groups takes the stall that a hold makes for pressure.
// Bounds and errors are those of [Manager.Describe].
func (m *Manager) OtherKillers(ctx context.Context) ([]string, error) {
	all, err := m.Describe(ctx, otherKillers())
	var active []string
	for _, d := range all {
		if d.Active {
			active = append(active, d.Unit)
		}
	}
	return active, err
}
