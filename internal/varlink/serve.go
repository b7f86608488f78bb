package varlink

import (
	"cmp"
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// MaxConnections is how many connections are served at once; more wait in the listener's backlog.
	MaxConnections = 8
	// MethodWait bounds the context of a method.
	MethodWait = 5 * time.Second
	// DefaultIdle is how long a connection may take for its next call, and to take a reply.
	DefaultIdle = 5 * time.Second
	// acceptPause is how long to wait after accept failed, EMFILE for example.
	acceptPause = 100 * time.Millisecond
)

// Server answers on a listener.
type Server struct {
	service  Service
	listener *net.UnixListener
	ctx      context.Context // Over once Close is called.
	cancel   context.CancelFunc
	slots    chan struct{} // A value in it for each connection.
	streams  chan struct{} // And one for each stream.
	running  sync.WaitGroup
}

// Serve answers calls that come in on l, a goroutine a connection and at most
// MaxConnections, until Close. The listener is the server's from then on.
// A connection that is idle for Service.Idle, that takes as long to read a
// reply, or that sends what is no call, is closed.
func Serve(l *net.UnixListener, s Service) *Server {
	v := &Server{service: s, listener: l, slots: make(chan struct{}, MaxConnections), streams: make(chan struct{}, MaxStreams)}
	v.service.Idle = cmp.Or(v.service.Idle, DefaultIdle)
	v.ctx, v.cancel = context.WithCancel(context.Background())
	v.running.Go(v.accept)
	return v
}

// Close closes the listener and all connections, and waits for the methods that
// run; their contexts are over. It returns the error of the listener.
func (v *Server) Close() error {
	v.cancel()
	err := v.listener.Close()
	v.running.Wait()
	return err
}

func (v *Server) accept() {
	for {
		select {
		case v.slots <- struct{}{}:
		case <-v.ctx.Done():
			return
		}
		conn, err := v.listener.AcceptUnix()
		if err == nil {
			v.running.Go(func() {
				defer func() { <-v.slots }()
				v.converse(conn)
			})
			continue
		}
		<-v.slots
		select {
		case <-time.After(acceptPause):
		case <-v.ctx.Done():
			return
		}
	}
}

// converse answers one connection's calls in their order.
func (v *Server) converse(conn *net.UnixConn) {
	defer conn.Close()
	defer context.AfterFunc(v.ctx, func() { conn.Close() })()
	admitted := v.admits(conn)
	messages := newMessageReader(conn)
	for {
		_ = conn.SetDeadline(time.Now().Add(v.service.Idle))
		text, err := messages.next()
		if err != nil {
			return
		}
		c, err := decodeCall(text)
		if err != nil {
			return // Whoever speaks something else does not understand an error either.
		}
		if stream, iface := v.service.stream(c); stream != nil && admitted {
			if !v.stream(conn, messages, c, iface, stream) {
				return
			}
			continue
		}
		message, err := v.reply(c, admitted)
		if err != nil {
			return
		}
		if !c.Oneway {
			_ = conn.SetDeadline(time.Now().Add(v.service.Idle))
			if _, err := conn.Write(message); err != nil {
				return
			}
		}
		if !admitted {
			return
		}
	}
}

// admits asks the kernel who is at the other end, SO_PEERCRED in unix(7). Who
// cannot be told is not admitted.
func (v *Server) admits(conn *net.UnixConn) bool {
	if v.service.Admit == nil {
		return true
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	var cred *syscall.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = syscall.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	return err == nil && credErr == nil && v.service.Admit(cred.Uid)
}

// reply returns the message that answers a call.
func (v *Server) reply(c call, admitted bool) ([]byte, error) {
	if !admitted {
		return encodeReply(nil, &Error{Name: serviceName + ".PermissionDenied"}, false)
	}
	ctx, cancel := context.WithTimeout(v.ctx, MethodWait)
	defer cancel()
	out, err := v.service.answer(ctx, c)
	return encodeReply(out, err, false)
}

// encodeReply returns the message of a reply, or of an *Error instead.
func encodeReply(out any, err error, continues bool) ([]byte, error) {
	name := ""
	if e := (*Error)(nil); errors.As(err, &e) {
		name, out = e.Name, e.Parameters
	} else if err != nil {
		return nil, err
	}
	raw, err := encodeParameters(out)
	if err != nil {
		return nil, err
	}
	return encode(reply{Error: name, Parameters: raw, Continues: continues})
}
