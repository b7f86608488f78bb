// Package hold holds the ways to hold a leaf. They have effects and may block
// in the kernel: workers run them, never the loop.
package hold

import "reprieve/memcg"

// Throttle holds a leaf under memory.high, at what it uses.
type Throttle struct{ Ledger *memcg.Ledger }

// Hold implements the daemon's holder: the leaf is held from now on. old is
// what is to be restored in the end, nil for what is found.
func (t Throttle) Hold(g *memcg.Group, intent memcg.Intent, old *memcg.Limit) (memcg.Hold, error) {
	return g.Throttle(t.Ledger, intent, old)
}

// Lift ends a hold.
func (t Throttle) Lift(g *memcg.Group, h memcg.Hold) (memcg.Restored, error) {
	return g.Restore(t.Ledger, h)
}
