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
// touched to the highest, and roomBytes beyond, and returns how many bytes it added. What is
// allocated from then on finds its pages there, as long as there is room; a first
// touch has to wait for a free page, as all do who wait for memory. (The heap begins
// anywhere in its first mapping since Go 1.26.)
//
// Pages between are those of objects that were made and not written to, as
// large tables are, and of spans that were never full. A heap above 64 MiB may lie
// in several mappings: the newest object's is filled. The error is of reading
// /proc/self/maps or /proc/self/pagemap, or of madvise(2), and what was brought in
// until then stays.
func FillHeap(roomBytes uint64) (addedBytes uint64, err error) {
	heap, err := heapMapping()
	if err != nil {
		return 0, err
	}
	pages, err := present(heap)
	if err != nil {
		return 0, err
	}
	page := uint64(os.Getpagesize())
	first, behind, there := 0, 0, uint64(0) // of the pages that are there: the first, the one behind the last, how many
	for i, is := range pages {
		if !is {
			continue
		}
		if there == 0 {
			first = i
		}
		behind = i + 1
		there++
	}
	heap.end = min(heap.end, heap.start+uint64(behind)*page+roomBytes/page*page)
	heap.start += uint64(first) * page
	if r := populate([]mapping{heap}); r.PopulateErr != nil {
		return 0, r.PopulateErr
	}
	return heap.end - heap.start - there*page, nil
}

// heapMapping is where a new object lies.
func heapMapping() (mapping, error) {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return mapping{}, err
	}
	object := new([64]byte)
	at := uint64(uintptr(unsafe.Pointer(object)))
	defer runtime.KeepAlive(object)
	for _, m := range parseAnonymous(string(text)) {
		if m.start <= at && at < m.end {
			return m, nil
		}
	}
	return mapping{}, fmt.Errorf("no anonymous mapping of /proc/self/maps has the object at %x", at)
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
