package observe

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/test/bench/result"
	"reprieve/test/watch"
)

const (
	every    = 50 * time.Millisecond // between two samples: pressure that is read more often than every 4 ms is not seen in full
	priority = 50                    // of SCHED_FIFO; the daemon's loop has 1
)

// Groups are the slices of a run. All of them must be there.
type Groups struct {
	Load   string // the watched slice
	Victim string // the leaf in it with the load
	Guard  string // the protected slice
}

// Watch samples a run. The caller must Close it.
type Watch struct {
	load, host, guard, system, events *file

	limit, after time.Duration
	samples      []Sample // room for all of them before the first
	over         atomic.Bool
	done         chan error
}

// Open opens the files of a run that lasts at most limit from the first sample, and no longer than after from when the victim's group,
// which had processes, has none any more.
func Open(g Groups, limit, after time.Duration) (*Watch, error) {
	w := &Watch{limit: limit, after: after, samples: make([]Sample, 0, int(limit/every)+64), done: make(chan error, 1)}
	for _, f := range []struct {
		file **file
		path string
	}{
		{&w.load, watch.SlicePath(g.Load) + "/memory.pressure"},
		{&w.host, "/proc/pressure/memory"},
		{&w.guard, watch.SlicePath(g.Guard) + "/memory.pressure"},
		{&w.system, watch.SlicePath("system.slice") + "/memory.pressure"},
		{&w.events, watch.SlicePath(g.Victim) + "/cgroup.events"},
	} {
		var err error
		if *f.file, err = open(f.path); err != nil {
			w.Close()
			return nil, err
		}
	}
	return w, nil
}

// Close closes the files. Not while a started watch has not been waited for.
func (w *Watch) Close() {
	for _, f := range []*file{w.load, w.host, w.guard, w.system, w.events} {
		if f != nil {
			f.close()
		}
	}
}

// Start begins to sample, on a thread of its own.
func (w *Watch) Start() {
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		w.done <- w.follow()
	}()
}

// Stop makes the samples end early.
func (w *Watch) Stop() { w.over.Store(true) }

// Wait returns the samples when the run is over. An error is one of a file that could not be read, or of the priority.
func (w *Watch) Wait() ([]Sample, error) {
	err := <-w.done
	return w.samples, err
}

func (w *Watch) follow() error {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: priority, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	if err := unix.SchedSetAttr(0, &attr, 0); err != nil {
		return fmt.Errorf("sched_setattr to SCHED_FIFO %d: %w", priority, err)
	}
	first, lived, emptyAt := Now(), false, int64(0)
	for due := first; !w.over.Load(); due += every.Microseconds() {
		sleepUntil(due)
		s, err := w.sample()
		if err != nil {
			return err
		}
		if len(w.samples) < cap(w.samples) {
			w.samples = append(w.samples, s)
		}
		switch {
		case s.Alive:
			lived, emptyAt = true, 0
		case lived && emptyAt == 0:
			emptyAt = s.At
		}
		if emptyAt != 0 && s.At-emptyAt >= w.after.Microseconds() || s.At-first >= w.limit.Microseconds() {
			return nil
		}
	}
	return nil
}

// sample reads all files. The totals of a slice that is gone stay what they were.
func (w *Watch) sample() (Sample, error) {
	var s Sample
	if n := len(w.samples); n > 0 {
		s = w.samples[n-1]
	}
	s.At = Now()
	for _, f := range []struct {
		file *file
		to   *result.Stall
	}{{w.load, &s.Load}, {w.host, &s.Host}, {w.guard, &s.Guard}, {w.system, &s.System}} {
		text, err := f.file.read()
		if err != nil {
			return s, fmt.Errorf("read memory.pressure: %w", err)
		}
		if stall, ok := stallOf(text); ok {
			*f.to = stall
		}
	}
	text, err := w.events.read()
	if err != nil {
		return s, fmt.Errorf("read cgroup.events: %w", err)
	}
	s.Alive = populated(text)
	return s, nil
}

// Now is CLOCK_MONOTONIC in microseconds, which the canary reads as well.
func Now() int64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // there always is one
	return now.Nano() / 1000
}

// sleepUntil sleeps on this thread, not in Go's scheduler: it wakes by the thread's own priority.
func sleepUntil(micros int64) {
	until := unix.NsecToTimespec(micros * 1000)
	for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &until, nil) == unix.EINTR {
	}
}
