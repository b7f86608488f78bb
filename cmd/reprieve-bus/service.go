package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"

	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
)

// callsMost is how many calls are answered at once. godbus has a goroutine for
// each; more are refused, so that one caller cannot fill the memory.
const callsMost = 64

// service is org.reprieve1 on one connection to a bus.
type service struct {
	ctx     context.Context // over when the service ends
	conn    *dbus.Conn
	daemon  control.Client
	trusted uint32 // who may do all without asking polkit: root
	stderr  io.Writer

	calls     chan struct{} // a value in it for each call
	status    snapshot
	connected atomic.Bool // the daemon's events come
}

// newService makes one that lives as long as ctx and conn, which is its own from then on.
func newService(ctx context.Context, conn *dbus.Conn, daemon control.Client, trusted uint32, stderr io.Writer) *service {
	return &service{
		ctx: ctx, conn: conn, daemon: daemon, trusted: trusted, stderr: stderr, calls: make(chan struct{}, callsMost), status: snapshot{ask: daemon.Status},
	}
}

// serve takes the name and serves until the context is over, which is nil, or
// the bus is gone.
func (s *service) serve() error {
	asked := s.ctx
	ctx, cancel := context.WithCancel(asked)
	s.ctx = ctx
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	defer s.conn.Close()
	if err := s.export(); err != nil {
		return err
	}
	reply, err := s.conn.RequestName(reprieve1.Name, dbus.NameFlagDoNotQueue)
	if err != nil {
		return fmt.Errorf("take the name %s: %w", reprieve1.Name, err)
	}
	if reply != dbus.RequestNameReplyPrimaryOwner {
		return fmt.Errorf("the name %s is taken; stop the other reprieve-bus", reprieve1.Name)
	}
	following.Go(s.follow)
	select {
	case <-ctx.Done():
		return nil
	case <-s.conn.Context().Done():
		if asked.Err() != nil {
			return nil // the connection may end with it
		}
		return errors.New("the connection is lost")
	}
}

// export puts the object on the bus, before the name is there.
func (s *service) export() error {
	for iface, methods := range map[string]map[string]any{
		reprieve1.Interface:               {"Status": s.jsonStatus, "Pause": s.pause, "Release": s.release},
		"org.freedesktop.DBus.Properties": {"Get": s.get, "GetAll": s.getAll, "Set": s.set},
		"org.freedesktop.DBus.Introspectable": {
			"Introspect": introspect.NewIntrospectable(description()).Introspect,
		},
	} {
		if err := s.conn.ExportMethodTable(methods, reprieve1.Path, iface); err != nil {
			return fmt.Errorf("export %s: %w", iface, err)
		}
	}
	return nil
}

// enter begins a call; leave ends it.
func (s *service) enter() (leave func(), refused *dbus.Error) {
	select {
	case s.calls <- struct{}{}:
		return func() { <-s.calls }, nil
	default:
		return nil, dbus.NewError("org.freedesktop.DBus.Error.LimitsExceeded", []any{fmt.Sprintf("%d calls are under way already; try again", callsMost)})
	}
}

// say tells the journal, by standard error.
func (s *service) say(priority, format string, args ...any) {
	fmt.Fprintf(s.stderr, "<"+priority+">"+format+"\n", args...)
}
