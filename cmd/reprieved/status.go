package main

import (
	"fmt"

	"reprieve/controller"
)

// figured is what the line that systemctl status shows is made of.
type figured struct {
	slices, episodes int
	one              string // the slice, where it is the only one
	kills            uint64
	kept             int
	dropped          uint64
	unproved         string // by the rehearsal
	paused           string // by hand, until when
	own              toll   // since READY=1, where counted
	counted          bool
}

// setStatus keeps the line that systemctl status shows true. It is written by
// the teller.
func (d *daemon) setStatus() {
	f := figured{slices: len(d.slices), kept: d.kept, dropped: d.tell.dropped.Load(), unproved: d.unproved, paused: d.pauseWord()}
	for _, s := range d.slices {
		if s.m.Phase() != controller.PhaseCalm {
			f.episodes++
		}
		f.kills += s.m.Kills()
		f.one = s.unit
	}
	f.own, f.counted = d.tollSinceReady()
	if f != d.status {
		d.status = f
		d.tell.enqueue(telling{status: d.speaker, figures: f})
	}
}

// line is the text of a status.
func (f figured) line() string {
	text := fmt.Sprintf("watching %d slices, %d in an episode", f.slices, f.episodes)
	if f.slices == 1 {
		text = fmt.Sprintf("watching %s, %d in an episode", f.one, f.episodes)
	}
	if f.paused != "" {
		text += "; " + f.paused
	}
	if f.kills > 0 {
		text += fmt.Sprintf("; the kernel killed %d", f.kills)
	}
	if f.kept > 0 {
		text += fmt.Sprintf("; %d bad configurations not taken", f.kept)
	}
	if f.dropped > 0 {
		text += fmt.Sprintf("; %d messages dropped", f.dropped)
	}
	if f.unproved != "" {
		text += "; " + f.unproved
	}
	if f.counted {
		text += "; " + f.own.String()
	}
	return text
}
