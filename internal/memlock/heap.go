package memlock

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// FillHeap brings in the Go heap from the lowest of its pages that was ever
// touched to the highest, and returns how many bytes it added. Pages between are
// those of objects that were made and not written to, as large tables are, and of
// spans that were never full; a first touch has to wait for a free page, as all do who
// wait for memory.
//
// A heap above 64 MiB may lie in several places: that of the newest object is filled. The
// error is of reading /proc/self/maps or /proc/self/pagemap, or of madvise(2), and
// what was brought in until then stays.
func FillHeap() (addedBytes uint64, err error) {
	object := new([64]byte)
	defer runtime.KeepAlive(object)
	heap, err := mappingOf(uint64(uintptr(unsafe.Pointer(object))))
	if err != nil {
		return 0, err
	}
	pages, err := present(heap)
	if err != nil {
		return 0, err
	}
	first, behind, there := 0, 0, 0 // of the pages that are there: the first, the one behind the last, how many
	for i, is := range pages {
		if !is {
			continue
		}
		if there == 0 {
			first = i // the runtime leaves free what is before that, since Go 1.26
		}
		behind = i + 1
		there++
	}
	page := uint64(os.Getpagesize())
	heap.start, heap.end = heap.start+uint64(first)*page, heap.start+uint64(behind)*page
	r := populate([]mapping{heap})
	if r.PopulateErr != nil {
		return 0, r.PopulateErr
	}
	return r.PopulatedBytes - uint64(there)*page, nil
}

// mappingOf is the memory around an object of the heap: all anonymous mappings that lie
// side by side, since madvise(2) and mmap(2) by the runtime divide them.
func mappingOf(at uint64) (mapping, error) {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return mapping{}, err
	}
	for _, m := range joined(parseAnonymous(string(text))) {
		if m.start <= at && at < m.end {
			m.path = "(the heap)" // for errors
			return m, nil
		}
	}
	return mapping{}, fmt.Errorf("no anonymous mapping of /proc/self/maps has the object at %x", at)
}

// joined makes one of mappings that lie side by side.
func joined(maps []mapping) []mapping {
	var all []mapping
	for _, m := range maps {
		if last := len(all) - 1; last >= 0 && all[last].end == m.start {
			all[last].end = m.end
		} else {
			all = append(all, m)
		}
	}
	return all
}

// present says of each page of a mapping whether it is in memory: bit 63 of its
// entry in /proc/self/pagemap (Documentation/admin-guide/mm/pagemap.rst).
func present(m mapping) ([]bool, error) {
	const entry, bit = 8, 1 << 63
	fd, err := unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /proc/self/pagemap: %w", err)
	}
	defer unix.Close(fd)
	page := uint64(os.Getpagesize())
	text := make([]byte, (m.end-m.start)/page*entry)
	n, err := unix.Pread(fd, text, int64(m.start/page*entry))
	if err != nil {
		return nil, fmt.Errorf("read /proc/self/pagemap: %w", err)
	}
	pages := make([]bool, n/entry) // fewer at the end of what one call gives are as if they were not there
	for i := range pages {
		pages[i] = binary.NativeEndian.Uint64(text[i*entry:])&bit != 0
	}
	return pages, nil
}
