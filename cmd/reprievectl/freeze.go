package main

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/units"
)

// namedFrozen is how many of them a warning names.
const namedFrozen = 3

// warnFrozen says on w, one line a slice, in which watched slices a hold by freeze could stop units that must run.
func warnFrozen(w io.Writer, set *configs.Set, n *memcg.Node) {
	if slice, ok := units.FromCgroup(n.Path); ok {
		if p := set.Policy(slice); p.Watched && freezes(p.Hold) {
			sayFrozen(w, slice, mustRunBelow(n))
		}
	}
	for _, c := range n.Children() {
		if c.Inner {
			warnFrozen(w, set, c)
		}
	}
}

// freezes reports whether a hold comes to freeze anybody.
func freezes(h configs.Hold) bool {
	return slices.ContainsFunc(h.Ladder(), func(s configs.Step) bool { return s.By == "freeze" && s.Delay > 0 })
}

// sayFrozen writes the warning, if there is anybody to warn for.
func sayFrozen(w io.Writer, slice string, names []string) {
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	more := ""
	if n := len(names) - namedFrozen; n > 0 {
		names, more = names[:namedFrozen], fmt.Sprintf(" and %d more", n)
	}
	fmt.Fprintf(w, "warning: %s: freeze stops everything in it, logins and the bus as well: %s%s\n", slice, strings.Join(names, ", "), more)
}

// mustRunBelow returns the units below a slice, of what is listed there, that must run. What lies in one of them is not named.
func mustRunBelow(n *memcg.Node) []string {
	var names []string
	for _, c := range n.Children() {
		// A group that is nobody's unit but has such a name is frozen as well.
		name := path.Base(c.Path)
		if configs.MustRun(name) {
			names = append(names, name)
		} else {
			names = append(names, mustRunBelow(c)...)
		}
	}
	return names
}
