package memlock

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// NoHugePages keeps the kernel from making huge pages of this process's memory
// from now on, and of that of processes it starts. Each is 2 MiB and stays: where
// Debian's default is in force ("always" in
// /sys/kernel/mm/transparent_hugepage/enabled), khugepaged makes one of a few
// touched KiB, some minutes after the start.
//
// It is for what GODEBUG=disablethp=1 leaves out: all but the heap, and of the heap
// what the runtime maps before it reads GODEBUG (runtime/mem_linux.go: sysMapOS). The
// error is that of prctl(2): a kernel without transparent huge pages has none.
func NoHugePages() error {
	if err := unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl PR_SET_THP_DISABLE: %w", err)
	}
	return nil
}
