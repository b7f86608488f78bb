package worker

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wait waits until the desk's descriptor is ready, as a loop does.
func wait(t *testing.T, d *Desk) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(d.Fd()), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, int(10*time.Second/time.Millisecond))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n != 1 {
			t.Fatalf("poll = %d, %v, want an answer", n, err)
		}
		return
	}
}

func newDesk(t *testing.T) *Desk {
	t.Helper()
	d, err := NewDesk()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(d.Fd()) })
	return d
}

// Ensure jobs run in their order and their answers on the loop.
func TestQueue_Order(t *testing.T) {
	d := newDesk(t)
	q := d.Queue(8)
	defer q.Close()
	var got []int
	for i := range 5 {
		if !q.Do(func() Answer { return func() { got = append(got, i) } }) {
			t.Fatalf("Do(%d) = false, want room", i)
		}
	}
	for len(got) < 5 {
		wait(t, d)
		d.Collect()
	}
	if want := []int{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
}

// Ensure a queue whose job hangs refuses, and another one goes on.
func TestQueue_Full(t *testing.T) {
	d := newDesk(t)
	stuck, other := d.Queue(1), d.Queue(1)
	defer other.Close()
	release, started := make(chan struct{}), make(chan struct{})
	stuck.Do(func() Answer { close(started); <-release; return nil })
	<-started
	if !stuck.Do(func() Answer { return nil }) {
		t.Error("Do = false with room for one, want true")
	}
	if stuck.Do(func() Answer { return nil }) {
		t.Error("Do = true on a full queue, want false")
	}
	done := false
	other.Do(func() Answer { return func() { done = true } })
	for !done {
		wait(t, d)
		d.Collect()
	}
	close(release)
	stuck.Close()
}

// Ensure what is posted from outside wakes the loop, and a collect without
// answers does nothing.
func TestDesk_Post(t *testing.T) {
	d := newDesk(t)
	d.Collect()
	n := 0
	go d.Post(func() { n++ })
	wait(t, d)
	d.Collect()
	if n != 1 {
		t.Errorf("%d answers ran, want 1", n)
	}
}
