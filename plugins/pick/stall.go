package pick

import "reprieve/controller"

// Stall picks whoever waited most for memory, in microseconds: the rise of
// total= in the some line of its own memory.pressure
// (Documentation/accounting/psi.rst), from the breach to the first hold. A
// hold makes stall in what it holds, so what comes later does not count. Of a
// group it is the sum over those in it, which may be more than its own.
type Stall struct{}

// Name returns "stall".
func (Stall) Name() string { return "stall" }

// Less reports whether a stalled longer than b.
func (Stall) Less(a, b *controller.Score) bool { return a.StallMicros > b.StallMicros }
