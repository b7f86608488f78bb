// Package epoll waits on raw descriptors in one epoll set. Go's own poller
// never asks for EPOLLPRI, which is how the kernel reports pressure triggers
// and changes of cgroup files.
package epoll

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Handler is called with the ready events of its descriptor.
type Handler func(events uint32)

// Token names a registration. It goes stale with Remove; a stale one does
// nothing.
type Token struct {
	slot int32
	turn int32
}

// Poller is an epoll set and who wants to hear of each descriptor. It belongs
// to one goroutine.
type Poller struct {
	fd    int
	slots []slot
	free  []int32
	ready [64]unix.EpollEvent
}

type slot struct {
	fd      int
	turn    int32 // counts the users of the slot, so that late events miss
	handler Handler
}

// New makes an empty set. The caller closes it.
func New() (*Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create: %w", err)
	}
	return &Poller{fd: fd}, nil
}

// Close closes the set, not the descriptors in it.
func (p *Poller) Close() error { return unix.Close(p.fd) }

// Add registers fd, level triggered, for events (unix.EPOLLIN, unix.EPOLLPRI).
// Remove it before closing fd.
func (p *Poller) Add(fd int, events uint32, handler Handler) (Token, error) {
	var i int32
	if n := len(p.free); n > 0 {
		i, p.free = p.free[n-1], p.free[:n-1]
	} else {
		i = int32(len(p.slots))
		p.slots = append(p.slots, slot{})
	}
	s := &p.slots[i]
	s.fd, s.handler = fd, handler
	s.turn++
	event := unix.EpollEvent{Events: events, Fd: i, Pad: s.turn}
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		s.handler = nil
		p.free = append(p.free, i)
		return Token{slot: -1}, fmt.Errorf("epoll_ctl add: %w", err)
	}
	return Token{slot: i, turn: s.turn}, nil
}

// Remove ends a registration. Events of it that were ready in the same Wait
// are not delivered any more.
func (p *Poller) Remove(t Token) {
	if t.slot < 0 || int(t.slot) >= len(p.slots) {
		return
	}
	s := &p.slots[t.slot]
	if s.turn != t.turn || s.handler == nil {
		return
	}
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, s.fd, nil)
	s.handler = nil
	p.free = append(p.free, t.slot)
}

// Wait sleeps until something is ready, or for at most timeout (for ever where it is
// negative), and calls the handlers. It allocates nothing. A signal ends the
// sleep early, with nothing delivered.
func (p *Poller) Wait(timeout time.Duration) error {
	ms := -1
	if timeout >= 0 {
		ms = int((timeout + time.Millisecond - 1) / time.Millisecond)
	}
	n, err := unix.EpollWait(p.fd, p.ready[:], ms)
	if errors.Is(err, unix.EINTR) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("epoll_wait: %w", err)
	}
	for _, e := range p.ready[:n] {
		s := &p.slots[e.Fd]
		if s.turn == e.Pad && s.handler != nil {
			s.handler(e.Events)
		}
	}
	return nil
}
