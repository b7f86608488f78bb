package guard

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// bound ends a test that would hang.
const bound = 20 * time.Second

func start(t *testing.T, o Options) *Guard {
	t.Helper()
	g, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

// hang blocks a goroutine in read(2) of an empty pipe, until the test ends. It is a plain
// system call, of which Go's own poller knows nothing.
func hang(t *testing.T, before func()) {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	tid, ended := make(chan int, 1), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		before()
		tid <- unix.Gettid()
		var b [1]byte
		_, _ = unix.Read(p[0], b[:])
	}()
	t.Cleanup(func() {
		unix.Close(p[1])
		<-ended
		unix.Close(p[0])
	})
	asleep(t, <-tid)
}

// status returns a line of a thread's status.
func status(t *testing.T, tid int, name string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/status", tid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("no %s in the status of thread %d", name, tid)
	return ""
}

// asleep waits until a thread sleeps in the kernel, and goes on to do so.
func asleep(t *testing.T, tid int) {
	t.Helper()
	last := ""
	for end := time.Now().Add(bound); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		now := status(t, tid, "voluntary_ctxt_switches")
		if now == last && strings.HasPrefix(status(t, tid, "State"), "S") {
			return
		}
		last = now
	}
	t.Fatalf("thread %d does not sleep", tid)
}

// Ensure the verdict of a loop that hangs in a system call is carried out and told,
// with one place to run Go code, and the collector at work meanwhile.
func TestGuard_LoopHangs(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const after = 100 * time.Millisecond
	v, told := newVictim(t), make(chan Fired, Slots)
	begin := time.Now()
	g := start(t, Options{
		After: after, Now: func() time.Duration { return time.Since(begin) }, Report: func(f Fired) { told <- f },
	})
	signed := make(chan bool, 1)
	hang(t, func() {
		now := time.Since(begin)
		g.Beat(now)
		signed <- g.Sign(5, now+after, v.w, 55)
	})
	if !<-signed {
		t.Fatal("Sign = false, want true")
	}
	for {
		runtime.GC()
		select {
		case f := <-told:
			if f.Slot != 5 || f.Tag != 55 || f.Errno != 0 || f.Late < after || f.Silent < 2*after {
				t.Errorf("told %+v, want slot 5, tag 55, late by %s, silent for %s at least", f, after, 2*after)
			}
			if got := v.got(); got != "1" {
				t.Errorf("the victim got %q, want one \"1\"", got)
			}
			return
		case <-time.After(after / 4):
		}
		if time.Since(begin) > bound {
			t.Fatal("the guard does nothing")
		}
	}
}

// Ensure a thread with nothing signed does not wake up, whether the loop beats or
// not, nor for a verdict that comes after another; and that it does for the first.
func TestGuard_CalmCostsNothing(t *testing.T) {
	v := newVictim(t)
	begin := time.Now()
	now := func() time.Duration { return time.Since(begin) }
	g := start(t, Options{After: time.Minute, Now: now})
	switches := func() string {
		return status(t, g.tid, "voluntary_ctxt_switches") + " voluntary, " + status(t, g.tid, "nonvoluntary_ctxt_switches") + " not"
	}
	asleep(t, g.tid)
	calm := switches()
	for range 100 {
		g.Beat(now())
		g.Withdraw(1)
		g.Taken(1)
		time.Sleep(10 * time.Millisecond)
	}
	if got := switches(); got != calm {
		t.Errorf("switches of the thread after a second of calm: %s, want %s as before", got, calm)
	}
	g.Sign(1, now()+time.Hour, v.w, 1)
	for end := time.Now().Add(bound); switches() == calm; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the thread sleeps on after the first verdict")
		}
	}
	asleep(t, g.tid)
	tense := switches()
	for i := range 100 {
		g.Beat(now())
		g.Sign(1, now()+2*time.Hour, v.w, 1)
		g.Sign(i%8+2, now()+2*time.Hour, v.w, 1)
		time.Sleep(time.Millisecond)
	}
	if got := switches(); got != tense {
		t.Errorf("switches of the thread after later verdicts: %s, want %s as before", got, tense)
	}
}

// Ensure Close ends a thread that sleeps and gives all descriptors back, and that what
// comes after it touches none.
func TestGuard_Close(t *testing.T) {
	open := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	v := newVictim(t)
	before := open()
	g := start(t, Options{After: time.Minute})
	if got := open(); got != before+Slots+1 {
		t.Errorf("%d descriptors with a guard, want %d", got, before+Slots+1)
	}
	g.Sign(0, time.Hour, v.w, 1)
	g.Close()
	if got := open(); got != before {
		t.Errorf("%d descriptors after Close, want %d", got, before)
	}
	if g.Sign(1, time.Hour, v.w, 1) {
		t.Error("Sign = true after Close, want false")
	}
	g.Withdraw(0)
	g.Close()
	if got := open(); got != before {
		t.Errorf("%d descriptors after Sign and Withdraw of a closed guard, want %d", got, before)
	}
}

// Ensure what Raise is for happens on the thread that watches.
func TestGuard_Raise(t *testing.T) {
	tid := 0
	g := start(t, Options{Raise: func() { tid = unix.Gettid() }})
	if tid != g.tid || tid == 0 {
		t.Errorf("Raise ran on thread %d, the guard on %d", tid, g.tid)
	}
}

// Ensure nothing that the loop calls allocates, and no verdict that is carried out.
func TestGuard_Allocations(t *testing.T) {
	v := newVictim(t)
	g := start(t, Options{After: time.Minute})
	n := time.Duration(0)
	for name, call := range map[string]func(){
		"Beat":           func() { g.Beat(n) },
		"Sign again":     func() { g.Sign(0, time.Hour+n, v.w, 1) },
		"Sign the first": func() { g.Sign(1, time.Hour-n, v.w, 1) }, // the thread is rung
		"Sign another":   func() { g.Sign(2, time.Hour, v.w, uint64(n)) },
		"Withdraw":       func() { g.Sign(3, time.Hour, v.w, 1); g.Withdraw(3) },
		"Taken":          func() { g.Taken(0) },
	} {
		if got := testing.AllocsPerRun(1000, func() { n += time.Millisecond; call() }); got != 0 {
			t.Errorf("%s allocates %v times, want 0", name, got)
		}
	}
	fired := 0
	s := newStill(t, time.Second)
	s.report = func(Fired) { fired++ }
	if got := testing.AllocsPerRun(100, func() {
		s.Beat(s.time)
		s.sign(0, s.time, v, 1)
		s.at(s.time)
		s.at(s.time + time.Second)
		s.Taken(0)
	}); got != 0 || fired != 101 {
		t.Errorf("a verdict allocates %v times (%d carried out), want 0 (101)", got, fired)
	}
}

func BenchmarkGuard(b *testing.B) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		b.Fatal(err)
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	g, err := Start(Options{After: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	defer g.Close()
	g.Sign(0, time.Hour, p[1], 1)
	b.Run("BeatAndSign", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g.Beat(time.Second)
			g.Sign(0, 2*time.Hour, p[1], 1)
		}
	})
	b.Run("SignAnother", func(b *testing.B) {
		b.ReportAllocs()
		for tag := uint64(2); b.Loop(); tag++ {
			g.Sign(1, 2*time.Hour, p[1], tag)
		}
	})
}
