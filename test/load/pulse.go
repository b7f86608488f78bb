package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pulseBytes is a tick in the record of a pulse: when it was due and when it was done, in microseconds of CLOCK_MONOTONIC, little-endian.
const pulseBytes = 16

// pulse is a canary for the benchmark: its ticks are due at fixed times, and of each that it comes to it writes down when it was due and
// when its work was done. A tick that it comes too late for is not made up for; who reads the record sees it missing. The record is made
// in full before the first tick, so that to write it asks for no memory.
func pulse(args []string) error {
	flags := flag.NewFlagSet("pulse", flag.ExitOnError)
	record := flags.String("record", "", "file to write the ticks to")
	every := flags.Duration("every", 50*time.Millisecond, "between two ticks")
	most := flags.Int("most", 1<<14, "ticks that the record has room for; it ends there")
	working := size(2 << 20)
	flags.Var(&working, "working", "bytes touched at each tick")
	if err := flags.Parse(args); err != nil {
		return err
	}
	set, err := reserve(working)
	if err != nil {
		return err
	}
	set.grow(int(working))
	ticks, err := recordOf(*record, *most*pulseBytes)
	if err != nil {
		return err
	}

	for due, n := micros()+every.Microseconds(), 0; n < *most; n++ {
		time.Sleep(time.Duration(due-micros()) * time.Microsecond)
		set.touch(0, int(working))
		if err := allocate(64 << 10); err != nil {
			return err
		}
		done := micros()
		binary.LittleEndian.PutUint64(ticks[n*pulseBytes+8:], uint64(done))
		binary.LittleEndian.PutUint64(ticks[n*pulseBytes:], uint64(due))
		due += every.Microseconds() * max(1, (done-due)/every.Microseconds())
	}
	return forever()
}

// recordOf maps a new file of so many bytes, all of them there.
func recordOf(path string, bytes int) ([]byte, error) {
	if err := os.WriteFile(path, make([]byte, bytes), 0o644); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ticks, err := unix.Mmap(int(f.Fd()), 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("mmap %s: %w", path, err)
	}
	return ticks, nil
}

// micros is CLOCK_MONOTONIC, which all processes read alike.
func micros() int64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // there always is one
	return now.Nano() / 1000
}
