package configs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// maxDelay is the longest wait there is.
const maxDelay = 10 * time.Minute

// rootScarce is pressure.scarce of -.slice where nobody set it: all of the host stalls at times, on a scan of files or a
// backup, and that is no reason to stop somebody.
const rootScarce = 10 * percent

// contradictions returns what is wrong with a merged policy though each value by itself is right. Each error stands at
// one of the values, and names the other and its place. An error about an inherited value is the same for all heirs.
func contradictions(p Policy) Errors {
	var errs Errors
	wrong := func(key, found, allowed string) {
		origin := p.Origins[key]
		errs = append(errs, &KeyError{File: origin.File, Line: origin.Line, Key: key, Found: found, Allowed: allowed})
	}
	if p.Watched && p.Pressure.Full == 0 && p.Pressure.Some == 0 && len(p.Pressure.Events) == 0 && !leftIsLimit(p) {
		wrong("pressure", "a table without a limit", "at least one of pressure.full, pressure.some, pressure.events and "+
			"pressure.left, or no [pressure] at all")
	}
	if len(p.Hold.Steps) > 0 {
		errs = append(errs, byBesideSteps(p)...)
		unfitLadder(p, wrong)
	} else if p.Hold.Delay > 0 && p.Hold.Calm > p.Hold.Delay {
		calmLongerThanDelay(p, wrong)
	}
	if p.Slice == rootSlice && p.Watched {
		unfitForRoot(p, wrong)
	}
	return errs
}

// leftIsLimit reports whether a file makes pressure.left a limit. Its default is none: it judges hosts without swap, or with little left of it, only.
func leftIsLimit(p Policy) bool { return p.Origins["pressure.left"].File != "" && p.Pressure.Left > 0 }

// byBesideSteps: who writes both in one file takes hold.by for a step. From different files the steps win.
func byBesideSteps(p Policy) Errors {
	by, steps := p.Origins["hold.by"], p.Origins["hold.step"]
	if by.File == "" || by.File != steps.File {
		return nil
	}
	return Errors{{File: by.File, Line: by.Line, Key: "hold.by", Found: strconv.Quote(p.Hold.By), Err: errByBesideSteps}}
}

var errByBesideSteps = errors.New("hold.by has no meaning beside [[hold.step]]")

// unfitLadder judges the delays of the steps against the other times of the hold.
func unfitLadder(p Policy, wrong func(key, found, allowed string)) {
	sum, steps, delay := p.Hold.ladderDelay(), p.Origins["hold.step"], p.Origins["hold.delay"]
	switch {
	case p.Hold.Delay == 0:
		wrong("hold.delay", `"0s"`, fmt.Sprintf("at least the delays of all steps, which are %q together (%s), or no [[hold.step]]",
			FormatDuration(sum), steps))
	case delay.File == "" && sum > maxDelay:
		wrong("hold.step", fmt.Sprintf("delays of %q together", FormatDuration(sum)), "at most "+FormatDuration(maxDelay))
	case sum > p.Hold.Delay:
		wrong("hold.step", fmt.Sprintf("delays of %q together", FormatDuration(sum)),
			fmt.Sprintf("at most hold.delay, which is %q (%s)", FormatDuration(p.Hold.Delay), delay))
	}
	if p.Hold.Calm > sum {
		wrong("hold.calm", strconv.Quote(FormatDuration(p.Hold.Calm)),
			fmt.Sprintf("at most the delays of all steps, which are %q together (%s)", FormatDuration(sum), steps))
	}
}

// calmLongerThanDelay: such a hold expires before it can end in relief, so that it would stop somebody every time.
func calmLongerThanDelay(p Policy, wrong func(key, found, allowed string)) {
	calm, delay := FormatDuration(p.Hold.Calm), FormatDuration(p.Hold.Delay)
	wrong("hold.calm", strconv.Quote(calm), fmt.Sprintf("at most hold.delay, which is %q (%s)", delay, p.Origins["hold.delay"]))
}

// fit gives what nobody set a value that goes with what somebody did: a ladder has the time that its steps need, a calm is
// no longer than half of the wait, so that relief is possible with any, and a stall of the host needs little memory left.
func (p *Policy) fit() {
	unset := func(key string) bool { return p.Origins[key].File == "" }
	if p.Slice == rootSlice && unset("pressure.scarce") {
		p.Pressure.Scarce = rootScarce
	}
	if len(p.Hold.Steps) > 0 && unset("hold.delay") {
		p.Hold.Delay = p.Hold.ladderDelay()
	}
	if wait := p.Hold.ladderDelay(); wait > 0 && unset("hold.calm") {
		p.Hold.Calm = min(p.Hold.Calm, wait/2)
	}
}

// unfitForRoot: the root cgroup has no memory.high, memory.max, memory.events or cgroup.freeze
// (Documentation/admin-guide/cgroup-v2.rst).
func unfitForRoot(p Policy, wrong func(key, found, allowed string)) {
	limits := false
	for i, step := range p.Hold.Ladder() {
		limits = limits || !slices.Contains([]string{"none", bySignal, byStart}, step.By)
		if step.By != "raise" {
			continue
		}
		key, found := "hold.by", `"raise"`
		if len(p.Hold.Steps) > 0 {
			key, found = "hold.step", fmt.Sprintf(`by = "raise" in step %d`, i+1)
		}
		wrong(key, found, "for -.slice another, since the root cgroup has no memory.max; say so in slices/-.slice.toml")
	}
	if p.Hold.On == "slice" && limits {
		wrong("hold.on", `"slice"`, `for -.slice only "growers", since the root cgroup has neither memory.high nor cgroup.freeze; `+
			"say so in slices/-.slice.toml")
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
