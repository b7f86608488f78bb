// Package guard is a second pair of eyes on an event loop that may hang. The
// loop beats each time it comes round, and signs verdicts beforehand: whom to
// kill, and the deadline by which it means to have acted. A thread of its own
// watches. Where a deadline is past and the loop has not beaten for some time,
// it writes the one byte itself.
//
// It knows of descriptors, times and numbers alone. The loop calls Beat, Sign,
// Withdraw and Taken, which take no lock, wait for nobody and allocate
// nothing; a Guard serves one loop.
//
// # What it needs, and what it cannot survive
//
// Its thread sleeps in ppoll(2). To run again it needs a free place (a P) of
// the Go scheduler, as every return from a system call does. A loop that hangs
// in a system call, in state D too, has none: the runtime takes it away (runtime/proc.go:
// retake), and a stop of the world does not wait for such a thread either. So
// GOMAXPROCS must leave a place when the threads that do run Go code keep
// theirs.
//
// A thread that hangs while it runs Go code, as it does in a page fault that does not end,
// cannot be stopped: the next stop of the world waits for it, and the guard
// waits for that. Locked memory, and a collector that is off in an episode,
// are what this rests on. The same is true of the runtime's own locks. Past
// help are also a process that is stopped, frozen or has no CPU as a whole
// (systemd's watchdog sees that), and a kernel in which the write of
// cgroup.kill itself hangs, since somebody holds cgroup_mutex.
package guard

import (
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Slots is how many verdicts may be signed at a time. A slot belongs to one
// watched slice; who has none goes unguarded.
const Slots = 64

// never is after all times.
const never = time.Duration(math.MaxInt64)

// closeBound is how long Close waits for the thread, which may hang in a write.
const closeBound = time.Second

// Options is how a guard watches.
type Options struct {
	// After is how long a verdict's deadline must be past, and the loop silent,
	// before the guard writes. 0: it never does; see SetAfter.
	After time.Duration
	// Now is the clock that deadlines and beats are told by; monotonic, and called
	// from any goroutine. nil: the time since Start.
	Now func() time.Duration
	// Raise runs first on the guard's thread, to give it a priority. It may lock
	// the goroutine to its thread once more. nil: the thread stays as it is.
	Raise func()
	// Report is told of each verdict that was carried out, after the write, on the
	// guard's thread: it must not wait. The slot is not free before it returns, so
	// that it may read what the loop keeps for the slot. nil: nobody is told.
	Report func(Fired)
}

// Fired is what the guard did with a verdict.
type Fired struct {
	Slot   int
	Tag    uint64
	Done   bool          // the write has returned, and what follows is set
	Errno  unix.Errno    // of the write; 0: the byte was taken
	Late   time.Duration // since the deadline, when the write began
	Silent time.Duration // since the loop's last beat, then
	Took   time.Duration // the write itself
}

// Guard watches one loop.
type Guard struct {
	now    func() time.Duration
	raise  func()
	report func(Fired)

	after atomic.Int64
	beat  atomic.Int64 // when the loop came round last
	until atomic.Int64 // when the thread looks again; never: whoever signs must ring
	slots [Slots]slot

	event   int         // rings the thread
	bell    [8]byte     // what rings it: 1, or a larger number in the other byte order
	closed  bool        // the loop's
	closing atomic.Bool // the same for the thread
	ready   chan struct{}
	done    chan struct{}
	tid     int // of the thread, once it is ready

	// The thread's own.
	since    time.Duration // silence before this does not count
	pardoned int64         // the beat after which the thread was late itself
	poll     [1]unix.PollFd
	timeout  unix.Timespec
	one      [1]byte
	count    [8]byte
}

// Start starts a guard's thread and returns when it watches. It opens one
// descriptor for each slot beforehand, so that none must be found later. The
// error is that of eventfd(2) or fcntl(2). The caller ends with Close.
func Start(o Options) (*Guard, error) {
	g, err := prepare(o)
	if err != nil {
		return nil, err
	}
	go g.run()
	<-g.ready
	return g, nil
}

// prepare makes a guard without its thread.
func prepare(o Options) (*Guard, error) {
	g := &Guard{
		now: o.Now, raise: o.Raise, report: o.Report, since: -never, pardoned: -1,
		ready: make(chan struct{}), done: make(chan struct{}), one: [1]byte{'1'}, bell: [8]byte{1},
	}
	if g.now == nil {
		start := time.Now()
		g.now = func() time.Duration { return time.Since(start) }
	}
	var err error
	if g.event, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("guard: eventfd: %w", err)
	}
	for i := range g.slots {
		g.slots[i].fd = -1
	}
	for i := range g.slots {
		if g.slots[i].fd, err = unix.FcntlInt(uintptr(g.event), unix.F_DUPFD_CLOEXEC, 0); err != nil {
			g.release()
			return nil, fmt.Errorf("guard: descriptor %d of %d: %w", i+1, Slots, err)
		}
	}
	g.after.Store(int64(o.After))
	g.until.Store(int64(never))
	g.beat.Store(int64(g.now()))
	return g, nil
}

// Beat says that the loop has come round, at a time of Options.Now. It is one
// atomic store.
func (g *Guard) Beat(now time.Duration) { g.beat.Store(int64(now)) }

// SetAfter changes Options.After, of verdicts that are signed as well.
func (g *Guard) SetAfter(after time.Duration) {
	if !g.closed && g.after.Swap(int64(after)) != int64(after) {
		g.ring()
	}
}

// Close ends the thread and closes the guard's descriptors. It waits for a
// thread that hangs in a write for a second, and leaves it what it has then: the
// process is about to end. Sign does nothing after it.
func (g *Guard) Close() {
	if g.closed {
		return
	}
	g.closed = true
	g.closing.Store(true)
	g.ring()
	select {
	case <-g.done:
		g.release()
	case <-time.After(closeBound):
	}
}

func (g *Guard) release() {
	for i := range g.slots {
		if fd := g.slots[i].fd; fd >= 0 {
			unix.Close(fd)
		}
	}
	unix.Close(g.event)
}

// run is the thread. The goroutine stays locked to it, so that it ends with it.
func (g *Guard) run() {
	defer close(g.done)
	runtime.LockOSThread()
	if g.raise != nil {
		g.raise()
	}
	g.rehearse()
	g.tid = unix.Gettid()
	close(g.ready)
	for !g.closing.Load() {
		g.sleep(g.turn())
	}
}

// sleep waits until it is rung, or until a time; never: it has no timeout.
func (g *Guard) sleep(until time.Duration) {
	var timeout *unix.Timespec
	if until != never {
		timeout = &g.timeout
		*timeout = unix.NsecToTimespec(int64(max(until-g.now(), 0)))
	}
	g.poll[0] = unix.PollFd{Fd: int32(g.event), Events: unix.POLLIN}
	// An error is EINTR, by a signal of the Go runtime, and is a look too early.
	if n, _ := unix.Ppoll(g.poll[:], timeout, nil); n > 0 {
		_, _ = unix.Read(g.event, g.count[:])
	}
}

// ring wakes the thread. Any goroutine may call it.
func (g *Guard) ring() {
	_, _ = unix.Write(g.event, g.bell[:]) // EAGAIN: it was rung often enough
}
