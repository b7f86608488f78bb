package main

import (
	"flag"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/memlock"
)

// clockPriority is above that of all that a scenario measures: who spins there does not look like a CPU that stands still.
const clockPriority = 50

// clocks says of each CPU when it stood still: an emulated one does not come to its threads of real-time priority for seconds, now and
// then, and what is measured meanwhile is the emulator. One locked thread a CPU sleeps a tick at a time and says how long it slept.
func clocks(args []string) error {
	flags := flag.NewFlagSet("clocks", flag.ExitOnError)
	every := flags.Duration("every", 100*time.Millisecond, "between two ticks")
	least := flags.Duration("least", time.Second, "say nothing of less")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(0, &cpus); err != nil {
		return fmt.Errorf("sched_getaffinity: %w", err)
	}
	runtime.GOMAXPROCS(cpus.Count() + 2) // a place for each, always
	if _, err := memlock.Lock(); err != nil {
		return err
	}
	failed := make(chan error)
	for cpu, left := 0, cpus.Count(); left > 0; cpu++ {
		if cpus.IsSet(cpu) {
			left--
			go func() { failed <- clock(cpu, *every, *least) }()
		}
	}
	return <-failed
}

// clock ticks on one CPU, and returns when it cannot.
func clock(cpu int, every, least time.Duration) error {
	runtime.LockOSThread()
	var here unix.CPUSet
	here.Set(cpu)
	if err := unix.SchedSetaffinity(0, &here); err != nil {
		return fmt.Errorf("sched_setaffinity to CPU %d: %w", cpu, err)
	}
	if err := unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: clockPriority}, 0); err != nil {
		return fmt.Errorf("sched_setattr SCHED_FIFO: %w", err)
	}
	tick := unix.NsecToTimespec(every.Nanoseconds())
	for {
		before := micros()
		_ = unix.Nanosleep(&tick, nil) // a signal makes it shorter
		if now := micros(); time.Duration(now-before)*time.Microsecond >= least {
			fmt.Printf("CPU %d stood still for %.1f s until %.3f s after boot\n", cpu, float64(now-before)/1e6, float64(now)/1e6)
		}
	}
}
