package main

import (
	"fmt"
	"strings"
	"time"

	"reprieve/episodes"
	"reprieve/internal/figure"
)

// showPage is the story of an episode for people, of lines of width characters.
type showPage struct {
	strings.Builder
	width   int
	heights string // Of sparklines: sparkBlocks or sparkASCII.
	colours bool
	zone    *time.Location
	then    *episodes.Verdict // what was chosen then, where the record's verdict is by another order
}

// nameWidth is the column of names at the left, and textIndent where what they name begins.
const (
	nameWidth  = 10
	textIndent = 2 + nameWidth + 2
)

// say writes a name and its text, folded. A text that is empty is left out.
func (p *showPage) say(name, format string, args ...any) {
	text := figure.Plain(fmt.Sprintf(format, args...))
	if text == "" {
		return
	}
	for i, line := range figure.Fold(text, p.width-textIndent) {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(p, "  %-*s  %s\n", nameWidth, name, line)
	}
}

// title begins a part of the page.
func (p *showPage) title(text string) { fmt.Fprintf(p, "\n%s\n", p.paint(titleColour, text)) }

// paint gives a text a colour where there are colours.
func (p *showPage) paint(colour, text string) string {
	if !p.colours {
		return text
	}
	return painted(colour, text)
}

// story writes all of an episode, with the policy if that is wanted.
func (p *showPage) story(r *episodes.Record, policy bool) string {
	p.head(p.asItWas(r))
	p.seen(r)
	p.wait(r)
	p.weighed(r)
	p.aftermath(r)
	p.timeline(r)
	if policy {
		p.policy(r)
	}
	return p.String()
}

// asItWas is the record with the choice that was made then.
func (p *showPage) asItWas(r *episodes.Record) *episodes.Record {
	if p.then == nil {
		return r
	}
	was := *r
	was.Verdict = p.then
	return &was
}

// head says what happened in one line, and when.
func (p *showPage) head(r *episodes.Record) {
	fmt.Fprintf(p, "%s  %s\n", p.paint(titleColour, figure.Plain(r.Slice)), p.paint(outcomeColour(r.Outcome), figure.Plain(string(r.Outcome))))
	p.say("", "%s", ending(r))
	p.say("began", "%s", r.Began.In(p.zone).Format("Mon 2006-01-02 15:04:05.000 MST"))
	if !r.Ended.IsZero() {
		p.say("ended", "%s, after %s", r.Ended.In(p.zone).Format("Mon 2006-01-02 15:04:05.000 MST"), figure.Span(r.Ended.Sub(r.Began)))
	}
	p.say("breach", "%s", r.Breach)
	p.say("journal", "journalctl REPRIEVE_EPISODE=%s", r.Episode)
	written := []string{}
	if r.Daemon != "" {
		written = append(written, "reprieved "+r.Daemon)
	}
	if r.BootID != "" {
		written = append(written, "boot "+r.BootID)
	}
	p.say("by", "%s", strings.Join(written, ", "))
}

// ending says in words how an episode ended.
func ending(r *episodes.Record) string {
	text := map[episodes.Outcome]string{
		episodes.Running:  "it goes on, or the daemon ended in it",
		episodes.Relieved: "the pressure passed, and nothing died",
		episodes.Spared:   "the pressure went on, but the host was not short of memory: nobody was stopped",
		episodes.Stopped:  someOf(r.Stopped) + was(len(r.Stopped)) + " stopped",
		episodes.Killed:   "the kernel's OOM killer was first: it killed " + figure.Count(r.KernelKills, "process"),
		episodes.Failed:   "nobody could be stopped, or the stop did not work",
	}[r.Outcome]
	switch {
	case r.Observe && chosen(r.Verdict) != "":
		return chosen(r.Verdict) + " would have been stopped; nothing was written or stopped (observe)"
	case r.Observe:
		return text + "; nothing was written or stopped (observe)"
	case r.Outcome == episodes.Stopped && len(r.Stopped) == 0:
		return "a unit was stopped"
	case text == "":
		return "an outcome that this reprievectl does not know"
	}
	return text
}

// chosen returns whom a verdict takes, "" where that is nobody.
func chosen(v *episodes.Verdict) string {
	if v == nil || len(v.Candidates) == 0 || v.Candidates[0].Rank == 0 {
		return ""
	}
	return v.Candidates[0].Unit
}

func was(n int) string {
	if n == 1 {
		return " was"
	}
	return " were"
}
