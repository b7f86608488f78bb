package pick

import "reprieve/controller"

// Reclaim picks whoever reclaim works at most, in pages scanned a second: the
// rise of pgscan in memory.stat since the breach
// (Documentation/admin-guide/cgroup-v2.rst), over the time between.
type Reclaim struct{}

// Name returns "reclaim".
func (Reclaim) Name() string { return "reclaim" }

// Less reports whether more of a's pages are scanned a second than of b's.
func (Reclaim) Less(a, b *controller.Score) bool { return a.ScanRate > b.ScanRate }

// Samples implements controller.Sampler.
func (Reclaim) Samples() {}
