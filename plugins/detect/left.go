package detect

import (
	"time"

	"reprieve/controller"
)

// Left detects that, on a host without swap or with little of it left, the
// memory of the slice lasts no longer than Limit at the rate at which it goes. A
// hold of ours does not silence it: whoever is held slows the rate and never adds to it.
type Left struct{ Limit time.Duration }

// Detect implements controller.Detector.
func (d Left) Detect(s *controller.Sight) (controller.Breach, controller.Evidence) {
	switch {
	case !s.LeftOn:
		return controller.Breach{}, controller.Calm
	case !s.LeftOK:
		return controller.Breach{}, controller.Unknown
	case s.Left <= d.Limit:
		return controller.Breach{By: "left", Left: s.Left, LeftLimit: d.Limit, RoomBytes: s.RoomBytes, RateBytes: s.RateBytes}, controller.Pressing
	}
	return controller.Breach{}, controller.Calm
}
