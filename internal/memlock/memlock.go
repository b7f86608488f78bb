// Package memlock keeps the daemon's memory out of reclaim's hands, so that it
// never waits for a page while it handles a lack of them.
package memlock

import (
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// ErrLimit says that the process may not lock all its memory.
var ErrLimit = errors.New("set LimitMEMLOCK=infinity in the unit or grant CAP_IPC_LOCK")

// Report is what Lock did.
type Report struct {
	MappedBytes    uint64 // File-backed mappings: the binary, and libraries if there are any.
	PopulatedBytes uint64 // Of these, the bytes in memory and locked now.

	// PopulateErr says why PopulatedBytes is less than MappedBytes, nil where
	// it is not: code that has never run may then still wait for the disk.
	// EINVAL is a kernel without MADV_POPULATE_READ and _WRITE (before 5.14).
	PopulateErr error
}

// Lock locks the memory of the process, now and to come, as it is touched, and
// brings in all of the binary. Once is enough: what is locked stays.
//
// MCL_ONFAULT makes it affordable: without it the Go runtime's reservations
// become 40 MB of locked zeros. It also leaves code that has never run to the
// first page fault, which is what populating the mappings is for. Those that the
// program writes to, its data, are populated for that: otherwise the first
// write to a page of theirs takes a new page, and may have to reclaim one. VmLck of
// /proc/PID/status counts address space and reads more than 1 GB after it.
//
// The error is ErrLimit, with what was found, where memory may not be locked
// without limit, or the system call's.
func Lock() (Report, error) {
	if err := mayLock(); err != nil {
		return Report{}, err
	}
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		return Report{}, fmt.Errorf("mlockall: %w: %w", err, ErrLimit)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return Report{PopulateErr: err}, nil
	}
	return populate(parseMaps(string(maps))), nil
}

// mayLock refuses a finite limit, however high: with MCL_FUTURE every later
// mapping counts at its full size, the runtime maps far more than it uses, and
// one that is refused ends the process.
func mayLock() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		return fmt.Errorf("getrlimit RLIMIT_MEMLOCK: %w", err)
	}
	if limit.Cur == math.MaxUint64 {
		return nil
	}
	ok, err := hasIPCLock()
	if err != nil {
		return fmt.Errorf("capget: %w", err)
	}
	if !ok {
		return fmt.Errorf("lock memory: RLIMIT_MEMLOCK is %d bytes: %w", limit.Cur, ErrLimit)
	}
	return nil
}

// hasIPCLock reports whether CAP_IPC_LOCK is effective, which lifts the limit.
func hasIPCLock() (bool, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false, err
	}
	return data[unix.CAP_IPC_LOCK/32].Effective&(1<<(unix.CAP_IPC_LOCK%32)) != 0, nil
}

// populate brings every mapping into memory, where mlockall keeps it.
func populate(maps []mapping) Report {
	var r Report
	for _, m := range maps {
		r.MappedBytes += m.end - m.start
		how, name := uintptr(unix.MADV_POPULATE_READ), "MADV_POPULATE_READ"
		if m.writable {
			how, name = unix.MADV_POPULATE_WRITE, "MADV_POPULATE_WRITE"
		}
		_, _, errno := unix.Syscall(unix.SYS_MADVISE, uintptr(m.start), uintptr(m.end-m.start), how)
		if errno == 0 {
			r.PopulatedBytes += m.end - m.start
		} else if r.PopulateErr == nil {
			r.PopulateErr = fmt.Errorf("madvise %s %s at %x-%x: %w", name, m.path, m.start, m.end, errno)
		}
	}
	return r
}
