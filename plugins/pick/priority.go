package pick

import "reprieve/controller"

// Priority picks the lowest priority, a number from -1000 to 1000 that the
// configuration gives each slice. The kernel knows nothing of it.
type Priority struct{}

// Name returns "priority".
func (Priority) Name() string { return "priority" }

// Less reports whether a has a lower priority than b.
func (Priority) Less(a, b *controller.Score) bool { return a.Priority < b.Priority }
