// Package pressure reads the kernel's pressure stall information (PSI) for
// memory: it parses memory.pressure, turns the growing totals into shares of a
// window, and opens kernel triggers that wake a poller when a share is reached.
//
// It decides nothing and keeps no descriptor but a trigger's. The files are
// memory.pressure of a cgroup2 group and /proc/pressure/memory; the format and
// the triggers are those of Documentation/accounting/psi.rst in the kernel.
//
// Averages (avg10, avg60, avg300) lag by seconds. Nothing is decided by them: they tell people what was before anybody looked.
package pressure

import (
	"bytes"
	"errors"
	"fmt"
)

// Totals is how long tasks of a group have been stalled on memory since the
// group was made, in microseconds of wall time.
type Totals struct {
	SomeMicros uint64 // at least one task was stalled
	FullMicros uint64 // all tasks that had something to do were stalled
}

// ErrMalformed says that a pressure file did not have the kernel's format.
var ErrMalformed = errors.New("malformed pressure file")

// Parse reads the text of a memory.pressure file:
//
//	some avg10=0.00 avg60=0.00 avg300=0.00 total=5021
//	full avg10=0.00 avg60=0.00 avg300=0.00 total=4180
//
// Lines it does not know are passed over, so that a newer kernel may add some.
// It allocates nothing on success. Without both lines, or with a total that is
// not a decimal number of 64 bits, it returns an error wrapping ErrMalformed.
func Parse(text []byte) (Totals, error) {
	var t Totals
	var some, full bool
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, newline)
		switch {
		case bytes.HasPrefix(line, somePrefix):
			if t.SomeMicros, some = total(line); !some {
				return Totals{}, fmt.Errorf("%w: line %q has no total", ErrMalformed, line)
			}
		case bytes.HasPrefix(line, fullPrefix):
			if t.FullMicros, full = total(line); !full {
				return Totals{}, fmt.Errorf("%w: line %q has no total", ErrMalformed, line)
			}
		}
	}
	if !some || !full {
		return Totals{}, fmt.Errorf("%w: wanted a line some and a line full", ErrMalformed)
	}
	return t, nil
}

var (
	newline    = []byte{'\n'}
	somePrefix = []byte("some ")
	fullPrefix = []byte("full ")
	totalKey   = []byte(" total=")
)

// total returns the number behind " total=", which ends its line.
func total(line []byte) (uint64, bool) {
	i := bytes.Index(line, totalKey)
	if i < 0 {
		return 0, false
	}
	return decimal(line[i+len(totalKey):])
}

// decimal is strconv.ParseUint without the string.
func decimal(b []byte) (uint64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		d := uint64(c - '0')
		if c < '0' || c > '9' || n > (1<<64-1-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}
