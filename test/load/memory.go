package main

import (
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// memory is anonymous memory of this process that grows page by page. grow and touch may run in different goroutines; release
// may be called once, from any of them.
type memory struct {
	area     []byte
	pageSize int
	used     atomic.Int64 // bytes from the start of area that were touched
	released atomic.Bool
}

// reserve maps maxBytes without touching them, so that nothing is charged yet. The map stays until the process ends.
func reserve(maxBytes size) (*memory, error) {
	area, err := unix.Mmap(-1, 0, int(maxBytes), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("mmap %d bytes: %w", maxBytes, err)
	}
	// Small pages only: a huge page would grow the charge by 2 MiB at a time.
	if err := unix.Madvise(area, unix.MADV_NOHUGEPAGE); err != nil && err != unix.EINVAL {
		return nil, fmt.Errorf("madvise MADV_NOHUGEPAGE: %w", err)
	}
	return &memory{area: area, pageSize: os.Getpagesize()}, nil
}

// grow touches up to bytes more and reports whether there was room for them.
func (m *memory) grow(bytes int) bool {
	for ; bytes > 0; bytes -= m.pageSize {
		at := m.used.Add(int64(m.pageSize)) - int64(m.pageSize)
		if m.released.Load() || at >= int64(len(m.area)) {
			return false
		}
		m.area[at] = byte(at>>12) | 1 // never a page of zeroes
	}
	return true
}

// touch writes to bytes of what was touched before, from offset on, and returns the next offset; it starts again at the end.
func (m *memory) touch(offset, bytes int) int {
	used := min(int(m.used.Load()), len(m.area))
	for ; bytes > 0 && !m.released.Load(); bytes -= m.pageSize {
		if offset >= used {
			return 0
		}
		m.area[offset]++
		offset += m.pageSize
	}
	return offset
}

// release gives all of it back to the kernel; grow and touch do nothing from then on.
func (m *memory) release() error {
	m.released.Store(true)
	if err := unix.Madvise(m.area, unix.MADV_DONTNEED); err != nil {
		return fmt.Errorf("madvise MADV_DONTNEED: %w", err)
	}
	return nil
}
