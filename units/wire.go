package units

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	godbus "github.com/godbus/dbus/v5"
)

const (
	// writeTimeout bounds one write. Our messages fit the socket buffer many
	// times over, so only a peer that has stopped reading gets near it.
	writeTimeout = time.Second
	// headBytes is the part of a D-Bus message that is always there: byte
	// order, type, flags, version, body length, serial, header array length.
	headBytes = 16
	// maxMessageBytes is the D-Bus specification's limit, 128 MiB.
	maxMessageBytes = 1 << 27
)

// wire carries the bytes of one connection and throws signals away before they
// are decoded. PID 1 sends every signal of every unit to a private connection,
// asked or not; decoding one takes godbus about a hundred allocations, which
// the daemon would pay for whenever anything on the host starts or stops.
//
// One goroutine reads; writes are serialised by godbus.
type wire struct {
	net.Conn
	in    *bufio.Reader
	begun bool // After BEGIN, which ends the login, the peer sends messages, not lines.
	left  int  // Bytes of the present message not yet handed out.

	// quotaBytes bounds what is handed out in all, 0 is no bound: a peer that is
	// not trusted could have godbus collect a line without end. Signals are free.
	quotaBytes int
	usedBytes  int

	// follow is shown signals before they are thrown away, while there is one; nil is nobody, ever.
	follow *atomic.Pointer[follower]
}

func newWire(c net.Conn) *wire {
	return &wire{Conn: c, in: bufio.NewReader(c)}
}

// Read hands out the lines of the login, then messages other than signals,
// never two at once.
func (w *wire) Read(p []byte) (int, error) {
	if !w.begun {
		n, err := w.in.Read(p)
		if err == nil {
			err = w.use(n)
		}
		return n, err
	}
	for w.left == 0 {
		if err := w.next(); err != nil {
			return 0, err
		}
	}
	n, err := w.in.Read(p[:min(len(p), w.left)])
	w.left -= n
	return n, err
}

// next looks at the head of the next message and skips it if it is a signal.
func (w *wire) next() error {
	head, err := w.in.Peek(headBytes)
	if err != nil {
		return err
	}
	size, err := messageBytes(head)
	if err != nil {
		return err
	}
	if godbus.Type(head[1]) == godbus.TypeSignal {
		w.show(size)
		_, err = w.in.Discard(size)
		return err
	}
	w.left = size
	return w.use(size)
}

// show lets a follower look at a signal of this size, or as much of it as the buffer holds. The signals that it goes by are
// shorter, or have what counts in their head.
func (w *wire) show(size int) {
	if w.follow == nil {
		return
	}
	f := w.follow.Load()
	if f == nil {
		return
	}
	if message, err := w.in.Peek(min(size, w.in.Size())); err == nil { // otherwise the next read has the error
		f.heard(message)
	}
}

// use takes n bytes off the quota, before a message is read.
func (w *wire) use(n int) error {
	w.usedBytes += n
	if w.quotaBytes > 0 && w.usedBytes > w.quotaBytes {
		return fmt.Errorf("read: %d bytes from the peer, want at most %d", w.usedBytes, w.quotaBytes)
	}
	return nil
}

// messageBytes returns the length of a whole message from its first 16 bytes;
// the header array is padded to a multiple of 8.
func messageBytes(head []byte) (int, error) {
	var order binary.ByteOrder
	switch head[0] {
	case 'l':
		order = binary.LittleEndian
	case 'B':
		order = binary.BigEndian
	default:
		return 0, fmt.Errorf("read message: byte order %q, want 'l' or 'B'", head[0])
	}
	body, fields := uint64(order.Uint32(head[4:])), uint64(order.Uint32(head[12:]))
	size := headBytes + (fields+7)&^7 + body
	if size > maxMessageBytes {
		return 0, fmt.Errorf("read message: %d bytes, want at most %d", size, maxMessageBytes)
	}
	return int(size), nil
}

// Write sends p whole or closes the connection: after half a message nothing
// that follows makes sense to the peer, and godbus would go on.
func (w *wire) Write(p []byte) (int, error) {
	err := w.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err != nil {
		return 0, err
	}
	n, err := w.Conn.Write(p)
	if err != nil {
		w.Close()
		return n, err
	}
	// The goroutine that logs in also starts the reader, after this.
	if !w.begun && string(p) == "BEGIN\r\n" {
		w.begun = true
	}
	return n, nil
}
