// Package notify tells the service manager about the daemon, sd_notify(3),
// over one socket opened at start, and never blocks.
//
// go-systemd's SdNotify opens a socket for each message and waits without limit
// when the manager does not read; a watchdog message sent from an event loop
// may do neither.
package notify

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// maxMessageBytes bounds a message; systemd reads 4096 bytes at most.
const maxMessageBytes = 1024

// ErrFull says that the manager does not keep up and the message was dropped.
var ErrFull = errors.New("notification socket is full, message dropped")

// Notifier sends notifications. A nil Notifier is one without a socket: its
// methods do nothing and return nil. It is not safe for concurrent use: the
// event loop owns it.
//
// Each method returns ErrFull, or the system call's error with the socket's
// address after one attempt to connect anew, and nil otherwise.
type Notifier struct {
	addr unix.SockaddrUnix
	fd   int
	buf  []byte
}

// Open connects to addr, the value of $NOTIFY_SOCKET: a path, or "@" and an
// abstract name. "" is no manager to tell, and gives a nil Notifier and no
// error. Close it.
func Open(addr string) (*Notifier, error) {
	if addr == "" {
		return nil, nil
	}
	if addr[0] != '/' && addr[0] != '@' {
		return nil, fmt.Errorf("NOTIFY_SOCKET=%s: want an absolute path or @ and an abstract name", addr)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open a socket to %s: %w", addr, err)
	}
	n := &Notifier{addr: unix.SockaddrUnix{Name: addr}, fd: fd, buf: make([]byte, 0, maxMessageBytes)}
	if err := n.connect(); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return n, nil
}

// Ready says that the start, or a reload, is complete.
func (n *Notifier) Ready() error { return n.send("READY=1", "") }

// Reloading says that a reload has begun at the given CLOCK_MONOTONIC time;
// Ready ends it.
func (n *Notifier) Reloading(monotonicMicros uint64) error {
	return n.send("RELOADING=1\nMONOTONIC_USEC=", strconv.FormatUint(monotonicMicros, 10))
}

// Stopping says that the daemon has begun to stop.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1", "") }

// Status sets the line that systemctl status shows. A newline in it becomes a
// blank; what exceeds 1 KiB is cut off.
func (n *Notifier) Status(text string) error {
	const key = "STATUS="
	text = strings.ReplaceAll(text, "\n", " ")
	if most := maxMessageBytes - len(key); len(text) > most {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most]
	}
	return n.send(key, text)
}

// Watchdog says that the daemon is alive. It allocates nothing.
func (n *Notifier) Watchdog() error { return n.send("WATCHDOG=1", "") }

// Close closes the socket.
func (n *Notifier) Close() error {
	if n == nil {
		return nil
	}
	return unix.Close(n.fd)
}

func (n *Notifier) send(key, value string) error {
	if n == nil {
		return nil
	}
	n.buf = append(append(n.buf[:0], key...), value...)
	err := n.write()
	if err != nil && err != ErrFull {
		// The manager was started anew, or the connection was never made.
		if err := n.connect(); err != nil {
			return err
		}
		err = n.write()
	}
	if err != nil && err != ErrFull {
		return fmt.Errorf("send %q to %s: %w", key, n.addr.Name, err)
	}
	return err
}

func (n *Notifier) write() error {
	for {
		err := unix.Send(n.fd, n.buf, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		switch err {
		case unix.EINTR: // Go preempts its threads by a signal.
			continue
		case unix.EAGAIN, unix.ENOBUFS:
			return ErrFull
		}
		return err
	}
}

// connect does not wait, the socket being one of datagrams.
func (n *Notifier) connect() error {
	if err := unix.Connect(n.fd, &n.addr); err != nil {
		return fmt.Errorf("connect to %s: %w", n.addr.Name, err)
	}
	return nil
}
