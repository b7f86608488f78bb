package units

import (
	"testing"

	godbus "github.com/godbus/dbus/v5"
)

// Ensure discard can end whoever reads its channels, before or after the
// connection is lost, and delivers nothing.
func TestDiscard(t *testing.T) {
	early, late := make(chan *godbus.Signal, 1), make(chan *godbus.Signal, 1)
	d := new(discard)
	d.AddSignal(early)
	d.DeliverSignal("a.b", "C", &godbus.Signal{})
	d.Terminate()
	d.Terminate()
	d.AddSignal(late)
	for name, ch := range map[string]chan *godbus.Signal{"early": early, "late": late} {
		select {
		case s, ok := <-ch:
			if ok {
				t.Errorf("%s channel has %v, want it closed and empty", name, s)
			}
		default:
			t.Errorf("%s channel is open, want it closed", name)
		}
	}
}
