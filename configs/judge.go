package configs

import (
	"fmt"
	"strconv"
)

// contradictions returns what is wrong with a merged policy though each value by itself is right. Each error stands at
// one of the values, and names the other and its place. An error about an inherited value is the same for all heirs.
func contradictions(p Policy) Errors {
	var errs Errors
	wrong := func(key, found, allowed string) {
		origin := p.Origins[key]
		errs = append(errs, &KeyError{File: origin.File, Line: origin.Line, Key: key, Found: found, Allowed: allowed})
	}
	if p.Watched && p.Pressure.Full == 0 && p.Pressure.Some == 0 && len(p.Pressure.Events) == 0 {
		wrong("pressure", "a table without a limit", "at least one of pressure.full, pressure.some and pressure.events, "+
			"or no [pressure] at all")
	}
	if p.Hold.Delay > 0 && p.Hold.Calm > p.Hold.Delay {
		calmLongerThanDelay(p, wrong)
	}
	if p.Slice == rootSlice && p.Watched {
		unfitForRoot(p, wrong)
	}
	return errs
}

// calmLongerThanDelay: such a hold expires before it can end in relief, so that it would stop somebody every time.
func calmLongerThanDelay(p Policy, wrong func(key, found, allowed string)) {
	calm, delay := FormatDuration(p.Hold.Calm), FormatDuration(p.Hold.Delay)
	wrong("hold.calm", strconv.Quote(calm), fmt.Sprintf("at most hold.delay, which is %q (%s)", delay, p.Origins["hold.delay"]))
}

// fitCalm makes a calm that nobody set no longer than half of the delay, so that relief is possible with any delay.
func (p *Policy) fitCalm() {
	if p.Origins["hold.calm"].File == "" && p.Hold.Delay > 0 {
		p.Hold.Calm = min(p.Hold.Calm, p.Hold.Delay/2)
	}
}

// unfitForRoot: the root cgroup has neither memory.high nor memory.events (Documentation/admin-guide/cgroup-v2.rst).
func unfitForRoot(p Policy, wrong func(key, found, allowed string)) {
	if p.Hold.On == "slice" && p.Hold.By != "none" {
		wrong("hold.on", `"slice"`, `for -.slice only "growers", since the root cgroup has no memory.high; say so in slices/-.slice.toml`)
	}
	if len(p.Pressure.Events) > 0 {
		wrong("pressure.events", quotedList(p.Pressure.Events), "for -.slice only [], since the root cgroup has no memory.events; "+
			"say so in slices/-.slice.toml")
	}
}

// quotedList writes words as a TOML list.
func quotedList(words []string) string {
	items := make([]any, len(words))
	for i, word := range words {
		items[i] = word
	}
	return foundText(items)
}
