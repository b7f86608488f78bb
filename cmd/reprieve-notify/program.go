package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"reprieve/internal/reprieve1"
)

const (
	busName = "org.freedesktop.DBus"
	// startBound is how long the bus may take to start org.reprieve1.
	startBound = 25 * time.Second
	// How long to wait until it is tried again: each time twice as long.
	startLeast = 5 * time.Second
	startMost  = 5 * time.Minute
)

// program listens on the system bus and shows on the session's.
type program struct {
	system *dbus.Conn
	screen *screen
	desk   *desk
	stderr io.Writer
	mount  string // of the control groups

	owner  string // the connection that has the name org.reprieve1, "" where there is none
	told   int    // signals that were heard
	asking bool   // for what there was before
}

// run lasts until ctx is over, which is nil, or one of the buses is gone.
func (p *program) run(ctx context.Context) error {
	signals, closed := make(chan *dbus.Signal, 16), make(chan *dbus.Signal, 16)
	if err := p.listen(ctx, signals); err != nil {
		return fmt.Errorf("system bus: %w", err)
	}
	if err := p.screen.listen(closed); err != nil {
		return fmt.Errorf("session bus: %w", err)
	}
	answers := make(chan answer, 1)
	p.ask(ctx, answers)
	started, starting, wait := make(chan error, 1), p.owner == "", startLeast // one start at a time
	if starting {
		p.start(ctx, 0, started)
	}
	second := time.NewTicker(time.Second)
	defer second.Stop()
	second.Stop()
	ticks := false
	for {
		if busy := p.desk.busy(); busy != ticks { // In calm nothing wakes this.
			if ticks = busy; busy {
				second.Reset(time.Second)
			} else {
				second.Stop()
			}
		}
		select {
		case <-ctx.Done():
			p.screen.show(p.desk.lost())
			p.screen.settle()
			return nil
		case s, ok := <-signals:
			if !ok {
				return errors.New("system bus: the connection is lost")
			}
			switch p.heard(s, time.Now()) {
			case gone:
				if !starting {
					starting = true
					p.start(ctx, startLeast, started)
				}
			case came:
				p.ask(ctx, answers)
			}
		case a := <-answers:
			p.answered(ctx, a, answers)
		case s, ok := <-closed:
			if !ok {
				return errors.New("session bus: the connection is lost")
			}
			p.screen.heard(s)
		case r := <-p.screen.replies:
			p.screen.answered(r)
		case now := <-second.C:
			p.screen.show(p.desk.tick(now))
		case err := <-started:
			if err == nil || p.owner != "" {
				starting, wait = false, startLeast
				continue
			}
			if wait == startLeast {
				fmt.Fprintf(p.stderr, "<4>%s cannot be started: %v; trying again\n", reprieve1.Name, err)
			}
			p.start(ctx, wait, started)
			wait = min(2*wait, startMost)
		}
	}
}

// listen asks the bus for what org.reprieve1 tells, and for who that is.
func (p *program) listen(ctx context.Context, signals chan<- *dbus.Signal) error {
	p.system.Signal(signals)
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchSender(reprieve1.Name), dbus.WithMatchObjectPath(reprieve1.Path)},
		{dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, reprieve1.Name)},
	} {
		if err := p.system.AddMatchSignalContext(ctx, match...); err != nil {
			return err
		}
	}
	// After the match: a change in between is told. Nobody has it, until it is started.
	_ = p.system.BusObject().CallWithContext(ctx, busName+".GetNameOwner", 0, reprieve1.Name).Store(&p.owner)
	return nil
}

// start has the bus start org.reprieve1, after a while, and tells how that went.
func (p *program) start(ctx context.Context, wait time.Duration, started chan<- error) {
	go func() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		bounded, cancel := context.WithTimeout(ctx, startBound)
		defer cancel()
		err := p.system.BusObject().CallWithContext(bounded, busName+".StartServiceByName", 0, reprieve1.Name, uint32(0)).Err
		select {
		case started <- err:
		case <-ctx.Done():
		}
	}()
}

// change is what a signal says of who tells.
type change int

const (
	none change = iota
	gone        // nobody has the name org.reprieve1
	came        // somebody has, or the daemon tells from now on: what there is may be asked for
)

// heard takes a signal of the system bus.
// Anybody can send a signal to this connection: only the bus's and the name's owner's count.
func (p *program) heard(s *dbus.Signal, now time.Time) change {
	switch {
	case s.Sender == busName && s.Name == busName+".NameOwnerChanged":
		var name, before, after string
		if dbus.Store(s.Body, &name, &before, &after) != nil || name != reprieve1.Name || p.owner == after {
			return none
		}
		p.owner = after
		p.told++
		p.screen.show(p.desk.lost())
		if after == "" {
			return gone
		}
		return came
	case p.owner == "" || s.Sender != p.owner || s.Path != reprieve1.Path:
	case s.Name == "org.freedesktop.DBus.Properties.PropertiesChanged":
		is, ok := connection(s.Body)
		if !ok {
			return none
		}
		p.told++
		p.screen.show(p.desk.lost()) // What was known before it was connected may be over as well.
		if is {
			return came
		}
	default:
		name, ours := strings.CutPrefix(s.Name, reprieve1.Interface+".")
		if e, err := reprieve1.ParseEvent(s.Body); ours && err == nil {
			p.told++
			p.screen.show(p.desk.take(name, e, now))
		}
	}
	return none
}

// connection reads from a change of properties whether the daemon answers.
func connection(body []any) (is, ok bool) {
	if len(body) < 2 || body[0] != reprieve1.Interface {
		return false, false
	}
	changed, _ := body[1].(map[string]dbus.Variant)
	is, ok = changed[reprieve1.Connected].Value().(bool)
	return is, ok
}
