package units

import (
	"cmp"
	"context"
	"fmt"

	sdbus "github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"
)

const (
	systemdName = "org.freedesktop.systemd1"
	unitPrefix  = "/org/freedesktop/systemd1/unit/"

	getAll = "org.freedesktop.DBus.Properties.GetAll"
	getOne = "org.freedesktop.DBus.Properties.Get"
)

// inquiry is a set of questions about units and what came back. All but the
// function that begin returns belongs to the caller's goroutine.
type inquiry struct {
	askedMicros uint64
	units       []*asked
	byPath      map[godbus.ObjectPath]*asked
	bad         error // About the first name that is none.

	answers chan *godbus.Call // Of the present attempt, one for each question.
	open    int               // Questions of the present attempt without an answer.
}

// asked is one unit.
type asked struct {
	name string
	path godbus.ObjectPath
	all  map[string]godbus.Variant // Nil until answered.

	restart    string
	hasRestart bool  // Answered, or not asked since this is no service.
	err        error // Nil when all is answered; ErrNoAnswer itself at first.
}

// newInquiry takes the first maxDescribed of names.
func newInquiry(names []string, askedMicros uint64) *inquiry {
	q := &inquiry{askedMicros: askedMicros, byPath: map[godbus.ObjectPath]*asked{}}
	for _, name := range names[:min(len(names), maxDescribed)] {
		path := godbus.ObjectPath(unitPrefix + sdbus.PathBusEscape(name))
		switch {
		case !validAnyName(name):
			if q.bad == nil {
				q.bad = badName("describe", name)
			}
		case q.byPath[path] == nil:
			u := &asked{name: name, path: path, hasRestart: !isService(name), err: ErrNoAnswer}
			q.units = append(q.units, u)
			q.byPath[path] = u
		}
	}
	return q
}

// question is one method call on a unit's object.
type question struct {
	path   godbus.ObjectPath
	method string
	args   []any
}

// begin starts an attempt for whatever has no answer yet and returns the
// function that sends the questions over l. When that function returns, all of
// them are in the socket before anything sent later: godbus writes a message
// before Go returns (conn.go, sendMessageAndIfClosed). Each ends with an answer,
// with the connection or with ctx.
func (q *inquiry) begin(ctx context.Context, l *link) (send func()) {
	var questions []question
	for _, u := range q.units {
		if u.all == nil {
			questions = append(questions, question{u.path, getAll, []any{systemdName + ".Unit"}})
		}
		if !u.hasRestart {
			questions = append(questions, question{u.path, getOne, []any{systemdName + ".Service", "Restart"}})
		}
	}
	answers := make(chan *godbus.Call, len(questions))
	q.answers, q.open = answers, len(questions)
	return func() {
		for _, s := range questions {
			l.bus.Object(systemdName, s.path).GoWithContext(ctx, s.method, 0, answers, s.args...)
		}
	}
}

// unanswered says why there was no answer where there was none.
func (q *inquiry) unanswered(err error) {
	for _, u := range q.units {
		if u.err == ErrNoAnswer {
			u.err = err
		}
	}
}

// collect takes the answers of the attempt over l until there are all, or ctx or
// Run ends; those that have come by then count.
func (q *inquiry) collect(ctx context.Context, l *link, done <-chan struct{}) {
	for ; q.open > 0; q.open-- {
		select {
		case c := <-q.answers:
			q.take(ctx, l, c)
			continue
		case <-ctx.Done():
		case <-done:
		}
		q.drain(ctx, l)
		q.unanswered(fmt.Errorf("%w: %w", ErrNoAnswer, cmp.Or(ctx.Err(), errStopped)))
		return
	}
}

// drain takes the answers that are there.
func (q *inquiry) drain(ctx context.Context, l *link) {
	for {
		select {
		case c := <-q.answers:
			q.take(ctx, l, c)
		default:
			return
		}
	}
}

// take files one answer.
func (q *inquiry) take(ctx context.Context, l *link, c *godbus.Call) {
	u := q.byPath[c.Path]
	if c.Err != nil {
		u.err = judge(ctx, l, c.Err)
		return
	}
	var err error
	if c.Method == getAll {
		var all map[string]godbus.Variant
		if err = c.Store(&all); err == nil {
			u.all = all
		}
	} else {
		err = c.Store(&u.restart)
		u.hasRestart = err == nil
	}
	switch {
	case err != nil:
		u.err = fmt.Errorf("read answer of %s: %w", c.Method, err)
	case u.all != nil && u.hasRestart:
		u.err = nil
	}
}

// result returns whom the answers describe. The error is a *JobError about the
// first unit left out.
func (q *inquiry) result() (ds []Description, first error) {
	first = q.bad
	for _, u := range q.units {
		d, err := Description{}, u.err
		if err == nil {
			d, err = describe(u.name, u.all, u.restart, q.askedMicros)
		}
		if err == nil {
			ds = append(ds, d)
			continue
		}
		if first == nil {
			first = &JobError{Verb: "describe", Unit: u.name, Step: "read properties", Err: err}
		}
	}
	return ds, first
}
