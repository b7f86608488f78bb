// Package report holds the reports: each tells people what the controller
// decided. They have effects; the daemon's reporter runs them, never the loop.
package report

import (
	"strconv"

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
)

// The ids were made with "systemd-id128 new" and never change.
var kinds = map[controller.NoteKind]kind{
	controller.NoteBreach:  {"eddce819473148bb84b99580d910ec68", priorityNotice},
	controller.NoteHold:    {"8c29c0d12bf0490a9286014b2c04a49b", priorityNotice},
	controller.NoteRelief:  {"77bae3f1389d4d81923c21e502605f9d", priorityNotice},
	controller.NoteStop:    {"813f3b1874dc47ab9aa5472c942dd1ab", priorityWarning},
	controller.NoteStopped: {"a7452aab967443f4aaeb384b853c1d7c", priorityWarning},
	controller.NoteSettled: {"c2b960401851416e8e7bf732b9650777", priorityNotice},
	controller.NoteFailed:  {"106f77376d894ca3bafb05d2e7623017", priorityErr},
}

// Fields renders a note: a message for people, and every figure for programs.
func Fields(n controller.Note) []Field {
	k := kinds[n.Kind]
	fields := []Field{
		{"MESSAGE", Message(n)},
		{"MESSAGE_ID", k.id},
		{"PRIORITY", k.priority},
		{"REPRIEVE_SLICE", n.Slice},
		{"REPRIEVE_EPISODE", n.Episode.String()},
		{"REPRIEVE_REASON", Reason(n)},
		{"REPRIEVE_USAGE", strconv.FormatUint(n.UsageBytes, 10)},
	}
	if n.Unit != "" {
		fields = append(fields, Field{"UNIT", n.Unit})
	}
	if n.StallOK {
		fields = append(fields,
			Field{"REPRIEVE_STALL_SOME", n.Stall.Some.String()},
			Field{"REPRIEVE_STALL_FULL", n.Stall.Full.String()})
	}
	if n.FreedOK {
		fields = append(fields, Field{"REPRIEVE_FREED", strconv.FormatUint(n.FreedBytes, 10)})
	}
	if len(n.Candidates) > 0 {
		fields = append(fields, Field{"REPRIEVE_CANDIDATES", Table(n.Candidates)})
	}
	if n.Observe {
		fields = append(fields, Field{"REPRIEVE_OBSERVE", "1"})
	}
	return fields
}
