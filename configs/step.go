package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// What a step may do beside the ways to hold.
const (
	bySignal = "signal"
	byStart  = "start"
)

// maxSteps bounds a ladder. Each step costs a parse of the file.
const maxSteps = 16

// stepSettings is every setting of one step, with its bounds.
func stepSettings(holds []string) []setting[Step] {
	return []setting[Step]{
		field("by", choice(append(slices.Clip(holds), bySignal, byStart)...), func(s *Step) *string { return &s.By }),
		field("delay", durations(100*time.Millisecond, maxDelay, "5s"), func(s *Step) *time.Duration { return &s.Delay }),
		field("unit", unitNames(), func(s *Step) *string { return &s.Unit }),
		field("signal", signals(), func(s *Step) *string { return &s.Signal }),
		field("to", choice("main", "all"), func(s *Step) *string { return &s.To }),
	}
}

// ladder makes the setting of a list of steps, stored where at says. An empty list is a value: it takes a ladder away.
func ladder(key string, settings []setting[Step], at func(*Policy) *[]Step) setting[Policy] {
	allowed := fmt.Sprintf("tables with the heading [[%s]], at most %d of them", key, maxSteps)
	return setting[Policy]{key: key, allowed: allowed, list: func(d *document, path []string, p toml.Primitive) (func(*Policy), int, Errors) {
		raw, line := d.look(path, p)
		if headings, ok := raw.([]map[string]any); ok && len(headings) > maxSteps {
			return nil, line, Errors{{Key: key, Line: line, Found: fmt.Sprintf("%d tables", len(headings)), Allowed: allowed}}
		}
		list, ok := d.elements(path, raw, line)
		if !ok || len(list) > maxSteps {
			return nil, line, Errors{{Key: key, Line: line, Found: foundText(raw), Allowed: allowed}}
		}
		var steps []Step
		var errs Errors
		for i, e := range list {
			step, wrong := readStep(e, settings)
			for _, one := range wrong {
				one.Key = fmt.Sprintf("%s[%d].%s", key, i+1, one.Key)
			}
			steps, errs = append(steps, step), append(errs, wrong...)
		}
		if len(list) > 0 {
			line = list[0].line
		}
		return func(p *Policy) { *at(p) = steps }, line, errs
	}}
}

// readStep judges one table. Its errors name keys of the table alone.
func readStep(e element, settings []setting[Step]) (Step, Errors) {
	l := &layer[Step]{}
	r := &reading[Step]{settings: settings, doc: e.doc, layer: l}
	r.walk(nil, e.entries)
	var step Step
	origins := map[string]Origin{}
	merge(&step, origins, []*layer[Step]{l})
	r.errs = append(r.errs, unfitStep(step, e, origins, settings)...)
	for _, one := range r.errs {
		if !e.exact || one.Line == 0 {
			one.Line = e.line
		}
	}
	if step.By == bySignal {
		step.Signal, step.To = cmp.Or(step.Signal, "SIGUSR1"), cmp.Or(step.To, "main")
	}
	return step, r.errs
}

// unfitStep returns what a step lacks, and what does not go with its by. origins has the keys whose values are right.
func unfitStep(step Step, e element, origins map[string]Origin, settings []setting[Step]) Errors {
	var errs Errors
	for _, s := range settings {
		needed, by := true, ""
		switch s.key {
		case "unit":
			needed, by = step.By == bySignal || step.By == byStart, `"signal" or "start"`
		case "signal", "to":
			needed, by = step.By == bySignal, `"signal"`
		}
		_, given := e.entries[s.key]
		origin, right := origins[s.key]
		optional := s.key == "signal" || s.key == "to"
		switch {
		case needed && !given && !optional:
			errs = append(errs, &KeyError{Key: s.key, Line: e.line, Found: "nothing", Allowed: s.allowed})
		case !needed && right && step.By != "":
			raw, _ := e.doc.probe(e.entries[s.key])
			errs = append(errs, &KeyError{Key: s.key, Line: origin.Line, Found: foundText(raw), Allowed: "only with by = " + by})
		}
	}
	if step.By == bySignal && cmp.Or(step.To, "main") == "main" && step.Unit != "" && !strings.HasSuffix(step.Unit, ".service") {
		errs = append(errs, &KeyError{Key: "to", Line: cmp.Or(origins["to"].Line, origins["unit"].Line), Found: `"main"`,
			Allowed: fmt.Sprintf(`"all" for %s, only a service has a main process`, step.Unit)})
	}
	return errs
}

// unitTypes are the endings of the names of units (systemd.unit(5)).
var unitTypes = []string{"service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path", "slice", "scope"}

// unitNames is the full name of one unit.
func unitNames() kind[string] {
	return kind[string]{
		allowed: `the name of one unit with its type such as "cache.service", no glob and no template`,
		parse: func(raw any) (string, bool) {
			text, _ := raw.(string)
			dot := strings.LastIndexByte(text, '.')
			if dot < 1 || len(text) > 255 || !slices.Contains(unitTypes, text[dot+1:]) {
				return "", false
			}
			name, instance, isInstance := strings.Cut(text[:dot], "@")
			ok := name != "" && (!isInstance || instance != "")
			return text, ok && strings.Trim(name, nameBytes+"-") == "" && strings.Trim(instance, nameBytes+"-@") == ""
		},
	}
}
