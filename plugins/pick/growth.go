package pick

import "reprieve/controller"

// Growth picks whoever gained most since the episode began, in bytes:
// memory.current and memory.swap.current now, less what they were at the
// breach (Documentation/admin-guide/cgroup-v2.rst). Page cache counts. A group
// that shrank gained 0.
type Growth struct{}

// Name returns "growth".
func (Growth) Name() string { return "growth" }

// Less reports whether a gained more than b.
func (Growth) Less(a, b *controller.Score) bool { return a.GrowthBytes > b.GrowthBytes }
