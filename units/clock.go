package units

import (
	"math"
	"syscall"
	"unsafe"
)

// clockMonotonic is CLOCK_MONOTONIC of clock_gettime(2).
const clockMonotonic = 1

// monotonicMicros is the present on the clock of systemd's *TimestampMonotonic
// properties, which package time keeps to itself. Should the kernel refuse, it
// is the end of time: nothing is newer than that.
func monotonicMicros() uint64 {
	var ts syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&ts)), 0)
	if errno != 0 {
		return math.MaxUint64
	}
	return uint64(ts.Nano()) / 1000
}
