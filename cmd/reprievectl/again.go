package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"reprieve/episodes"
	"reprieve/plugins"
	"reprieve/plugins/report"
)

// parsePick reads an order of pickers, as stop.pick has it: "growth,largest".
func parsePick(text string) ([]string, error) {
	known := plugins.PickNames()
	var names []string
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimSpace(name)
		switch {
		case !slices.Contains(known, name):
			return nil, fmt.Errorf("want one of %s, or several with commas, in their order", strings.Join(known, ", "))
		case slices.Contains(names, name):
			return nil, fmt.Errorf("%s is in it twice", name)
		}
		names = append(names, name)
	}
	return names, nil
}

// repick has the choice of an episode made once more, by another order or the same.
func repick(r *episodes.Record, names []string) (*episodes.Verdict, error) {
	if r.Verdict == nil {
		return nil, errors.New("nobody was weighed in that episode, so there is nothing to choose again")
	}
	known := plugins.PickNames()
	for _, name := range r.Verdict.Pick {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("it was chosen by %q, which this reprievectl does not have", name)
		}
	}
	return report.Again(r.Verdict, plugins.Order(r.Verdict.Pick), plugins.Order(names))
}

// rechosen says whom another order takes, beside the one that was taken.
func rechosen(then, now *episodes.Verdict) string {
	was, would := chosen(then), chosen(now)
	switch {
	case would == "":
		return "nobody, as then: none of them can be stopped"
	case would == was:
		return would + ", as then"
	}
	return would + ", in place of " + was
}
