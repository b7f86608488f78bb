package memcg

// The values of cgroup.freeze, as those of a hold.
const (
	thawed Limit = 0
	frozen Limit = 1
)

// Freeze stops every process of the group and below by cgroup.freeze: no
// reclaim burns, no stall is made, no kernel lock is held, and nothing runs.
// A group that somebody else froze stays theirs: Old and Mark are both 1, and
// nothing will be restored.
//
// It returns before all processes have stopped. It needs Freeze prepared, and
// wants cgroup_mutex, which somebody stuck in reclaim may hold: not for a loop.
// Errors are *FileError or *LedgerError.
func (g *Group) Freeze(ledger *Ledger, intent Intent) (Hold, error) {
	var buf Buffer
	already, err := g.Frozen(&buf)
	if err != nil {
		return Hold{}, err
	}
	if already {
		h := Hold{File: Freeze, Old: g.original(ledger, Freeze, frozen, nil), Mark: frozen}
		return g.asItIs(ledger, intent, h)
	}
	return g.enter(ledger, intent, Hold{File: Freeze, Old: thawed, Mark: frozen})
}
