package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/internal/journal"
	"reprieve/internal/notify"
	"reprieve/internal/realtime"
	"reprieve/memcg"
	"reprieve/plugins/report"
	"reprieve/units"
)

// MESSAGE_IDs of what the daemon tells of itself; those of episodes are in
// package report. Made with "systemd-id128 new", they never change.
const (
	idStarted  = "40868ea7ae8f4eee96059381b458c40c"
	idFailed   = "106f77376d894ca3bafb05d2e7623017"
	idKept     = "ce7c13b5f8d14c0084144c5f3cd89896"
	idReleased = "975bc66ce7bc4337a04dad1605cf18cc"
	idWatched  = "e5ee6c77196f4ffa81d7b0afb10a005c"
	idPaused   = "d9502dbb51d346388669e076f20ed936"
	idUnkept   = "1ca4141e1e17411293a658498c0c28a2"
)

// Journal priorities, as syslog(3) numbers them.
const (
	prioErr     = "3"
	prioWarning = "4"
	prioNotice  = "5"
	prioInfo    = "6"
)

// teller tells people, on a goroutine of its own with a bounded queue. Nobody
// waits for it: what does not fit is dropped and counted.
type teller struct {
	queue   chan telling
	notes   chan *controller.Note // room for those that wait to be told
	done    sync.WaitGroup
	dropped atomic.Uint64

	sender  *journal.Sender
	stderr  io.Writer
	journal report.Journal

	chronicle *chronicle
	tally     *tally
	feed      feed
	series    chan *series // that are free
}

// telling is something to tell: a note of an episode, the figures of a status,
// or what a job makes of it.
type telling struct {
	note    *controller.Note
	at      time.Time        // of the note, or of the episode's end
	set     *configs.Set     // of a breach: what was in force
	over    bool             // the episode is
	episode controller.ID    // that one
	series  *series          // its readings, or nil
	status  *notify.Notifier // who is told figures; a Notifier has one user, this one is the teller's
	figures figured
	job     func()
}

// tellerDepth is how many messages may wait, and tellerNotes how many of them
// notes: some episodes' worth.
const (
	tellerDepth = 512
	tellerNotes = 128
)

func newTeller(stderr io.Writer) *teller {
	t := &teller{
		queue: make(chan telling, tellerDepth), notes: make(chan *controller.Note, tellerNotes),
		sender: journal.Open(""), stderr: stderr,
	}
	t.journal = report.Journal{To: t}
	t.chronicle, t.tally, t.series = newChronicle(), newTally(), make(chan *series, seriesMost)
	for range tellerNotes {
		t.notes <- &controller.Note{}
	}
	go t.run()
	go t.chronicles()
	return t
}

func (t *teller) run() {
	for next := range t.queue {
		switch n := next.note; {
		case n != nil:
			_ = t.journal.Report(*n)
			t.tally.count(n)
			t.feed.pass(n, next.at)
			t.write(t.chronicle.records.Take(n, next.at, settingsOf(next.set, n.Slice)))
			*n = controller.Note{}
			t.notes <- n
		case next.over:
			t.finish(&next)
		case next.job != nil:
			next.job()
		default:
			line := next.figures.line()
			realtime.During(func() { _ = next.status.Status(line) }) // nil where there is no manager
		}
		t.done.Done()
	}
}

func (t *teller) enqueue(what telling) bool {
	t.done.Add(1)
	select {
	case t.queue <- what:
		return true
	default:
		t.done.Done()
		t.dropped.Add(1)
		return false
	}
}

// note tells what the controller decided, under the configuration that is in
// force. It allocates nothing.
func (t *teller) note(n *controller.Note, set *configs.Set) {
	if n.Kind != controller.NoteBreach {
		set = nil // a record needs it once, and other rules may have come since
	}
	select {
	case room := <-t.notes:
		*room = *n
		if !t.enqueue(telling{note: room, at: time.Now(), set: set}) {
			t.notes <- room
		}
	default:
		t.dropped.Add(1)
	}
}

// say tells something of the daemon itself.
func (t *teller) say(id, priority, message string, more ...report.Field) {
	fields := append([]report.Field{{Name: "MESSAGE", Value: message}, {Name: "MESSAGE_ID", Value: id}, {Name: "PRIORITY", Value: priority}}, more...)
	t.enqueue(telling{job: func() { _ = t.Send(fields) }})
}

// plain tells a line that has no entry in the catalog.
func (t *teller) plain(priority, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	t.enqueue(telling{job: func() {
		_ = t.Send([]report.Field{{Name: "MESSAGE", Value: message}, {Name: "PRIORITY", Value: priority}})
	}})
}

// released tells what became of a hold outside of its episode: at the daemon's
// end, or left by an earlier process.
func (t *teller) released(when, path, slice, episode, file, old string, how memcg.Restored, err error) {
	what, priority := "", prioNotice
	switch {
	case err != nil:
		what, priority = "could not be undone: "+err.Error(), prioErr
	case how == memcg.RestoredOld:
		what = "is undone: " + file + " is " + old + " again"
	case how == memcg.RestoredHard:
		what, priority = "is undone: "+file+" is "+old+" again, below what is in use; the kernel takes the rest back, and may kill for it", prioWarning
	case how == memcg.LeftForeign:
		what, priority = "had ended: somebody else wrote "+file+", and that stays", prioWarning
	default:
		what = "had ended with its group, or had nothing to restore"
	}
	fields := []report.Field{{Name: "REPRIEVE_SLICE", Value: slice}, {Name: "REPRIEVE_EPISODE", Value: episode}}
	unit, ok := units.FromCgroup(path)
	if ok {
		fields = append(fields, report.Field{Name: "UNIT", Value: unit})
	} else {
		unit = path
	}
	t.say(idReleased, priority, fmt.Sprintf("%s: the hold of %s %s", when, unit, what), fields...)
}

// Send implements report.Sender. A journal that is full is tried again for a
// second or so. Where there is none, or it stays full, the message goes to
// standard error, with the prefix that a service manager understands.
func (t *teller) Send(fields []report.Field) error {
	all := make([]journal.Field, 0, len(fields)+1)
	message, priority := "", prioInfo
	for _, f := range fields {
		all = append(all, journal.Field(f))
		switch f.Name {
		case "MESSAGE":
			message = f.Value
		case "PRIORITY":
			priority = f.Value
		}
	}
	all = append(all, journal.Field{Name: "SYSLOG_IDENTIFIER", Value: "reprieved"})
	err := t.send(all)
	for wait := 5 * time.Millisecond; errors.Is(err, journal.ErrFull) && wait < time.Second; wait *= 2 {
		time.Sleep(wait) // journald is slow when memory is short, as all are; only what is told waits for it
		err = t.send(all)
	}
	if err == nil {
		return nil
	}
	t.dropped.Add(1)
	fmt.Fprintf(t.stderr, "<%s>%s\n", priority, message)
	return err
}

// send sends a message once. The kernel keeps it in memory until journald has read it, and a sender of
// ordinary priority was seen to wait for that memory for 1.8 s.
func (t *teller) send(all []journal.Field) (err error) {
	realtime.During(func() { err = t.sender.Send(all) })
	return err
}

// drainBound is how long the end waits for what was told: longer than one
// message may wait for a journal that is full, see Send.
const drainBound = 3 * time.Second

// drain waits, for drainBound at most, until all that was told is sent.
func (t *teller) drain() {
	idle := make(chan struct{})
	go func() {
		t.done.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-time.After(drainBound):
	}
}
