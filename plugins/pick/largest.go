// Package pick holds the pickers, the values of stop.pick. Each compares two
// scores, of candidates or of the groups in which their ways part, and says
// which is stopped first. They are pure and keep nothing. Who may not be
// stopped at all, whose preference comes before any picker, and what becomes
// of ties is the controller's.
package pick

import "reprieve/controller"

// Largest picks the largest footprint above its protection, in bytes: what the
// end of a group gives back of memory and swap, less what memory.min and
// memory.low promise it. The parts are those by which the cgroup-aware OOM
// killer compared groups: inactive_anon, active_anon, unevictable,
// slab_unreclaimable, kernel_stack and sock of memory.stat, and
// memory.swap.current (Documentation/admin-guide/cgroup-v2.rst). The promise is
// the effective one, as the kernel shares it out among siblings
// (effective_protection in mm/page_counter.c).
type Largest struct{}

// Name returns "largest".
func (Largest) Name() string { return "largest" }

// Less reports whether a has more above its protection than b.
func (Largest) Less(a, b *controller.Score) bool { return a.ExcessBytes > b.ExcessBytes }
