// Package worker keeps what may block off a loop that must not. A job runs on
// a queue's goroutine; what it returns runs on the loop, woken by an eventfd.
// The loop never waits: a full queue refuses. A job that hangs holds up its own
// queue only; who waits for its answer keeps a deadline.
package worker

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// Answer is what a job wants done on the loop; nil for nothing.
type Answer func()

// Desk collects the answers of all queues for one loop.
type Desk struct {
	fd      int
	answers chan Answer
}

// answersKept is how many answers wait for the loop before workers wait to
// hand in theirs.
const answersKept = 256

// NewDesk makes a desk. It lives as long as the process.
func NewDesk() (*Desk, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	return &Desk{fd: fd, answers: make(chan Answer, answersKept)}, nil
}

// Fd returns the descriptor that is ready for EPOLLIN when there are answers.
func (d *Desk) Fd() int { return d.fd }

// Post hands an answer to the loop from any goroutine.
func (d *Desk) Post(a Answer) {
	d.answers <- a
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(d.fd, one[:]) // a full counter has woken the loop already
}

// Collect runs the answers that have come in. Only the loop calls it.
func (d *Desk) Collect() {
	var count [8]byte
	_, _ = unix.Read(d.fd, count[:])
	for range len(d.answers) {
		(<-d.answers)()
	}
}

// Queue runs jobs one after the other.
type Queue struct {
	desk *Desk
	jobs chan func() Answer
}

// Queue starts a queue that keeps up to depth jobs waiting. Close ends it.
func (d *Desk) Queue(depth int) *Queue {
	q := &Queue{desk: d, jobs: make(chan func() Answer, depth)}
	go q.run()
	return q
}

func (q *Queue) run() {
	for job := range q.jobs {
		if a := job(); a != nil {
			q.desk.Post(a)
		}
	}
}

// Do queues a job and reports whether there was room. It never waits.
func (q *Queue) Do(job func() Answer) bool {
	select {
	case q.jobs <- job:
		return true
	default:
		return false
	}
}

// Close lets the queue end when it has done what it has. Do must not be called
// after it.
func (q *Queue) Close() { close(q.jobs) }
