//go:build !race

// The race detector allocates for itself.

package worker

import (
	"testing"

	"golang.org/x/sys/unix"
)

// counted is a job that is given again and again.
type counted struct{ run, answered int }

func (c *counted) Run()    { c.run++ }
func (c *counted) Answer() { c.answered++ }

// Ensure a kept job can be given without allocating, to its answer.
func TestQueue_GiveAllocates(t *testing.T) {
	d := newDesk(t)
	q := d.Queue(1)
	defer q.Close()
	job := &counted{}
	fds := []unix.PollFd{{Fd: int32(d.Fd()), Events: unix.POLLIN}}
	turn := func() {
		before := job.answered
		if !q.Give(job) {
			t.Fatal("Give = false on an empty queue, want true")
		}
		for job.answered == before {
			_, _ = unix.Poll(fds, 10_000)
			d.Collect()
		}
	}
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("%v allocations for each job given, want none", n)
	}
	if job.run != job.answered || job.run != 101 {
		t.Errorf("run %d times, answered %d times, want 101 each", job.run, job.answered)
	}
}
