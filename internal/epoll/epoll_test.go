package epoll

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func eventfd(t *testing.T) int {
	t.Helper()
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func ring(t *testing.T, fd int) {
	t.Helper()
	if _, err := unix.Write(fd, []byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
}

func newPoller(t *testing.T) *Poller {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func add(t *testing.T, p *Poller, fd int, h Handler) Token {
	t.Helper()
	token, err := p.Add(fd, unix.EPOLLIN, h)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Ensure who is ready is called, and nobody else.
func TestPoller_Wait(t *testing.T) {
	p, a, b := newPoller(t), eventfd(t), eventfd(t)
	var gotA, gotB int
	add(t, p, a, func(uint32) { gotA++ })
	add(t, p, b, func(uint32) { gotB++ })
	ring(t, b)
	if err := p.Wait(time.Second); err != nil {
		t.Fatal(err)
	}
	if gotA != 0 || gotB != 1 {
		t.Errorf("called a %d times and b %d times, want 0 and 1", gotA, gotB)
	}
	if err := p.Wait(0); err != nil || gotB != 2 {
		t.Errorf("b was called %d times after a second wait (%v), want 2: it is level triggered", gotB, err)
	}
}

// Ensure an event that is ready when its registration ends is not delivered,
// not even to the next user of the slot.
func TestPoller_RemoveInHandler(t *testing.T) {
	p, a, b, c := newPoller(t), eventfd(t), eventfd(t), eventfd(t)
	var tokens [2]Token
	called, late := 0, 0
	handler := func(other int) Handler {
		return func(uint32) {
			called++
			p.Remove(tokens[other])
			p.Remove(tokens[other]) // twice does nothing
			add(t, p, c, func(uint32) { late++ })
		}
	}
	tokens[0] = add(t, p, a, handler(1))
	tokens[1] = add(t, p, b, handler(0))
	ring(t, a)
	ring(t, b)
	if err := p.Wait(time.Second); err != nil {
		t.Fatal(err)
	}
	if called != 1 || late != 0 {
		t.Errorf("%d handlers ran and %d of the new one, want 1 and 0", called, late)
	}
}

// Ensure a wait allocates nothing.
func TestPoller_Allocations(t *testing.T) {
	p, a := newPoller(t), eventfd(t)
	n := 0
	add(t, p, a, func(uint32) { n++ })
	ring(t, a)
	if got := testing.AllocsPerRun(100, func() { _ = p.Wait(0) }); got != 0 || n == 0 {
		t.Errorf("a wait with an event allocates %v times (%d events), want 0", got, n)
	}
}

// Ensure a descriptor that cannot be polled is an error and leaves no slot.
func TestPoller_AddFails(t *testing.T) {
	p := newPoller(t)
	token, err := p.Add(-1, unix.EPOLLIN, func(uint32) {})
	if err == nil {
		t.Fatal("Add(-1) = nil, want an error")
	}
	p.Remove(token)
	if len(p.free) != len(p.slots) {
		t.Errorf("%d of %d slots are free, want all", len(p.free), len(p.slots))
	}
}
