//go:build !race

// The race detector allocates for itself.

package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// loopAllocs returns what the loop's goroutine has allocated so far, by where:
// how many objects by stack. The profile is complete up to the last collection.
func loopAllocs() map[string]int64 {
	runtime.GC()
	runtime.GC()
	records := make([]runtime.MemProfileRecord, 4096)
	n, ok := runtime.MemProfile(records, true)
	for !ok {
		records = make([]runtime.MemProfileRecord, 2*n)
		n, ok = runtime.MemProfile(records, true)
	}
	all := map[string]int64{}
	for i := range records[:n] {
		var stack []string
		onLoop := false
		frames := runtime.CallersFrames(records[i].Stack())
		for {
			f, more := frames.Next()
			stack = append(stack, fmt.Sprintf("%s (%s:%d)", f.Function[strings.LastIndexByte(f.Function, '/')+1:], f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line))
			onLoop = onLoop || strings.HasSuffix(f.Function, "(*daemon).loop")
			if !more {
				break
			}
		}
		if onLoop {
			all[strings.Join(stack, " < ")] += records[i].AllocObjects
		}
	}
	return all
}

// Ensure the loop allocates nothing from a breach to the end of the episode: not in calm, not while somebody is held, not at the stop.
func TestLoop_AllocatesNothing(t *testing.T) {
	defer func(rate int) { runtime.MemProfileRate = rate }(runtime.MemProfileRate)
	runtime.MemProfileRate = 1
	m := &manager{}
	at := units.Options{PrivateSocket: filepath.Join(t.TempDir(), "private"), BusSocket: filepath.Join(t.TempDir(), "bus")}
	unitstest.Serve(t, at.PrivateSocket, m.handle)
	hog := map[string]int{"w.slice/w-b.slice/hog.service": 200}
	s := newShellBeside(t, at, "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"1s\"\n[stop]\nsettle = \"1s\"\n", hog)
	s.opened()
	s.wait("the failsafe to be armed", func() bool { return s.ask(func() bool { return s.d.rearmAt == 0 && s.d.slices[0].roster != nil }) })
	before := loopAllocs()
	s.hold()
	s.write("w.slice/w-b.slice/memory.current", "309715200") // over its mark
	s.write("w.slice/w-b.slice/memory.stat", "active_anon 309715200")
	s.wait("the kill", func() bool { return s.read("w.slice/w-b.slice/cgroup.kill") == "1" })
	s.write("w.slice/w-b.slice/cgroup.events", "populated 0")
	s.wait("the end of it", func() bool { return strings.Contains(s.told.String(), "after the stop of w-b.slice") })
	for stack, n := range loopAllocs() {
		// An ordinary file is not to be polled; a cgroup's is.
		if n -= before[stack]; n > 0 && !strings.Contains(stack, "fmt.Errorf (errors.go:26) < epoll.(*Poller).Add") {
			t.Errorf("%d allocations on the loop by %s", n, stack)
		}
	}
}
