package top

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"reprieve/internal/control"
)

// Order is what groups beside each other are sorted by.
type Order int

// The orders, as the key s goes through them.
const (
	ByStall Order = iota
	ByUsage
	ByGrowth
	ByName
	orders
)

// String names an order.
func (o Order) String() string { return [...]string{"stall", "usage", "growth", "name"}[o%orders] }

// Model is the state of the screen. It belongs to one goroutine.
type Model struct {
	Zone    *time.Location
	Colours bool

	look   Look
	looked bool
	rates  map[string]rate
	order  Order
	folds  Folds
	cursor string // the path of the group that keys are about
	above  int    // rows that are scrolled out at the top
	still  bool   // the display is paused
	help   bool
	who    bool // whom a stop would take is asked for in calm too
	plans  []control.Plan
}

// NewModel returns a screen that has seen nothing.
func NewModel(zone *time.Location, colours bool) *Model {
	return &Model{Zone: zone, Colours: colours, folds: Folds{ByHand: map[string]bool{}}}
}

// Take takes a look in, unless the display is paused.
func (m *Model) Take(l Look) {
	if m.still {
		return
	}
	m.rates = rates(m.look, l)
	m.look, m.looked = l, true
	if !m.WantsPlans() {
		m.plans = nil
	}
}

// TakePlans takes in whom a stop would take.
func (m *Model) TakePlans(plans []control.Plan) {
	if !m.still && m.WantsPlans() {
		m.plans = plans
	}
}

// WantsPlans reports whether it is of interest whom a stop would take: in an episode, or since the key w.
func (m *Model) WantsPlans() bool {
	return m.look.Status != nil && (m.who || m.look.episodes() > 0)
}

// PlansFor returns the slices for which it is of interest: those in an episode, or all where there is none.
func (m *Model) PlansFor() []string {
	var all, some []string
	if m.look.Status == nil {
		return nil
	}
	for _, s := range m.look.Status.Slices {
		all = append(all, s.Unit)
		if s.Phase != control.Calm {
			some = append(some, s.Unit)
		}
	}
	if len(some) > 0 {
		return some
	}
	return all
}

// Folds is what is folded, for who takes the next look: the children of a folded group need not be read.
type Folds struct {
	ByHand    map[string]bool // unfolded or not, by path
	All, None bool            // of the others; neither is as usual: the roots and watched slices are unfolded
}

// may reports whether the children of a group may be shown, by what is folded alone.
func (f Folds) may(path string, depth int) bool {
	if open, ok := f.ByHand[path]; ok {
		return open
	}
	return depth == 0 || !f.None
}

// Folds returns what is folded. It is a copy.
func (m *Model) Folds() Folds {
	return Folds{ByHand: maps.Clone(m.folds.ByHand), All: m.folds.All, None: m.folds.None}
}

// row is a line of the tree.
type row struct {
	*Group
	depth int
}

// rows returns the tree as it is shown, siblings in the order that is set.
func (m *Model) rows() []row {
	var all []row
	var down func([]*Group, int)
	down = func(groups []*Group, depth int) {
		for _, g := range slices.SortedStableFunc(slices.Values(groups), m.compare) {
			r := row{g, depth}
			all = append(all, r)
			if m.shows(r) { // what was folded since the look is folded at once
				down(g.Children, depth+1)
			}
		}
	}
	down(m.look.Roots, 0)
	return all
}

// compare puts the worst first, and by name those that are alike.
func (m *Model) compare(a, b *Group) int {
	x, y := m.rates[a.Path], m.rates[b.Path]
	byName := cmp.Compare(a.Unit, b.Unit)
	switch m.order {
	case ByStall:
		return cmp.Or(-cmp.Compare(x.full, y.full), -cmp.Compare(x.some, y.some), -cmp.Compare(a.Full.Avg10, b.Full.Avg10),
			-cmp.Compare(a.Some.Avg10, b.Some.Avg10), byName)
	case ByUsage:
		return cmp.Or(-cmp.Compare(a.UsageBytes, b.UsageBytes), byName)
	case ByGrowth:
		return cmp.Or(-cmp.Compare(x.growth, y.growth), byName)
	}
	return byName
}

// at returns the place of the cursor, the first row where its group is gone.
func (m *Model) at(rows []row) int {
	return max(0, slices.IndexFunc(rows, func(r row) bool { return r.Path == m.cursor }))
}
