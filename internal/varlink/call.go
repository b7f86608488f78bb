// Package varlink speaks varlink (varlink.org) over AF_UNIX stream sockets: one
// JSON object a message, ended by a NUL byte, a reply for each call.
//
// It is the wire and no more: one call a connection for a client, a small bounded
// server, streams of replies that continue, and no upgrade. Interface descriptions
// are handed out and not parsed. It has no state and does not log.
package varlink

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// DefaultWait bounds a call whose context has no deadline.
const DefaultWait = 5 * time.Second

// connectPause is how long to wait for room in a listener's backlog: for an
// AF_UNIX stream, a connect that does not block answers EAGAIN (net/unix/af_unix.c).
const connectPause = 10 * time.Millisecond

// Call makes one call on a connection of its own. The parameters are in, as
// encoding/json has it (nil for none), and those of the reply go to out (nil to
// drop them). The context bounds all of it, DefaultWait where it has no
// deadline, and nothing of the call outlives the return.
//
// It returns *Error for an error reply, and *SocketError for all else.
func Call(ctx context.Context, socketPath, method string, in, out any) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultWait)
		defer cancel()
	}
	fail := func(op string, err error) error {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = cmp.Or(ctx.Err(), context.DeadlineExceeded)
		}
		return &SocketError{Socket: socketPath, Op: op, Err: err}
	}
	message, err := encodeCall(method, in, false)
	if err != nil {
		return fail("encode "+method, err)
	}
	conn, err := connect(ctx, socketPath)
	if err != nil {
		return fail("connect", err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	// The context may also be over before its deadline.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	if _, err := conn.Write(message); err != nil {
		return fail("send "+method, bare(err))
	}
	text, err := newMessageReader(conn).next()
	if err != nil {
		return fail("receive the reply to "+method, bare(err))
	}
	r, err := decodeReply(text)
	if err == nil && r.Error == "" && out != nil {
		err = decodeObject(r.Parameters, out)
	}
	if err != nil {
		return fail("decode the reply to "+method, err)
	}
	return r.err()
}

// err is that of an error reply, or nil.
func (r reply) err() error {
	if r.Error == "" {
		return nil
	}
	e := &Error{Name: r.Error}
	_ = json.Unmarshal(r.Parameters, &e.Parameters) // decoded once already
	return e
}

func encodeCall(method string, in any, more bool) ([]byte, error) {
	raw, err := encodeParameters(in)
	if err != nil {
		return nil, err
	}
	return encode(call{Method: method, Parameters: raw, More: more})
}

// connect waits for room in the backlog as long as ctx allows.
func connect(ctx context.Context, path string) (net.Conn, error) {
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err = bare(err); !errors.Is(err, unix.EAGAIN) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(connectPause):
		}
	}
}

// bare takes off what package net puts around an error and SocketError says
// anyhow.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
