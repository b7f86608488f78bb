package memcg

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Writer runs writes that may wait in the kernel, one at a time, on a thread
// that can be interrupted: memory.high written below usage reclaims in its
// writer until a signal is pending (mm/memcontrol.c: memory_high_write). The
// zero value is ready. Each goroutine that writes has its own.
type Writer struct{ tid atomic.Int32 }

// Do runs write on this goroutine, bound to its thread, and returns with it.
func (w *Writer) Do(write func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	w.tid.Store(int32(unix.Gettid()))
	defer w.tid.Store(0)
	write()
}

// Interrupt ends the system call that a running write waits in, and does
// nothing where none runs. Any goroutine may call it. One that comes before the
// write has entered the kernel is lost, so that the caller repeats it until
// the write answers. What was written stays written; only the reclaim ends.
//
// The signal is SIGURG, of which the Go runtime takes one too many for granted
// (runtime/signal_unix.go: sigPreempt). A thread that has gone on to other work
// meanwhile is not harmed by it.
func (w *Writer) Interrupt() {
	if tid := w.tid.Load(); tid != 0 {
		_ = unix.Tgkill(unix.Getpid(), int(tid), unix.SIGURG) // ESRCH: it ended
	}
}
