package top

import (
	"context"
	"errors"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/memcg"
	"reprieve/units"
)

const (
	// groupsMost bounds one look: reading so many groups takes a tenth of a second.
	groupsMost = 2000
	// statusBound is how long the daemon may take to answer in a look: less than the time between two.
	statusBound = 800 * time.Millisecond
)

// Host takes looks. A look blocks; it is not for the goroutine that reads keys.
type Host struct {
	Gauge  gauge.Host
	Client control.Client
	// Watched reports whether a slice is configured to be watched, for where the daemon does not tell. Priority is that of
	// its file. Both may be nil.
	Watched  func(unit string) bool
	Priority func(unit string) int
}

// Look looks at the groups that are unfolded, and asks the daemon.
func (h Host) Look(ctx context.Context, folds Folds) Look {
	l := Look{Watched: map[string]bool{}}
	ctx, cancel := context.WithTimeout(ctx, statusBound)
	defer cancel()
	if status, err := h.Client.Status(ctx); err == nil {
		l.Status = &status
		for _, s := range status.Slices {
			l.Watched[s.Path] = true
		}
	} else {
		l.Trouble = trouble(err)
	}
	var err error
	l.Memory, err = h.Gauge.Memory()
	l.MemoryOK = err == nil
	l.At = time.Now() // right before the totals are read, whatever the daemon took
	if l.Status == nil && h.Watched != nil {
		h.configured("/", l.Watched)
	}
	r := reader{Host: h, folds: folds, look: &l}
	for _, p := range roots(l.Watched) {
		if g := r.read(p, 0); g != nil {
			l.Roots = append(l.Roots, g)
		}
	}
	if len(l.Roots) == 0 { // nothing is watched: everything is of interest
		for _, name := range h.Gauge.Children("/") {
			if g := r.read("/"+name, 0); g != nil && g.Ranked {
				l.Roots = append(l.Roots, g)
			}
		}
	}
	return l
}

// Plans asks the daemon whom a stop would take in each slice. Those that it cannot tell are left out.
func (h Host) Plans(ctx context.Context, slices []string) []control.Plan {
	var all []control.Plan
	for _, s := range slices {
		if p, err := h.Client.Plan(ctx, s); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// trouble says why the daemon did not answer.
func trouble(err error) string {
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return "reprieved answers root alone"
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ECONNREFUSED):
		return "reprieved does not run"
	}
	return "reprieved does not answer"
}

// configured collects the paths of the slices that are configured to be watched and are there.
func (h Host) configured(at string, into map[string]bool) {
	if at == "/" && h.Watched("-.slice") {
		into["/"] = true
	}
	for _, name := range h.Gauge.Children(at) {
		if units.IsSlice(name) {
			below := path.Join(at, name)
			if h.Watched(name) {
				into[below] = true
			}
			h.configured(below, into)
		}
	}
}

// roots returns the watched slices that lie in no other.
func roots(watched map[string]bool) []string {
	var all []string
	for p := range watched {
		inside := false
		for other := range watched {
			inside = inside || within(p, other)
		}
		if !inside {
			all = append(all, p)
		}
	}
	return all
}

// within reports whether a path lies below another.
func within(p, above string) bool {
	return p != above && (above == "/" || strings.HasPrefix(p, above+"/"))
}

// reader reads the tree of one look.
type reader struct {
	Host
	folds  Folds
	look   *Look
	groups int
}

// read reads a group and, where it is unfolded, those in it. One that is gone is nil.
func (r *reader) read(p string, depth int) *Group {
	if r.groups++; r.groups > groupsMost {
		r.look.Unread++
		return nil
	}
	// Of the root its own file, and not its worst slice's: a difference of totals wants one file.
	reading, err := r.Gauge.Read(p)
	if errors.Is(err, memcg.ErrGone) {
		return nil
	}
	g := &Group{Reading: reading, Unit: path.Base(p)}
	if p == "/" {
		g.Unit = "-.slice"
	}
	r.rank(g)
	names := r.Gauge.Children(p)
	g.Inner = len(names) > 0
	if !r.unfolded(p, depth) {
		return g
	}
	for _, name := range names {
		if c := r.read(path.Join(p, name), depth+1); c != nil {
			g.Children = append(g.Children, c)
		}
	}
	return g
}

// rank gives a slice its priority: the daemon's, or that of its file.
func (r *reader) rank(g *Group) {
	if s := r.look.slice(g.Path); s != nil {
		g.Priority, g.Ranked = s.Priority, true
	} else if units.IsSlice(g.Unit) {
		g.Ranked = true
		if r.Priority != nil {
			g.Priority = r.Priority(g.Unit)
		}
	}
}

// unfolded reports whether the children of a group are to be read. As usual those of the roots are, of watched slices, and
// of what has such in it.
func (r *reader) unfolded(p string, depth int) bool {
	if _, byHand := r.folds.ByHand[p]; byHand || r.folds.All || r.folds.None || depth == 0 {
		return r.folds.may(p, depth)
	}
	for other := range r.look.Watched {
		if other == p || within(other, p) {
			return true
		}
	}
	return false
}
