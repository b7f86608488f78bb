package memcg

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
)

// Limit is the value of memory.min, low, high or max in bytes. Zero is zero.
type Limit uint64

// Max is no limit, which the kernel writes and reads as "max".
const Max Limit = math.MaxUint64

// String renders a limit as the kernel takes it: "max" or bytes.
func (l Limit) String() string {
	if l == Max {
		return "max"
	}
	return strconv.FormatUint(uint64(l), 10)
}

// wholePages is the limit the kernel keeps of this one: page counters count
// pages (mm/page_counter.c: page_counter_memparse rounds down).
func (l Limit) wholePages() Limit {
	if l == Max {
		return Max
	}
	return l - l%Limit(os.Getpagesize())
}

// plus is l and some bytes more, in whole pages, and still a limit where that is
// more than the kernel counts to (include/linux/page_counter.h:
// PAGE_COUNTER_MAX, which it shows as "max").
func (l Limit) plus(bytes uint64) Limit {
	most := Limit(math.MaxInt64 - os.Getpagesize()).wholePages()
	sum := l + Limit(bytes)
	if sum < l || sum > most {
		return most
	}
	return sum.wholePages()
}

// ParseLimit reads "max\n" or a number of bytes.
func ParseLimit(text []byte) (Limit, error) {
	text = bytes.TrimSuffix(text, newline)
	if string(text) == "max" {
		return Max, nil
	}
	n, ok := decimal(text)
	if !ok {
		return 0, fmt.Errorf("%w: %q is neither max nor a number", ErrMalformed, text)
	}
	return Limit(n), nil
}

// parseBytes reads a single number, the text of memory.current.
func parseBytes(text []byte) (uint64, error) {
	n, ok := decimal(bytes.TrimSuffix(text, newline))
	if !ok {
		return 0, fmt.Errorf("%w: %q is no number", ErrMalformed, text)
	}
	return n, nil
}

var newline = []byte("\n")

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
