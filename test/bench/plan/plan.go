// Package plan says which runs the benchmark is made of, in which order, and which of them are still to be made.
package plan

import (
	"fmt"
	"slices"
	"strings"

	"reprieve/test/bench/result"
)

// Loads returns the names of all loads, in the order of a round.
func Loads() []string { return []string{"steady", "noswap", "limit", "many", "burst", "scan"} }

// Controllers returns the names of all controllers that a suite has, in the order of the first round.
func Controllers(suite string) []string {
	names := []string{"kernel", "reprieve-0", "reprieve-10", "systemd-oomd", "systemd-oomd-fast"}
	if suite == "bookworm" { // oomd left Debian before 13
		names = append(names, "oomd", "oomd-fast")
	}
	return append(names, "earlyoom", "earlyoom-fast", "nohang", "nohang-fast")
}

// Order is what was asked for.
type Order struct {
	Suite       string
	Rounds      int
	Loads       []string // all of them where there are none
	Controllers []string // as well
	Build       string   // of the reprieved that is to be measured
}

// Check completes an order, or says what is wrong with it.
func (o *Order) Check() error {
	if o.Rounds < 1 {
		return fmt.Errorf("%d rounds: want 1 or more", o.Rounds)
	}
	if err := known("load", &o.Loads, Loads()); err != nil {
		return err
	}
	return known("controller", &o.Controllers, Controllers(o.Suite))
}

// known fills in all names where none was chosen, and refuses those that are not there.
func known(what string, chosen *[]string, all []string) error {
	if len(*chosen) == 0 {
		*chosen = slices.Clone(all)
	}
	for _, name := range *chosen {
		if !slices.Contains(all, name) {
			return fmt.Errorf("%s %q: want one of %s", what, name, strings.Join(all, " "))
		}
	}
	return nil
}

// Session is what one boot of a guest is for: one load of one round, with each controller in turn.
type Session struct {
	Round       int
	Load        string
	Controllers []string
}

// Sessions returns what is still to be done of an order that passed Check, given all results so far: a run that failed is to be done
// again. In each round the next controller begins, so that none has always the freshest guest.
func Sessions(o Order, runs []result.Run) []Session {
	done := map[result.Key]bool{}
	for _, run := range runs {
		if run.Error == "" && (run.Build == "" || run.Build == o.Build) {
			done[run.Key] = true
		}
	}
	var sessions []Session
	for round := 1; round <= o.Rounds; round++ {
		for _, load := range o.Loads {
			s := Session{Round: round, Load: load}
			for _, controller := range rotate(o.Controllers, round-1) {
				key := result.Key{Suite: o.Suite, Round: round, Load: load, Controller: controller}
				if !done[key] {
					s.Controllers = append(s.Controllers, controller)
				}
			}
			if len(s.Controllers) > 0 {
				sessions = append(sessions, s)
			}
		}
	}
	return sessions
}

func rotate(names []string, by int) []string {
	by %= len(names)
	return slices.Concat(names[by:], names[:by])
}
