package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"reprieve/internal/worker"
)

// pauseFile says until when the daemon is paused, for one that is started
// meanwhile: an upgrade is a maintenance, too. It goes with the boot, as its clock does.
const pauseFile = "/run/reprieve/paused"

// askPause has the loop hold and stop nothing for a time, 0 to end that.
func (d *daemon) askPause(length time.Duration, answer func(released int)) {
	d.desk.Post(func() { answer(d.pause(length)) })
}

// pause returns how many holds it lifts.
func (d *daemon) pause(length time.Duration) int {
	now := d.now()
	was := now < d.pausedUntil
	d.pausedUntil = now + length
	lifted := 0
	for _, s := range d.slices {
		n, decided := s.m.Pause(now, d.pausedUntil, d.room())
		d.carry(s, decided)
		lifted += n
	}
	switch {
	case length > 0:
		d.tell.say(idPaused, prioWarning, fmt.Sprintf("paused by hand for %s, until %s: nothing is held or stopped; %d holds are lifted", length, time.Now().Add(length).Format("15:04:05"), lifted))
	case was:
		d.tell.say(idPaused, prioNotice, "the pause is ended by hand")
		d.pausedUntil = now // unpause does the rest
		return lifted
	default:
		d.pausedUntil = 0
		return 0
	}
	d.writePause(length)
	d.setStatus()
	return lifted
}

// unpause tells when a pause has come to its end, and looks at all.
func (d *daemon) unpause(now time.Duration) {
	if d.pausedUntil == 0 || now < d.pausedUntil {
		return
	}
	d.pausedUntil = 0
	d.tell.say(idPaused, prioNotice, "the pause is over")
	d.writePause(0)
	for _, s := range d.slices {
		s.dirty = true
	}
	d.setStatus()
}

// writePause remembers a pause beyond this process.
func (d *daemon) writePause(length time.Duration) {
	name, until := d.pauseFile, monotonic()+length
	if name == "" {
		return
	}
	d.later(func() worker.Answer {
		var err error
		if length > 0 {
			err = os.WriteFile(name+".new", []byte(strconv.FormatInt(until.Microseconds(), 10)+"\n"), 0o644)
			if err == nil { // a process that ends in between is as it was
				err = os.Rename(name+".new", name)
			}
		} else if err = os.Remove(name); os.IsNotExist(err) {
			err = nil
		}
		if err == nil {
			return nil
		}
		return func() {
			d.tell.plain(prioWarning, "whether I am paused is not remembered beyond this process: %v", err)
		}
	})
}

// recallPause goes on with a pause that an earlier process was given.
func (d *daemon) recallPause() {
	text, err := os.ReadFile(d.pauseFile)
	if err != nil {
		return // there is none
	}
	usec, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	left := time.Duration(usec)*time.Microsecond - monotonic()
	if err != nil || left > pauseMost {
		d.tell.plain(prioWarning, "%s is not taken: %q is no time of this boot", d.pauseFile, strings.TrimSpace(string(text)))
		return
	}
	if left > 0 {
		d.pausedUntil = d.now() + left
		d.tell.say(idPaused, prioWarning, fmt.Sprintf("still paused by hand, for %s: nothing is held or stopped", left.Round(time.Second)))
	}
}

// pauseWord is what the status line says of it.
func (d *daemon) pauseWord() string {
	now := d.now()
	if now >= d.pausedUntil {
		return ""
	}
	return fmt.Sprintf("paused until %s", time.Now().Add(d.pausedUntil-now).Format("15:04:05"))
}
