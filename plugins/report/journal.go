// Package report holds the reports: each tells people what the controller
// decided. They have effects; the daemon's reporter runs them, never the loop.
package report

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"reprieve/controller"
)

// Field is a field of a journal message.
type Field struct{ Name, Value string }

// Sender takes the fields of one message. It must not block.
type Sender interface {
	Send(fields []Field) error
}

// Journal tells every note as a message of journald's native protocol.
type Journal struct{ To Sender }

// Report sends a note. The error is the sender's.
func (j Journal) Report(n controller.Note) error {
	return j.To.Send(Fields(n))
}

// kind is what is the same in all messages of a kind.
type kind struct {
	id       string // MESSAGE_ID, explained in the catalog
	priority string // syslog's
}

// Journal priorities, as syslog(3) numbers them.
const (
	priorityErr     = "3"
	priorityWarning = "4"
	priorityNotice  = "5"
	priorityInfo    = "6"
)

// The ids were made with "systemd-id128 new" and never change. That of a
// release is the daemon's own for holds that it undoes at its start or end.
var kinds = map[controller.NoteKind]kind{
	controller.NoteBreach:    {"eddce819473148bb84b99580d910ec68", priorityNotice},
	controller.NoteHold:      {"8c29c0d12bf0490a9286014b2c04a49b", priorityNotice},
	controller.NoteRelief:    {"77bae3f1389d4d81923c21e502605f9d", priorityNotice},
	controller.NoteStop:      {"813f3b1874dc47ab9aa5472c942dd1ab", priorityWarning},
	controller.NoteStopped:   {"a7452aab967443f4aaeb384b853c1d7c", priorityWarning},
	controller.NoteSettled:   {"c2b960401851416e8e7bf732b9650777", priorityNotice},
	controller.NoteStep:      {"4962b306865147828be10a0d96f106b7", priorityInfo},
	controller.NoteReleased:  {"975bc66ce7bc4337a04dad1605cf18cc", priorityNotice},
	controller.NoteHooks:     {"d30c9d9cfb2b418a8b17e63897c004d1", priorityInfo},
	controller.NoteAcquitted: {"99d38dca0e9c485ca7089569cc321eb3", priorityNotice},
	controller.NoteKernel:    {"6c0dbfc6b43a43e1b62c8803fb25b80f", priorityWarning},
	controller.NoteRevived:   {"fe18d643576143ba99ee6d6ffc958c04", priorityNotice},
	controller.NoteStaysDown: {"1f85a9594e774cb2bc830965f5d845c2", priorityWarning},
	controller.NoteFailed:    {"106f77376d894ca3bafb05d2e7623017", priorityErr},
}

// priorityOf is that of the kind, or a warning where something went wrong that
// the message tells of.
func priorityOf(n controller.Note) string {
	wrong := (n.Kind == controller.NoteStep && n.Err != nil) || (n.Kind == controller.NoteHooks && !allAnswered(n))
	if wrong {
		return priorityWarning
	}
	return kinds[n.Kind].priority
}

// Fields renders a note: a message for people, and every figure for programs.
func Fields(n controller.Note) []Field {
	fields := []Field{
		{"MESSAGE", Message(n)},
		{"MESSAGE_ID", kinds[n.Kind].id},
		{"PRIORITY", priorityOf(n)},
		{"REPRIEVE_SLICE", n.Slice},
		{"REPRIEVE_EPISODE", n.Episode.String()},
		{"REPRIEVE_REASON", Reason(n)},
	}
	add := func(when bool, name, value string) {
		if when {
			fields = append(fields, Field{name, value})
		}
	}
	add(n.UsageBytes > 0, "REPRIEVE_USAGE", bytes(n.UsageBytes))
	add(n.Unit != "" && !n.User, "UNIT", n.Unit)
	add(n.Unit != "" && n.User, "USER_UNIT", n.Unit)
	add(n.User, "REPRIEVE_UID", strconv.FormatUint(uint64(n.UID), 10))
	add(n.StallOK, "REPRIEVE_STALL_SOME", n.Stall.Some.String())
	add(n.StallOK, "REPRIEVE_STALL_FULL", n.Stall.Full.String())
	add(len(n.Candidates) > 0, "REPRIEVE_CANDIDATES", Table(n))
	holdFields(n, add)
	evidence := evidence(n.Grounds)
	add(evidence != "", "REPRIEVE_EVIDENCE", evidence)
	add(n.Kind == controller.NoteStop, "REPRIEVE_PICK", n.Pick)
	add(n.Kind == controller.NoteStopped, "REPRIEVE_EMPTY_USEC", micros(n.Took))
	add(n.Kind == controller.NoteSettled, "REPRIEVE_EMPTY_USEC", micros(n.Emptied))
	add(n.Kind == controller.NoteSettled, "REPRIEVE_SETTLE_USEC", micros(n.Took))
	add(n.FreedOK, "REPRIEVE_FREED", bytes(n.FreedBytes))
	add(n.Reaped > 0, "REPRIEVE_REAPED", bytes(n.ReapBytes))
	add(n.Kills > 0, "REPRIEVE_KILLS", strconv.FormatUint(n.Kills, 10))
	add(len(n.Revives) > 0, "REPRIEVE_REVIVES", strings.Join(n.Revives, " "))
	add(len(n.Lost) > 0, "REPRIEVE_LOST", strings.Join(n.Lost, " "))
	add(len(n.Stays) > 0, "REPRIEVE_STAYS", strings.Join(n.Stays, " "))
	add(len(n.Along) > 0, "REPRIEVE_ALONG", strings.Join(n.Along, " "))
	add(n.Observe, "REPRIEVE_OBSERVE", "1")
	return append(fields, objects(n)...)
}

// objects names the units that a message is about, so that journalctl -u of each
// of them shows it (journalctl(1): OBJECT_SYSTEMD_UNIT= of a daemon that is root's). Of a
// stop those within the group are known when it is over.
func objects(n controller.Note) []Field {
	var all []Field
	switch {
	case n.Unit != "" && n.User:
		all = append(all, Field{"OBJECT_SYSTEMD_USER_UNIT", n.Unit})
	case n.Unit != "":
		all = append(all, Field{"OBJECT_SYSTEMD_UNIT", n.Unit})
	}
	inside := [][]string{n.Revives, n.Lost, n.Stays, n.Along}
	if n.User {
		inside = inside[3:] // the others are units of a user's manager, which says itself what became of them
	}
	for _, units := range inside {
		for _, unit := range units {
			if unit != n.Unit {
				all = append(all, Field{"OBJECT_SYSTEMD_UNIT", unit})
			}
		}
	}
	return all
}

// holdFields adds what there is to say of a wait and its holds.
func holdFields(n controller.Note, add func(when bool, name, value string)) {
	switch n.Kind {
	case controller.NoteStop, controller.NoteRelief, controller.NoteStep, controller.NoteReleased:
		add(true, "REPRIEVE_WAITED_USEC", micros(n.Waited))
		add(true, "REPRIEVE_DELAY_USEC", micros(n.Delay))
	case controller.NoteHold:
		add(true, "REPRIEVE_HOLD", cmp.Or(n.By, "throttle"))
		add(n.LentBytes > 0, "REPRIEVE_LENT", bytes(n.LentBytes))
	}
	add(n.Breach.By == "left", "REPRIEVE_LEFT_USEC", micros(n.Breach.Left))
	add(n.Spared, "REPRIEVE_SPARED", "1")
	add(n.Paused, "REPRIEVE_PAUSED", "1")
	add(n.Kind == controller.NoteStep, "REPRIEVE_STEP", stepField(n))
	add(len(n.Hooks) > 0, "REPRIEVE_HOOKS", hooksField(n))
}

func bytes(n uint64) string { return strconv.FormatUint(n, 10) }

// micros renders a time in the unit that systemd's own _USEC fields have.
func micros(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }
