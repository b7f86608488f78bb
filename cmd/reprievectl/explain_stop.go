package main

import (
	"fmt"
	"strings"

	"reprieve/configs"
)

// victim says who is stopped.
func (e *explanation) victim(v voice) string {
	s := e.policy.Stop
	leaf := "A leaf is a slice without slices below it, or a unit that stands beside slices (stop.from slices)"
	if s.From == "units" {
		leaf = "Each unit is a leaf by itself (stop.from units)"
	}
	if s.From != "units" && (e.Slice == "-.slice" || e.Slice == "user.slice" || strings.HasPrefix(e.Slice, "user-")) {
		leaf += ", and below a user's manager each unit"
	}
	when := "When it does not pass in that time"
	if e.policy.Hold.Delay == 0 {
		when = "In a breach"
	}
	var by []string
	for _, name := range s.Pick {
		by = append(by, "the one "+picks[name])
	}
	text := fmt.Sprintf("%s, one leaf %s stopped: %s (stop.pick). %s. Two leaves are compared by the groups in which their ways down from %s part, each "+
		"with all in it.", when, v.is(), strings.Join(by, "; of equals "), leaf, e.Slice)
	switch {
	case s.Min.Share > 0:
		text += fmt.Sprintf(" Who would free less than %s of what %s uses, or less than %s, is left alone (stop.min)%s.",
			s.Min, e.Slice, configs.Size{Bytes: s.MinBytes(0)}, e.minNow())
	case s.Min.Bytes > 0:
		text += fmt.Sprintf(" Who would free less than %s is left alone (stop.min).", s.Min)
	default:
		text += " Nobody is too small for it (stop.min 0)."
	}
	return text + fmt.Sprintf(" Never stopped are PID 1, the daemon, who is named by protect (%s), and groups whose processes all have OOMScoreAdjust=-1000. "+
		"ManagedOOMPreference= comes before stop.pick.", e.daemon.Origins["protect"])
}

// picks says who goes first by each picker.
var picks = map[string]string{
	"priority": "of the lowest priority (that of its slice's file, 100 without one)",
	"largest":  "whose end gives back the most memory and swap",
	"newest":   "that was made last",
	"growth":   "that gained most since the breach",
	"stall":    "whose tasks waited longest for memory before the first hold",
	"swap":     "with the most in swap",
	"reclaim":  "whose pages the kernel scans most",
	"offender": "that ran most often into its own limit since the breach",
}

// stop says how somebody is stopped.
func (e *explanation) stop(v voice) string {
	s := e.policy.Stop
	var all []string
	if e.holds() && e.policy.Hold.Delay > 0 {
		all = append(all, fmt.Sprintf("What is held %s let go first.", v.is()))
	}
	if s.Hooks > 0 {
		all = append(all, fmt.Sprintf("Those who listen in the hook directories %s told of the choice, and have %s for what they want to do, "+
			"all together (stop.hooks).", v.are(), length(s.Hooks)))
	} else {
		all = append(all, fmt.Sprintf("No hook %s told (stop.hooks 0s).", v.is()))
	}
	how := fmt.Sprintf("and all its processes %s killed as soon as systemd has taken that (stop.grace 0s)", v.are())
	if s.Grace > 0 {
		how = fmt.Sprintf("each unit in its own way, and what is left after %s %s killed (stop.grace)", length(s.Grace), v.is())
	}
	all = append(all, fmt.Sprintf("The leaf %s stopped as a whole and through systemd, so that Restart= does not bring it straight back, %s.", v.is(), how))
	return strings.Join(all, " ")
}

// after says what follows a stop.
func (e *explanation) after(v voice) string {
	s := e.policy.Stop
	return fmt.Sprintf("Until nine tenths of its memory came back, but for no longer than %s (stop.settle), nobody else on the host %s stopped; if the "+
		"breach goes on after that, the next leaf %s. %s", length(s.Settle), v.is(), v.does("follows", "would follow"), e.revival(v))
}

// arm says what the kernel's OOM killer takes.
func (e *explanation) arm(v voice) string {
	if !e.policy.Stop.Arm {
		return "It may take one process out of a leaf: memory.oom.group is left as it is (stop.arm false)."
	}
	return fmt.Sprintf("It %s what would be stopped as a whole: memory.oom.group %s set there (stop.arm).", v.does("takes whole", "would take whole"), v.is())
}

// revival says who comes back.
func (e *explanation) revival(v voice) string {
	s := e.policy.Stop
	who := "Services whose own Restart= would have brought them back after an oom-kill"
	switch s.Revive {
	case "never":
		return "What was stopped stays down until somebody starts it (stop.revive never)."
	case "calm":
		who = "All services of it that systemd can start"
	}
	times := fmt.Sprintf("%d times", s.ReviveMax.Count)
	if s.ReviveMax.Count == 1 {
		times = "once"
	}
	return fmt.Sprintf("%s %s started again when %s has been calm for %s (stop.revive %s, stop.revive_after), each at most %s in %s (stop.revive_max).",
		who, v.are(), e.Slice, length(s.ReviveAfter), s.Revive, times, length(s.ReviveMax.Per))
}
