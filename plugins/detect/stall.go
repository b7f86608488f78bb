// Package detect holds the detectors: each says whether a watched slice is in
// breach of one limit. They are pure; a new one is a file here and a line in
// the registry.
package detect

import (
	"reprieve/controller"
	"reprieve/pressure"
)

// Full detects that all tasks were stalled for a share of the window. It
// presses when the kernel's trigger fired, or when the stall of the last
// window is at or over the limit.
type Full struct{ Limit pressure.Share }

// Detect implements controller.Detector.
func (d Full) Detect(s *controller.Sight) (controller.Breach, controller.Evidence) {
	return stall("full", s, s.FiredFull, s.Stall.Full, s.Seen.Full, d.Limit)
}

// Some detects that at least one task was stalled for a share of the window.
type Some struct{ Limit pressure.Share }

// Detect implements controller.Detector.
func (d Some) Detect(s *controller.Sight) (controller.Breach, controller.Evidence) {
	return stall("some", s, s.FiredSome, s.Stall.Some, s.Seen.Some, d.Limit)
}

func stall(by string, s *controller.Sight, fired bool, got, seen, limit pressure.Share) (controller.Breach, controller.Evidence) {
	switch {
	case s.Tainted:
		return controller.Breach{}, controller.Calm
	case fired:
		return controller.Breach{By: by, Limit: limit}, controller.Pressing
	case !s.StallOK:
		return controller.Breach{}, controller.Unknown
	case got >= limit:
		return controller.Breach{By: by, Stall: got, Limit: limit}, controller.Pressing
	case seen >= limit:
		// Over the limit for less than a window: a breach or a moment, nobody knows yet.
		return controller.Breach{}, controller.Unknown
	}
	return controller.Breach{}, controller.Calm
}
