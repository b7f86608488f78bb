package hold

import "reprieve/memcg"

// Throttle holds a leaf under memory.high, at what it uses: it may go on, but
// not grow.
type Throttle struct{ Ledger *memcg.Ledger }

// Hold implements the daemon's holder: the leaf is held from now on. old is
// what is to be restored in the end, nil for what is found; the last parameter
// is for Raise.
func (t Throttle) Hold(g *memcg.Group, intent memcg.Intent, old *memcg.Limit, _ uint64) (memcg.Hold, error) {
	return g.Throttle(t.Ledger, intent, old)
}

// Move moves the mark; below usage it reclaims in this thread, see
// memcg.Group.Move.
func (t Throttle) Move(g *memcg.Group, intent memcg.Intent, h memcg.Hold, to memcg.Limit) (memcg.Hold, error) {
	return g.Move(t.Ledger, intent, h, to)
}

// Lift ends a hold, at once.
func (t Throttle) Lift(g *memcg.Group, h memcg.Hold) (memcg.Restored, error) {
	return g.Restore(t.Ledger, h, 0)
}
