package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reprieve/configs"
)

// voice tells what is done, or what would be under observe.
type voice bool

const observing voice = true

func (v voice) is() string  { return v.does("is", "would be") }
func (v voice) are() string { return v.does("are", "would be") }

// does is the one or the other.
func (v voice) does(really, would string) string {
	if v == observing {
		return would
	}
	return really
}

// means adds what the settings of a watched slice mean, in whole sentences with their figures.
func (e *explanation) means(p *page) {
	v := voice(e.Observe)
	p.heading("what it means")
	p.topic("Breach", e.breach())
	if e.policy.Hold.Delay == 0 {
		p.topic("Wait", fmt.Sprintf("There %s none, and no hold: in a breach somebody %s stopped at once (hold.delay 0s).", v.is(), v.is()))
	} else {
		e.wait(p, v)
		p.topic("Relief", e.relief(v))
		p.topic("Urgency", e.urgent(v))
	}
	p.topic("Choice", e.victim(v))
	p.topic("Stop", e.stop(v))
	p.topic("Afterwards", e.after(v))
	p.topic("The kernel's OOM killer", e.arm(v))
}

// breach says when the slice is in breach.
func (e *explanation) breach() string {
	p := e.policy.Pressure
	who := e.Slice
	if e.Slice == "-.slice" {
		who = "one of the top-level slices"
	}
	var when []string
	if p.Full > 0 {
		when = append(when, fmt.Sprintf("all tasks of %s that want to run are stalled on memory for %s of any %s (pressure.full %s)",
			who, part(p.Full, p.Window), window(p.Window), p.Full))
	}
	if p.Some > 0 {
		when = append(when, fmt.Sprintf("at least one task of %s is stalled on memory for %s of any %s (pressure.some %s)",
			who, part(p.Some, p.Window), window(p.Window), p.Some))
	}
	if len(p.Events) > 0 {
		when = append(when, "the memory.events of "+e.Slice+" counts "+counters(p.Events)+" (pressure.events)")
	}
	var all []string
	for i, one := range when {
		if i == 0 {
			all = append(all, fmt.Sprintf("When %s, %s is in breach.", one, e.Slice))
		} else {
			all = append(all, fmt.Sprintf("So it is when %s.", one))
		}
	}
	if p.Full > 0 || p.Some > 0 {
		all = append(all, "Percent is a share of time, not of memory.")
	}
	if len(when) > 0 {
		all = append(all, e.scarce())
	}
	if p.Left > 0 {
		also := "in breach as well"
		if len(when) == 0 {
			also = "in breach"
		}
		all = append(all, fmt.Sprintf("On a host without swap, or with less than a quarter of it free, %s is %s when at the present rate "+
			"%s in %s (pressure.left).", e.Slice, also, e.left(), length(p.Left)))
	}
	return strings.Join(all, " ")
}

// counters says which counters of memory.events count.
func counters(names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, fmt.Sprintf("another %s, which is that %s", name, events[name]))
	}
	return listed(all, "or")
}

// events says what the counters of memory.events count.
var events = map[string]string{
	"max":      "the slice ran into its MemoryMax=",
	"oom":      "the kernel found no memory in it",
	"high":     "it ran into a MemoryHigh=",
	"low":      "it was pushed below a MemoryLow=",
	"oom_kill": "the kernel's OOM killer killed a process in it",
}

// left says whose memory would be used up.
func (e *explanation) left() string {
	if e.Slice == "-.slice" {
		return "all that is available (MemAvailable) would be used up"
	}
	return "what its own MemoryMax= leaves it would be used up"
}

// scarce says which stall counts.
func (e *explanation) scarce() string {
	p := e.policy.Pressure
	if p.Scarce == 0 {
		return "That counts however much of the host's memory is available (pressure.scarce 0%)."
	}
	return fmt.Sprintf("That counts only while less than %s of the host's memory is available (MemAvailable, pressure.scarce), and with more than that nobody "+
		"is stopped.", p.Scarce)
}

// wait says what comes between a breach and a stop.
func (e *explanation) wait(p *page, v voice) {
	h := e.policy.Hold
	bound := fmt.Sprintf("All of it lasts for at most %s (hold.delay).", length(h.Delay))
	if len(h.Steps) == 0 {
		p.topic("Wait", "Then "+e.hold(v, h.By)+". "+bound)
		return
	}
	p.topic("Wait", fmt.Sprintf("Then these steps %s taken one after the other (hold.step); what one way holds %s let go when another "+
		"comes. %s", v.are(), v.is(), bound))
	for i, s := range h.Steps {
		p.item("for %s%s: %s", length(s.Delay), e.beyond(i), e.step(v, s))
	}
}

// holds reports whether anybody is held in the wait.
func (e *explanation) holds() bool {
	return slices.ContainsFunc(e.policy.Hold.Ladder(), func(s configs.Step) bool {
		return s.By != "none" && s.By != "signal" && s.By != "start"
	})
}

// relief says what ends the wait well.
func (e *explanation) relief(v voice) string {
	calm := length(e.policy.Hold.Calm)
	passed := fmt.Sprintf("If the pressure passes for %s (hold.calm), nobody %s stopped", calm, v.is())
	if e.holds() {
		passed += fmt.Sprintf(": what is held %s let go in four steps, each of %s and watched", v.is(), length(e.policy.Hold.Calm/4))
	}
	return passed + fmt.Sprintf(". A breach within %s of that is the same episode and has what is left of the %s.", calm, length(e.policy.Hold.Delay))
}

// beyond says that the last step has what no step needs.
func (e *explanation) beyond(i int) string {
	h := e.policy.Hold
	var sum time.Duration
	for _, s := range h.Steps {
		sum += s.Delay
	}
	if i < len(h.Steps)-1 || sum >= h.Delay {
		return ""
	}
	return fmt.Sprintf(", and what is left of the %s", length(h.Delay))
}

// step says what one step of a ladder does.
func (e *explanation) step(v voice, s configs.Step) string {
	switch {
	case s.By == "signal" && s.To == "all":
		return fmt.Sprintf("%s %s sent to all processes of %s, once in an episode, so that it frees memory", s.Signal, v.is(), s.Unit)
	case s.By == "signal":
		return fmt.Sprintf("%s %s sent to the main process of %s, once in an episode, so that it frees memory", s.Signal, v.is(), s.Unit)
	case s.By == "start":
		return fmt.Sprintf("%s %s started, once in an episode", s.Unit, v.is())
	}
	return e.hold(v, s.By)
}

// hold says what a way to hold does, and to whom.
func (e *explanation) hold(v voice, by string) string {
	h := e.policy.Hold
	whom := fmt.Sprintf("the leaves that grow %s held, each by itself and at most sixteen at a time (hold.on growers)", v.are())
	if h.On == "slice" {
		whom = fmt.Sprintf("%s %s held as a whole, and with it those in it that do not grow (hold.on slice)", e.Slice, v.is())
	}
	switch by {
	case "throttle":
		text := fmt.Sprintf("%s: memory.high %s set to what is in use, so that growth waits and the rest runs on (throttle)", whom, v.is())
		if h.Squeeze > 0 {
			text += fmt.Sprintf(", and %s moved in small steps to %s below that (hold.squeeze)", v.is(), h.Squeeze)
		}
		return text
	case "freeze":
		return fmt.Sprintf("%s: no process of what is held %s (freeze). Where a session, a user's manager, the bus, PID 1, the daemon or a unit of "+
			"protect is in it, it is not frozen", whom, v.does("runs", "would run"))
	case "raise":
		return fmt.Sprintf("when %s is close to its MemoryMax= and the host has the room, its memory.max %s raised by %s (raise, hold.lend), and back "+
			"10s after the wait at the latest", e.Slice, v.is(), configs.Size{Bytes: h.LendBytes})
	}
	return fmt.Sprintf("nobody %s held (none)", v.is())
}

// urgent says what cuts the wait short.
func (e *explanation) urgent(v voice) string {
	h := e.policy.Hold
	var when []string
	if h.Urgent > 0 && e.holds() { // without a hold it is the breach that they stall by
		when = append(when, fmt.Sprintf("somebody who is not held is fully stalled for %s of a second (hold.urgent %s)", part(h.Urgent, time.Second), h.Urgent))
	}
	when = append(when, fmt.Sprintf("the host has less than %s of memory available and less than %s of swap free ([host], %s)",
		e.daemon.Host.Available, e.daemon.Host.Swap, e.daemon.Origins["host.available"]))
	if e.Slice != "-.slice" { // the root cgroup has no memory.events
		when = append(when, "the kernel finds no memory in the slice (oom in memory.events)")
	}
	throttles := slices.ContainsFunc(h.Ladder(), func(s configs.Step) bool { return s.By == "throttle" })
	if throttles {
		when = append(when, fmt.Sprintf("reclaim in a leaf that is throttled finds nothing for %s, with no swap and no page cache left "+
			"(hold.futile)", length(h.Futile)))
	}
	return fmt.Sprintf("The wait %s cut short when the pressure goes on and %s.", v.is(), listed(when, "or"))
}

// part is a share of a time.
func part(s configs.Share, of time.Duration) string { return length(time.Duration(s.Of(uint64(of)))) }

// length writes a duration as a file has it.
func length(d time.Duration) string { return configs.FormatDuration(d) }

// window writes the duration that stall is measured over, for after the word any.
func window(d time.Duration) string {
	if d == time.Second {
		return "second"
	}
	return length(d)
}

// listed joins parts of a sentence.
func listed(parts []string, last string) string {
	n := len(parts) - 1
	if n == 0 {
		return parts[0]
	}
	return strings.Join(parts[:n], "; ") + "; " + last + " " + parts[n]
}
