package hold

import (
	"time"

	"reprieve/memcg"
)

// liftPatience is how long a loan may take to come back before the old limit
// is written all the same.
const liftPatience = 10 * time.Second

// Raise holds a leaf that is at its own memory.max by lending it more.
type Raise struct{ Ledger *memcg.Ledger }

// Hold implements the daemon's holder: memory.max is lendBytes above old, nil
// for what is found. A leaf without a limit gives memcg.ErrNoLimit. How much
// the host has to lend is the caller's question.
func (r Raise) Hold(g *memcg.Group, intent memcg.Intent, old *memcg.Limit, lendBytes uint64) (memcg.Hold, error) {
	return g.Lend(r.Ledger, intent, lendBytes, old)
}

// Move takes part of a loan back, never more than the leaf has left free, or
// lends more.
func (r Raise) Move(g *memcg.Group, intent memcg.Intent, h memcg.Hold, to memcg.Limit) (memcg.Hold, error) {
	return g.Move(r.Ledger, intent, h, to)
}

// Lift takes the loan back. It waits up to 10 s for the leaf to come below its
// old limit.
func (r Raise) Lift(g *memcg.Group, h memcg.Hold) (memcg.Restored, error) {
	return g.Restore(r.Ledger, h, liftPatience)
}
