package controller

import "time"

// Host is what the machines of one host share: at most one of them stops
// something, and each knows where the others hold. It belongs to the loop that
// steps the machines.
type Host struct {
	machines []*Machine
	stopping *Machine // the one whose victim is dying or settling; nil: none

	// The kernel's OOM killer killed in a watched slice: its memory is coming
	// back until then, and nobody else is chosen.
	quiet time.Duration

	doomed string // the cgroup that is being stopped: nobody holds anything there

	ended time.Duration // when the last stop of any machine was over; 0: none yet
}

// turn takes the host's one stop for m and reports whether m has it.
func (h *Host) turn(m *Machine) bool {
	if h.stopping == nil {
		h.stopping = m
	}
	return h.stopping == m
}

// done gives the turn back.
func (h *Host) done(m *Machine) {
	if h.stopping == m {
		h.stopping, h.doomed = nil, ""
	}
}

// mayHold reports whether a machine may hold something on a path: nobody else
// does, and it is not being stopped.
func (h *Host) mayHold(path string, m *Machine) bool {
	return !h.holdsOn(path, m) && (h.doomed == "" || !related(path, h.doomed))
}

// holdsOn reports whether another machine than this one holds something on a
// path: the group itself, one below it, or one above it.
func (h *Host) holdsOn(path string, but *Machine) bool {
	for _, m := range h.machines {
		if m == but {
			continue
		}
		for _, l := range m.held[:m.nHeld] {
			if related(l.Path, path) {
				return true
			}
		}
	}
	return false
}

// taints reports whether a hold of another machine than this one makes the
// stall on a path, or may still: a throttled task counts as stalled in its group and in
// all above it. A frozen one does not.
func (h *Host) taints(now time.Duration, path string, but *Machine) bool {
	for _, m := range h.machines {
		if m == but {
			continue
		}
		if now < m.glow && m.self != nil && related(m.self.Path, path) {
			return true
		}
		for _, l := range m.held[:m.nHeld] {
			if l.by == byThrottle && related(l.Path, path) {
				return true
			}
		}
	}
	return false
}

// related reports whether one of two cgroup paths is the other, or lies in it.
func related(a, b string) bool { return below(a, b) || below(b, a) }

// below reports whether a cgroup path is dir or lies in it.
func below(path, dir string) bool {
	if dir == "/" {
		return true
	}
	return len(path) >= len(dir) && path[:len(dir)] == dir && (len(path) == len(dir) || path[len(dir)] == '/')
}
