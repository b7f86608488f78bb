package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// See the Desktop Notifications Specification.
const (
	name = "org.freedesktop.Notifications"
	path = "/org/freedesktop/Notifications"

	byCall = uint32(3) // why a notification is closed: CloseNotification
)

// shell takes notifications.
type shell struct {
	conn *dbus.Conn

	mu   sync.Mutex
	log  *os.File
	last uint32 // the latest id
}

// serve lasts until ctx is over, which is nil, or the bus is gone.
func serve(ctx context.Context, conn *dbus.Conn, file string) error {
	log, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	s := &shell{conn: conn, log: log}
	methods := map[string]any{"Notify": s.notify, "CloseNotification": s.close, "GetCapabilities": capabilities, "GetServerInformation": information}
	if err := conn.ExportMethodTable(methods, path, name); err != nil {
		return err
	}
	reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue)
	if err == nil && reply != dbus.RequestNameReplyPrimaryOwner {
		err = errors.New("it is taken")
	}
	if err != nil {
		return fmt.Errorf("take the name %s: %w", name, err)
	}
	select {
	case <-ctx.Done():
		return nil
	case <-conn.Context().Done():
		return errors.New("the bus is gone")
	}
}

func (s *shell) notify(_ string, replaces uint32, _, title, body string, _ []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := replaces
	if id == 0 {
		s.last++
		id = s.last
	}
	urgency, _ := hints["urgency"].Value().(byte)
	return id, s.write(watch.Shown{ID: id, Replaces: replaces, Title: title, Body: body, Urgency: urgency})
}

func (s *shell) close(id uint32) *dbus.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(watch.Shown{ID: id, Closed: true}); err != nil {
		return err
	}
	if err := s.conn.Emit(path, name+".NotificationClosed", id, byCall); err != nil {
		return dbus.MakeFailedError(err)
	}
	return nil
}

// write appends a line, with the time since boot.
func (s *shell) write(shown watch.Shown) *dbus.Error {
	var now unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	shown.At = time.Duration(now.Nano())
	line, marshal := json.Marshal(shown)
	if err = errors.Join(err, marshal); err == nil {
		_, err = s.log.Write(append(line, '\n'))
	}
	if err != nil {
		return dbus.MakeFailedError(err)
	}
	return nil
}

func capabilities() ([]string, *dbus.Error) { return []string{"body"}, nil }

func information() (server, vendor, version, spec string, _ *dbus.Error) {
	return "desktop", "reprieve", "1", "1.2", nil
}
