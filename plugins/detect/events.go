package detect

import (
	"reprieve/controller"
	"reprieve/memcg"
)

// Event detects that a counter of the slice's memory.events rose since the
// reading before.
type Event struct{ Counter string }

// Detect implements controller.Detector.
func (d Event) Detect(s *controller.Sight) (controller.Breach, controller.Evidence) {
	if s.Plenty || (s.Tainted && d.Counter == "high") {
		return controller.Breach{}, controller.Calm // our own memory.high makes that one rise
	}
	if !s.RiseOK {
		return controller.Breach{}, controller.Unknown
	}
	if n := counter(&s.Rise, d.Counter); n > 0 {
		return controller.Breach{By: d.Counter, Rise: n}, controller.Pressing
	}
	return controller.Breach{}, controller.Calm
}

func counter(e *memcg.Events, name string) uint64 {
	switch name {
	case "low":
		return e.Low
	case "high":
		return e.High
	case "max":
		return e.Max
	case "oom":
		return e.OOM
	case "oom_kill":
		return e.OOMKill
	}
	return 0
}
