package hold

import "reprieve/memcg"

// Freeze holds a leaf by cgroup.freeze: nothing in it runs. For batch work;
// never with the bus or a session in it, and it is thawed before a stop.
type Freeze struct{ Ledger *memcg.Ledger }

// Hold implements the daemon's holder. A leaf that somebody else froze stays
// theirs. There is no value to restore but thawed, and nothing is lent.
func (f Freeze) Hold(g *memcg.Group, intent memcg.Intent, _ *memcg.Limit, _ uint64) (memcg.Hold, error) {
	return g.Freeze(f.Ledger, intent)
}

// Move has no mark to move, and returns h.
func (f Freeze) Move(_ *memcg.Group, _ memcg.Intent, h memcg.Hold, _ memcg.Limit) (memcg.Hold, error) {
	return h, nil
}

// Lift thaws the leaf.
func (f Freeze) Lift(g *memcg.Group, h memcg.Hold) (memcg.Restored, error) {
	return g.Restore(f.Ledger, h, 0)
}
