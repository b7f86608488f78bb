package pick

import "reprieve/controller"

// Swap picks whoever has most in swap, in bytes: memory.swap.current
// (Documentation/admin-guide/cgroup-v2.rst). Without swap all are equal.
type Swap struct{}

// Name returns "swap".
func (Swap) Name() string { return "swap" }

// Less reports whether a has more in swap than b.
func (Swap) Less(a, b *controller.Score) bool { return a.SwapBytes > b.SwapBytes }
