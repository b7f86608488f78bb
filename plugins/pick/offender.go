package pick

import "reprieve/controller"

// Offender picks whoever ran into a limit of its own most often: the rise of
// max and oom in memory.events since the breach, a count
// (Documentation/admin-guide/cgroup-v2.rst). Without memory.max in or below
// the watched slice all are equal.
type Offender struct{}

// Name returns "offender".
func (Offender) Name() string { return "offender" }

// Less reports whether a ran into its limits more often than b.
func (Offender) Less(a, b *controller.Score) bool { return a.Offences > b.Offences }

// Samples implements controller.Sampler.
func (Offender) Samples() {}
