// Package worker keeps what may block off a loop that must not. A job runs on
// a queue's goroutine; its answer runs on the loop, woken by an eventfd. The
// loop never waits: a full queue refuses. A job that hangs holds up its own
// queue only; who waits for its answer keeps a deadline.
//
// Nothing here allocates but Do, for jobs that are made as they are needed. A
// loop that may not allocate keeps its jobs and gives them, see Give.
package worker

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// Job is work that may block. It is the queue's from Give until Answer.
type Job interface {
	// Run does the work, on a queue's goroutine.
	Run()
	// Answer runs on the loop, when Run has returned.
	Answer()
}

// Answer is what is done on the loop; nil for nothing.
type Answer func()

// posted is an answer to no job.
type posted Answer

func (posted) Run()      {}
func (p posted) Answer() { p() }

// call is a job made for once.
type call struct {
	work   func() Answer
	answer Answer
}

func (c *call) Run()    { c.answer = c.work() }
func (c *call) Answer() { c.answer() }

// Desk collects the answers of all queues for one loop.
type Desk struct {
	fd   int
	done chan Job
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
	return &Desk{fd: fd, done: make(chan Job, answersKept)}, nil
}

// Fd returns the descriptor that is ready for EPOLLIN when there are answers.
func (d *Desk) Fd() int { return d.fd }

// Post hands an answer to the loop from any goroutine but the loop's.
func (d *Desk) Post(a Answer) { d.hand(posted(a)) }

func (d *Desk) hand(j Job) {
	d.done <- j
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(d.fd, one[:]) // a full counter has woken the loop already
}

// Collect runs the answers that have come in. Only the loop calls it.
func (d *Desk) Collect() {
	var count [8]byte
	_, _ = unix.Read(d.fd, count[:])
	for range len(d.done) {
		(<-d.done).Answer()
	}
}

// Queue runs jobs one after the other.
type Queue struct {
	desk *Desk
	jobs chan Job
}

// Queue starts a queue that keeps up to depth jobs waiting. Close ends it.
func (d *Desk) Queue(depth int) *Queue {
	q := &Queue{desk: d, jobs: make(chan Job, depth)}
	go q.run()
	return q
}

func (q *Queue) run() {
	for job := range q.jobs {
		job.Run()
		if c, ok := job.(*call); ok && c.answer == nil {
			continue
		}
		q.desk.hand(job)
	}
}

// Give queues a job and reports whether there was room. It neither waits nor
// allocates. A job that was refused is the caller's again.
func (q *Queue) Give(job Job) bool {
	select {
	case q.jobs <- job:
		return true
	default:
		return false
	}
}

// Do is Give for a job made on the spot, whose answer is what it returns.
func (q *Queue) Do(work func() Answer) bool { return q.Give(&call{work: work}) }

// Close lets the queue end when it has done what it has. Give and Do must not
// be called after it.
func (q *Queue) Close() { close(q.jobs) }
