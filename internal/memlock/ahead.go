package memlock

import (
	"os"
	"runtime"
	"unsafe"
)

const (
	// aheadPages is how far from what was touched the runtime's own memory is brought in:
	// an episode was seen to take 18 pages one after the other.
	aheadPages = 32
	// ownMost is the size of a mapping that is not looked at: the runtime has one of 32 MiB, an
	// index of the heap, of which each page stands for 32 GiB of addresses.
	ownMost = 16 << 20
)

// FillAhead brings in what the Go runtime will soon touch of the memory that it keeps
// for itself, outside of the heap, and returns how many bytes it added. Its lists of
// spans and the bits of its collector grow there page by page, in pieces of up to
// 256 KiB from the beginning of each to its end (runtime/malloc.go: persistentalloc,
// runtime/mfixalloc.go); aheadPages of them behind each page that was
// touched are brought in. What was freed of it is used again, so that once is enough.
//
// The error is of reading /proc/self/maps or /proc/self/pagemap, or of madvise(2), and
// what was brought in until then stays.
func FillAhead() (addedBytes uint64, err error) {
	object := new([64]byte)
	defer runtime.KeepAlive(object)
	heap, err := mappingOf(uint64(uintptr(unsafe.Pointer(object))))
	if err != nil {
		return 0, err
	}
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return 0, err
	}
	for _, m := range parseAnonymous(string(text)) {
		if m.end-m.start > ownMost || m.start < heap.end && heap.start < m.end {
			continue
		}
		pages, err := present(m)
		if err != nil {
			return addedBytes, err
		}
		r := populate(gaps(m, pages, uint64(os.Getpagesize())))
		addedBytes += r.PopulatedBytes
		if r.PopulateErr != nil {
			return addedBytes, r.PopulateErr
		}
	}
	return addedBytes, nil
}

// gaps returns the parts of a mapping that are not there, and at most aheadPages behind a page that is.
func gaps(m mapping, pages []bool, pageBytes uint64) []mapping {
	var all []mapping
	left := 0 // of those behind the last page that is there
	for i, there := range pages {
		switch at := m.start + uint64(i)*pageBytes; {
		case there:
			left = aheadPages
		case left == 0:
		case left == aheadPages:
			all = append(all, mapping{start: at, end: at + pageBytes, writable: true, path: "(memory of the runtime)"})
			left--
		default:
			all[len(all)-1].end = at + pageBytes
			left--
		}
	}
	return all
}
