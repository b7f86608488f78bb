package varlink

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"time"
)

// Follow makes a call that has a stream of replies, on a connection of its own, and
// gives the parameters of each to each, the last included, in their order.
// DefaultWait bounds the connecting, or the context where it ends earlier; from
// then on it lasts until ctx is over, and a peer that says nothing is waited for.
//
// It returns nil after the last reply, *Error for an error reply, what each
// returned, which ends it, and *SocketError for all else: io.EOF where the
// peer is gone, an error of the context.
func Follow(ctx context.Context, socketPath, method string, in any, each func(json.RawMessage) error) error {
	fail := func(op string, err error) error {
		switch {
		case ctx.Err() != nil:
			err = ctx.Err() // a peer that hangs up at the same moment is not the reason
		case errors.Is(err, os.ErrDeadlineExceeded):
			err = context.DeadlineExceeded
		}
		return &SocketError{Socket: socketPath, Op: op, Err: err}
	}
	message, err := encodeCall(method, in, true)
	if err != nil {
		return fail("encode "+method, err)
	}
	conn, err := connectSoon(ctx, socketPath)
	if err != nil {
		return fail("connect", err)
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(DefaultWait))
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Write(message); err != nil {
		return fail("send "+method, bare(err))
	}
	for messages := newMessageReader(conn); ; {
		text, err := messages.next()
		if err != nil {
			return fail("receive a reply to "+method, bare(err))
		}
		r, err := decodeReply(text)
		if err != nil {
			return fail("decode a reply to "+method, err)
		}
		if err := r.err(); err != nil {
			return err
		}
		if err := each(r.Parameters); err != nil || !r.Continues {
			return err
		}
	}
}

// connectSoon is connect within DefaultWait.
func connectSoon(ctx context.Context, path string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, DefaultWait)
	defer cancel()
	return connect(ctx, path)
}
