package units

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	sdbus "github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"
)

// sendBufferBytes is the kernel's usual net.core.wmem_max, which it doubles for
// its own overhead: SO_SNDBUF of socket(7). While PID 1 reads nothing, that
// holds 333 calls of a usual size and 185 of the longest (measured, 6.18); the
// default holds 167 and 93, too few for StopUnitAfter.
const sendBufferBytes = 212992

var errLost = errors.New("the peer closed the connection")

// way is one way to PID 1, or to a user manager.
type way struct {
	via   string
	path  string // Socket.
	hello bool   // A bus daemon wants Hello first, a manager does not know it.

	follow     *atomic.Pointer[follower] // For wire; nil is none.
	check      func(net.Conn) error      // Called before anything is sent; nil takes any peer.
	quotaBytes int                       // For wire; 0 is none.
}

// link is one connection that has logged in. It is lost for good when the
// context of bus is done.
type link struct {
	conn *sdbus.Conn
	bus  *godbus.Conn
	via  string
	path string
	end  context.CancelFunc

	subscribed atomic.Bool // To the signals of a follower, over the bus.
}

func (l *link) lost() <-chan struct{} { return l.bus.Context().Done() }

func (l *link) isLost() bool { return l.bus.Context().Err() != nil }

// close ends the connection and every call on it; it does not wait for them.
// More than once is fine.
func (l *link) close() { l.end() }

// dialWay connects and logs in within timeout. The connection then lasts until
// ctx ends, close is called or the peer goes.
//
// The context that godbus takes is the lifetime of the connection, and a peer
// that accepts and says nothing blocks the login without end: so the deadline
// is an alarm that ends the lifetime, and is stopped after the login.
func dialWay(ctx context.Context, w way, timeout time.Duration) (*link, error) {
	life, end := context.WithCancel(ctx)
	alarm := time.AfterFunc(timeout, end)
	l := &link{via: w.via, path: w.path, end: end}
	conn, err := sdbus.NewConnection(func() (*godbus.Conn, error) {
		// go-systemd asks twice, to have a second connection for signals, lest
		// a call made while one is handled waits for itself. None is handled
		// here, so one connection does for both.
		if l.bus != nil {
			return l.bus, nil
		}
		var err error
		l.bus, err = login(life, w)
		return l.bus, err
	})
	late := !alarm.Stop()
	switch {
	case late && ctx.Err() == nil:
		err = fmt.Errorf("%s: no answer within %v", w.path, timeout)
	case late:
		err = fmt.Errorf("%s: %w", w.path, ctx.Err())
	case err != nil:
		err = fmt.Errorf("%s: %w", w.path, err)
	}
	if err != nil {
		end()
		return nil, err
	}
	l.conn = conn
	return l, nil
}

// login opens the socket and authenticates by the credentials that the kernel
// gives the peer. Ending life closes the socket itself: godbus's own Close
// waits for a write under way.
func login(life context.Context, w way) (*godbus.Conn, error) {
	var d net.Dialer
	sock, err := d.DialContext(life, "unix", w.path)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(life, func() { sock.Close() })
	if w.check != nil {
		if err := w.check(sock); err != nil {
			return nil, err
		}
	}
	if unix, ok := sock.(*net.UnixConn); ok {
		if err := unix.SetWriteBuffer(sendBufferBytes); err != nil {
			return nil, fmt.Errorf("set the send buffer: %w", err)
		}
	}
	wire := newWire(sock)
	wire.quotaBytes, wire.follow = w.quotaBytes, w.follow
	bus, err := godbus.NewConn(wire,
		godbus.WithContext(life), godbus.WithSignalHandler(new(discard)))
	if err != nil {
		return nil, err
	}
	uid := strconv.Itoa(os.Geteuid())
	if err := bus.Auth([]godbus.Auth{godbus.AuthExternal(uid)}); err != nil {
		return nil, fmt.Errorf("authenticate as uid %s: %w", uid, err)
	}
	if w.hello {
		if err := bus.Hello(); err != nil {
			return nil, fmt.Errorf("say Hello to the bus: %w", err)
		}
	}
	return bus, nil
}
