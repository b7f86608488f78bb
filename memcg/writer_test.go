package memcg

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Ensure an interrupt ends what a write waits for. The Go runtime has its
// signals restart read(2), so the wait for the empty pipe is poll(2), which
// none restarts (signal(7)); a reclaim in a write looks for pending signals itself.
func TestWriter_Interrupt(t *testing.T) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	var w Writer
	w.Interrupt() // nothing runs: nothing happens
	answer := make(chan error, 1)
	go func() {
		var err error
		w.Do(func() {
			_, err = unix.Poll([]unix.PollFd{{Fd: int32(pipe[0]), Events: unix.POLLIN}}, 30_000)
		})
		answer <- err
	}()
	for {
		select {
		case err := <-answer:
			if err != unix.EINTR {
				t.Errorf("the wait ended with %v, want EINTR", err)
			}
			if tid := w.tid.Load(); tid != 0 {
				t.Errorf("after Do the writer has thread %d, want none", tid)
			}
			w.Interrupt()
			return
		case <-time.After(5 * time.Millisecond):
			w.Interrupt() // it may come before the wait has begun
		}
	}
}

// Ensure a write that nobody interrupts has its result.
func TestWriter_Do(t *testing.T) {
	dir, g, ledger := planted(t, map[string]string{"memory.current": m400, "memory.high": m500})
	var w Writer
	var h Hold
	var err error
	w.Do(func() { h, err = g.Move(ledger, intent, Hold{High, 600 * mib, 500 * mib}, 300*mib) })
	if h.Mark != 300*mib || err != nil || text(t, dir, "memory.high") != m300 {
		t.Errorf("Move() in Do = %+v, %v, want the mark at 300M", h, err)
	}
}
