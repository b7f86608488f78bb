package top

// Key is one that means something.
type Key int

// The keys.
const (
	NoKey Key = iota
	Quit
	Sort
	Fold
	FoldAll
	Who
	Pause
	Help
	Up
	Down
	First
	Last
)

// ParseKeys reads what a terminal sent in one go. Arrow keys are sequences: ESC [ A or ESC O A (console_codes(4)). What
// means nothing is passed over.
func ParseKeys(text []byte) []Key {
	var keys []Key
	for len(text) > 0 {
		key, n := NoKey, 1
		if text[0] == 0x1b && len(text) > 2 && (text[1] == '[' || text[1] == 'O') {
			n = 2
			for n < len(text) && (text[n] < '@' || text[n] > '~') { // parameters of a sequence that is not ours
				n++
			}
			if n < len(text) {
				key = map[byte]Key{'A': Up, 'B': Down, 'H': First, 'F': Last}[text[n]]
				n++
			}
		} else {
			key = map[byte]Key{
				'q': Quit, 'Q': Quit, 's': Sort, 'f': Fold, ' ': Fold, 'F': FoldAll, 'w': Who, 'p': Pause, '?': Help, 'h': Help,
				'k': Up, 'j': Down, 'g': First, 'G': Last,
			}[text[0]]
		}
		if key != NoKey {
			keys = append(keys, key)
		}
		text = text[n:]
	}
	return keys
}

// Press does what a key says, and reports whether it is the end. Any key closes the help.
func (m *Model) Press(key Key) (quit bool) {
	if m.help && key != Quit {
		m.help = false
		return false
	}
	rows := m.rows()
	switch key {
	case Quit:
		return true
	case Sort:
		m.order = (m.order + 1) % orders
	case Fold:
		m.fold(rows)
	case FoldAll:
		m.foldAll(rows)
	case Who:
		m.who = !m.who
		if !m.WantsPlans() {
			m.plans = nil
		}
	case Pause:
		m.still = !m.still
	case Help:
		m.help = true
	case Up:
		m.move(rows, m.at(rows)-1)
	case Down:
		m.move(rows, m.at(rows)+1)
	case First:
		m.move(rows, 0)
	case Last:
		m.move(rows, len(rows)-1)
	}
	return false
}

// move puts the cursor on a row, on the nearest where there is none.
func (m *Model) move(rows []row, to int) {
	if len(rows) > 0 {
		m.cursor = rows[max(0, min(to, len(rows)-1))].Path
	}
}

// fold folds or unfolds what is below the cursor.
func (m *Model) fold(rows []row) {
	if len(rows) == 0 {
		return
	}
	if r := rows[m.at(rows)]; r.Inner {
		m.folds.ByHand[r.Path] = !m.shows(r)
		m.cursor = r.Path
	}
}

// foldAll folds everything where anything below the roots is unfolded, and unfolds everything otherwise.
func (m *Model) foldAll(rows []row) {
	unfolded := false
	for _, r := range rows {
		unfolded = unfolded || r.depth > 0 && m.shows(r)
	}
	m.folds = Folds{ByHand: map[string]bool{}, All: !unfolded, None: unfolded}
}

// shows reports whether the children of a group are shown.
func (m *Model) shows(r row) bool { return len(r.Children) > 0 && m.folds.may(r.Path, r.depth) }
