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
		h.stopping = nil
	}
}

// holdsBelow reports whether any machine holds a group at path or below it:
// its stall is of our making then.
func (h *Host) holdsBelow(path string) bool {
	for _, m := range h.machines {
		for _, l := range m.held[:m.nHeld] {
			if below(l.Path, path) {
				return true
			}
		}
	}
	return false
}

// below reports whether a cgroup path is dir or lies in it.
func below(path, dir string) bool {
	if dir == "/" {
		return true
	}
	return len(path) >= len(dir) && path[:len(dir)] == dir && (len(path) == len(dir) || path[len(dir)] == '/')
}
