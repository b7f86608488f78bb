package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/episodes"
	"reprieve/internal/realtime"
	"reprieve/plugins/report"
)

// chronicle writes the records of episodes, on a goroutine of its own: a disk
// may take its time, and what the journal is told does not wait for it.
type chronicle struct {
	records report.Records // the teller's
	dir     string         // "" is nowhere; set before anything is told
	keep    atomic.Int64   // how many records stay; 0: none are written
	queue   chan *episodes.Record
	dropped atomic.Uint64
}

// chronicleDepth is how many records may wait for the disk.
const chronicleDepth = 16

func newChronicle() *chronicle {
	c := &chronicle{queue: make(chan *episodes.Record, chronicleDepth)}
	c.records.Daemon = buildVersion()
	if id, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		c.records.BootID = strings.ReplaceAll(strings.TrimSpace(string(id)), "-", "")
	}
	return c
}

// end tells that an episode is over, with what was read in it. It allocates nothing.
func (t *teller) end(id controller.ID, s *series) {
	if !t.enqueue(telling{over: true, episode: id, at: time.Now(), series: s}) && s != nil {
		t.series <- s // there is room for all of them
	}
}

// finish ends the record of an episode.
func (t *teller) finish(what *telling) {
	var samples episodes.Samples
	began := what.at
	if s := what.series; s != nil {
		samples, began = s.samples(), began.Add(s.began-s.ended)
		t.series <- s
	}
	if r := t.chronicle.records.End(what.episode, what.at, began, samples); r != nil {
		t.tally.ended(r)
		t.write(r)
	}
}

// settingsOf is the policy of a slice as a record has it.
func settingsOf(set *configs.Set, slice string) []episodes.Setting {
	if set == nil {
		return nil
	}
	policy := set.Policy(slice)
	var all []episodes.Setting
	for _, s := range policy.Settings() {
		all = append(all, episodes.Setting{Key: s.Key, Value: s.Value, Origin: s.Origin.String()})
	}
	return all
}

// write has a record written. What finds no room is counted.
func (t *teller) write(r *episodes.Record) {
	c := t.chronicle
	if r == nil || c.dir == "" || c.keep.Load() == 0 {
		return
	}
	t.done.Add(1)
	select {
	case c.queue <- r:
	default:
		t.done.Done()
		c.dropped.Add(1)
	}
}

// chronicles writes what is in the queue, for ever. What is wrong with the disk
// is told once, and once when it is mended.
func (t *teller) chronicles() {
	c, failing, crowded := t.chronicle, false, false
	for r := range c.queue {
		store := episodes.Store{Dir: c.dir, MaxFiles: int(c.keep.Load())}
		var err error
		realtime.During(func() { err = store.Write(r) })
		var e *episodes.Error
		tooMany := errors.As(err, &e) && e.Op == "remove" // this one is kept, older ones could not be removed
		if tooMany && !crowded {
			t.plain(prioWarning, "records of episodes become more than are wanted: %v", err)
		}
		if crowded = tooMany; tooMany {
			err = nil
		}
		switch {
		case err != nil:
			c.dropped.Add(1)
			if !failing {
				t.say(idUnkept, prioWarning, fmt.Sprintf("no record of episode %s is kept, nor of others until this is mended: %v", r.Episode, err), report.Field{Name: "REPRIEVE_EPISODE", Value: r.Episode})
			}
		case failing:
			t.plain(prioNotice, "records of episodes are kept again in %s", c.dir)
		}
		failing = err != nil
		t.done.Done()
	}
}
