package controller

import "time"

// ReplayEach is Replay that shows the machine and its decisions after each input.
func ReplayEach(t *Trace, rules Rules, each func(i int, m *Machine, decided []Decision)) error {
	return replay(t, rules, each)
}

// Presses reports whether any evidence of the machine's last judgment, but for the detectors', presses.
func (m *Machine) Presses(now time.Duration) bool {
	g := &m.grounds
	return max(g.Fits, g.Others, g.Scarcity, g.Futile, g.Kernel, m.insiders(now)) == Pressing
}
