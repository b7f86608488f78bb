// Package journal sends structured messages to systemd-journald over its native
// protocol and never blocks.
//
// go-systemd's journal.Send, like sd_journal_send(3), waits without limit when
// journald has stopped reading. A controller of memory pressure meets exactly
// that: so a message that does not fit the socket's queue is dropped and
// counted.
//
// It touches /run/systemd/journal/socket and nothing else.
package journal

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// DefaultSocket is journald's native socket, systemd-journald.service(8).
const DefaultSocket = "/run/systemd/journal/socket"

var (
	// ErrFull says that journald does not keep up and the message was dropped.
	ErrFull = errors.New("journal socket is full, message dropped")
	// ErrEmpty says that no field had a valid name, so nothing was sent.
	ErrEmpty = errors.New("message has no valid field, nothing sent")
	// ErrTooLong says that the names alone exceed MaxMessageBytes.
	ErrTooLong = errors.New("message has too many fields, dropped")
)

// Field is one journal field. A name has 1 to 64 capital letters, digits and
// underscores and begins with a letter; a value is any bytes.
type Field struct {
	Name, Value string
}

// Sender sends messages. It is not safe for concurrent use: one goroutine, the
// reporter's, owns it.
type Sender struct {
	addr    unix.SockaddrUnix
	fd      int    // -1 while there is no socket.
	buf     []byte // Holds one message; its capacity is never exceeded.
	dropped uint64
}

// Open returns a sender to socket, "" being DefaultSocket. It cannot fail: a
// journald that is not there yet is tried again with every message. Close it.
func Open(socket string) *Sender {
	if socket == "" {
		socket = DefaultSocket
	}
	s := &Sender{addr: unix.SockaddrUnix{Name: socket}, fd: -1, buf: make([]byte, 0, MaxMessageBytes)}
	_ = s.connect() // The first Send tries again and returns the error.
	return s
}

// Send sends one message and never waits. Fields with a bad name are left out;
// values are cut, the longest first, until the message fits MaxMessageBytes.
//
// The errors are ErrFull, ErrEmpty, ErrTooLong, or the system call's with the
// socket's path, after one attempt to connect anew. Each counts in Dropped. It
// allocates nothing unless a system call fails.
func (s *Sender) Send(fields []Field) error {
	err := s.send(fields)
	if err != nil {
		s.dropped++
	}
	return err
}

// Dropped is the number of messages that were not sent.
func (s *Sender) Dropped() uint64 { return s.dropped }

// Close closes the socket. A later Send opens it again.
func (s *Sender) Close() error {
	fd := s.fd
	s.fd = -1
	if fd < 0 {
		return nil
	}
	return unix.Close(fd)
}

func (s *Sender) send(fields []Field) error {
	msg, err := appendMessage(s.buf[:0], fields)
	if err != nil {
		return err
	}
	err = s.write(msg)
	if isGone(err) {
		if err := s.connect(); err != nil {
			return err
		}
		err = s.write(msg)
	}
	switch err {
	case nil:
		return nil
	case unix.EAGAIN, unix.ENOBUFS:
		return ErrFull
	}
	return fmt.Errorf("send %d bytes to %s: %w", len(msg), s.addr.Name, err)
}

func (s *Sender) write(msg []byte) error {
	for {
		err := unix.Send(s.fd, msg, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		// Go preempts its threads by a signal.
		if err != unix.EINTR {
			return err
		}
	}
}

// isGone reports whether err means that the socket at the other end was closed
// or was never there. The first send after it went gives ECONNREFUSED and takes
// the connection down, later ones ENOTCONN; EBADF is fd -1.
func isGone(err error) bool {
	switch err {
	case unix.ECONNREFUSED, unix.ENOTCONN, unix.ECONNRESET, unix.EPIPE, unix.EBADF:
		return true
	}
	return false
}

// connect connects the socket, anew if it was: a datagram socket takes the new
// peer in place of the old. connect(2) of a datagram socket does not wait.
func (s *Sender) connect() error {
	if s.fd < 0 {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return fmt.Errorf("open a socket to %s: %w", s.addr.Name, err)
		}
		s.fd = fd
	}
	if err := unix.Connect(s.fd, &s.addr); err != nil {
		return fmt.Errorf("connect to %s: %w", s.addr.Name, err)
	}
	return nil
}
