package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reprieve/controller"
	"reprieve/pressure"
)

// stalling is a daemon whose own group is two ordinary files, which the test
// changes.
func stalling(t testing.TB) (d *daemon, told *log, stall func(some, full int)) {
	t.Helper()
	root := t.TempDir()
	file := filepath.Join(root, "r.slice/reprieved.service/memory.pressure")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	told = &log{}
	d = &daemon{mount: root, own: "/r.slice/reprieved.service", tell: newTeller(told)}
	d.tell.sender.Close()
	stall = func(some, full int) {
		t.Helper()
		text := fmt.Sprintf("some avg10=0.00 avg60=0.00 avg300=0.00 total=%09d\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=%09d\n", some, full)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stall(1000, 900)
	d.openToll()
	return d, told, stall
}

// Ensure what was before READY=1 does not count, and the figures are written
// as people read them.
func TestToll_SinceReady(t *testing.T) {
	d, told, stall := stalling(t)
	line := func() string {
		var f figured
		f.own, f.counted = d.tollSinceReady()
		return f.line()
	}
	if got, want := line(), "watching 0 slices, 0 in an episode"; got != want {
		t.Errorf("the status before READY=1 = %q, want %q", got, want)
	}
	d.countToll()
	d.toll.ready.majorFaults = d.toll.last.majorFaults
	if got, want := line(), "watching 0 slices, 0 in an episode; own stall 0 us, 0 major faults"; got != want {
		t.Errorf("the status = %q, want %q", got, want)
	}
	stall(13000, 5900)
	d.toll.at -= leastGap
	if got, want := line(), "watching 0 slices, 0 in an episode; own stall 12 ms (5000 us of it full), 0 major faults"; got != want {
		t.Errorf("the status = %q, want %q", got, want)
	}
	d.tell.drain()
	if told.String() != "" {
		t.Errorf("told %q, want nothing", told)
	}
}

// Ensure a group whose pressure cannot be read is told, and counts as none.
func TestToll_Unreadable(t *testing.T) {
	told := &log{}
	d := &daemon{mount: t.TempDir(), own: "/nowhere", tell: newTeller(told)}
	d.tell.sender.Close()
	d.openToll()
	d.countToll()
	if got, ok := d.tollSinceReady(); got.stall != (pressure.Totals{}) || !ok {
		t.Errorf("tollSinceReady() = %v, %v, want no stall and true", got, ok)
	}
	d.tell.drain()
	if want := "<4>whether I stall myself is not known: /nowhere"; !strings.HasPrefix(told.String(), want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// Ensure an episode in which the daemon stalled is told at its end, and one
// in which it did not is not.
func TestToll_Episode(t *testing.T) {
	d, told, stall := stalling(t)
	d.countToll()
	var s slice
	s.unit = "w.slice"
	s.m = controller.NewMachine(&d.host, s.unit, controller.Rules{}, controller.NewLeaf(s.unit, "/w.slice", 1), newID)
	turn := func(begins bool) {
		d.toll.at -= leastGap
		d.readToll(d.now())
		d.toll.last.majorFaults = 7 // the test's own are not the point
		d.turnTollAt(&s, begins, d.toll.last)
	}
	turn(true)
	turn(false)
	d.tell.drain()
	if told.String() != "" {
		t.Errorf("told %q of an episode without a stall, want nothing", told)
	}
	turn(true)
	stall(1250, 1000)
	turn(false)
	d.tell.drain()
	if want := "<4>my own group stalled during the episode of w.slice: own stall 250 us (100 us of it full), 0 major faults. Decisions may have come late."; !strings.HasPrefix(told.String(), want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// Ensure spans are written in whole units that fit.
func TestSpan(t *testing.T) {
	for micros, want := range map[uint64]string{0: "0 us", 9_999: "9999 us", 10_000: "10 ms", 9_999_999: "9999 ms", 10_000_000: "10 s"} {
		if got := span(micros); got != want {
			t.Errorf("span(%d) = %q, want %q", micros, got, want)
		}
	}
}

// Ensure the looks that the loop takes at itself allocate nothing.
func TestOwn_Allocs(t *testing.T) {
	d, _, _ := stalling(t)
	d.garbage.kept = 1 << 40
	d.garbage.heapBytes() // the first one makes what all have
	if n := testing.AllocsPerRun(100, func() {
		d.toll.at = 0
		d.readToll(1)
		d.collect()
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
	if d.toll.last.stall != (pressure.Totals{SomeMicros: 1000, FullMicros: 900}) {
		t.Errorf("read %+v, want what is in the file", d.toll.last)
	}
}

func BenchmarkReadToll(b *testing.B) {
	d, _, _ := stalling(b)
	b.ReportAllocs()
	for b.Loop() {
		d.toll.at = 0
		d.readToll(1)
	}
}

func BenchmarkHeapBytes(b *testing.B) {
	var c collector
	c.heapBytes()
	b.ReportAllocs()
	for b.Loop() {
		c.heapBytes()
	}
}
