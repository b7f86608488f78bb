package varlink

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"
)

// MaxStreams is how many streams a server serves at once: some connections stay
// for those who ask for one reply.
const MaxStreams = MaxConnections - 3

// Stream answers one call by as many replies as there are. send sends one, a
// struct or a map, and returns an error when nothing more can be sent; it is
// for the stream's own goroutine. What the stream returns is the last reply: nil is the empty one, and an
// error is replied as that of a Method. ctx is over when the
// caller goes or says anything, and when the server closes; nothing is replied then.
type Stream func(ctx context.Context, in json.RawMessage, send func(any) error) error

// stream returns the stream of a call's name, or nil, and its interface's name.
func (s *Service) stream(c call) (Stream, string) {
	name, member := split(c.Method)
	if i := s.lookup(name); i != nil {
		return i.Streams[member], name
	}
	return nil, ""
}

// stream answers a call by its stream. It reports whether the connection can go on
// with the next call.
func (v *Server) stream(conn *net.UnixConn, messages *messageReader, c call, iface string, answer Stream) bool {
	if c.Oneway {
		return true // nobody would listen
	}
	if !c.More {
		return v.send(conn, nil, &Error{Name: serviceName + ".ExpectedMore"}, false) == nil
	}
	select {
	case v.streams <- struct{}{}:
		defer func() { <-v.streams }()
	default:
		return v.send(conn, nil, failed(iface, fmt.Errorf("%d streams are served already; end one of them", MaxStreams)), false) == nil
	}
	ctx, cancel := context.WithCancel(v.ctx)
	defer cancel()
	_ = conn.SetReadDeadline(time.Time{})
	quiet := watch(conn, messages, cancel)
	err := answer(ctx, c.Parameters, func(out any) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return v.send(conn, out, nil, true)
	})
	if !quiet() || ctx.Err() != nil {
		return false
	}
	return v.send(conn, nil, failed(iface, err), false) == nil
}

// watch calls gone once the caller goes, or says something: that would be a call
// before the last reply. quiet ends the watch and reports whether neither happened.
func watch(conn *net.UnixConn, messages *messageReader, gone func()) (quiet func() bool) {
	over := make(chan bool, 1) // Whether the watch was ended.
	go func() {
		_, err := messages.r.Peek(1)
		timeout, ok := err.(net.Error)
		ended := ok && timeout.Timeout()
		if !ended {
			gone()
		}
		over <- ended
	}()
	return func() bool {
		_ = conn.SetReadDeadline(time.Unix(1, 0))
		return <-over
	}
}

// send writes a reply, or an error instead, within Service.Idle.
func (v *Server) send(conn *net.UnixConn, out any, replied error, continues bool) error {
	message, err := encodeReply(out, replied, continues)
	if err != nil {
		return err
	}
	_ = conn.SetWriteDeadline(time.Now().Add(v.service.Idle))
	_, err = conn.Write(message)
	return err
}
