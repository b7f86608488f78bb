package main

import (
	"strings"
	"time"

	"reprieve/configs"
	"reprieve/episodes"
	"reprieve/internal/figure"
)

// wait says how long it was waited and held, and why that ended.
func (p *showPage) wait(r *episodes.Record) {
	p.title("The wait")
	p.say("waited", "%s of at most %s under pressure", figure.Span(micros(r.WaitedUsec)), configs.FormatDuration(micros(r.DelayUsec)))
	switch held := heldFor(&r.Samples); {
	case len(r.Held) == 0:
		p.say("held", "nobody")
	case r.Observe:
		p.say("would hold", "%s", strings.Join(r.Held, ", "))
	case held > 0:
		p.say("held", "%s, for %s", strings.Join(r.Held, ", "), figure.Span(held))
	default:
		p.say("held", "%s", strings.Join(r.Held, ", "))
	}
	p.say("ended", "%s", whyEnded(r))
}

// heldFor sums the time in which anybody was held.
func heldFor(s *episodes.Samples) time.Duration {
	var sum int64
	for i := range max(len(s.AtUsec)-1, 0) {
		if s.Held[i] > 0 {
			sum += s.AtUsec[i+1] - s.AtUsec[i]
		}
	}
	return micros(sum)
}

// whyEnded is what ended the wait, in the words of the journal where the record has them. A stop says it; what came before one
// was no end.
func whyEnded(r *episodes.Record) string {
	for _, kind := range []string{"stop", "relief", "kernel", "failed"} {
		for _, e := range r.Events {
			reason := e.Fields["REPRIEVE_REASON"]
			switch {
			case e.Kind != kind:
			case kind == "relief" && e.Fields["REPRIEVE_PAUSED"] != "":
				return "reprieved was paused by hand"
			case kind == "relief" && e.Fields["REPRIEVE_SPARED"] == "":
				return "the pressure passed"
			case reason == "":
				return e.Message
			default:
				return reason
			}
		}
	}
	return ""
}

// aftermath says what became of those who were stopped, and of others with them.
func (p *showPage) aftermath(r *episodes.Record) {
	if len(r.Stopped)+len(r.Revived)+len(r.Lost)+len(r.Along) == 0 && r.KernelKills == 0 {
		return
	}
	p.title("What came of it")
	p.say("stopped", "%s", strings.Join(r.Stopped, ", "))
	if len(r.Stopped) > 0 {
		if r.EmptyUsec > 0 {
			p.say("empty", "%s after the decision", figure.Span(micros(r.EmptyUsec)))
		}
		if r.SettleUsec > 0 {
			p.say("freed", "%s, %s after that", figure.Size(r.FreedBytes), figure.Span(micros(r.SettleUsec)))
		} else if r.FreedBytes > 0 {
			p.say("freed", "%s", figure.Size(r.FreedBytes))
		}
	}
	if r.KernelKills > 0 {
		p.say("kernel", "its OOM killer killed %s", figure.Count(r.KernelKills, "process"))
	}
	for _, what := range []struct {
		name, about string
		units       []string
	}{
		{"along", "systemd stopped with it, since they require it or are part of it", r.Along},
		{"revived", "started again by rule", r.Revived},
		{"lost", "cannot be started again", r.Lost},
	} {
		if len(what.units) > 0 {
			p.say(what.name, "%s: %s", strings.Join(what.units, ", "), what.about)
		}
	}
}
