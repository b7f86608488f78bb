package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// spent is how long a process of a bomb waits when no more processes are allowed.
const spent = time.Second

// bomb forks as fast as it can, up to the TasksMax= of its unit, and so do its children; each touches memory of its own. At the limit
// every child ends after a while, not all at once, so that others are forked all the time. All of them ignore SIGTERM.
func bomb(args []string) error {
	flags := flag.NewFlagSet("bomb", flag.ExitOnError)
	each := size(1 << 20)
	flags.Var(&each, "each", "bytes that a child touches")
	if err := flags.Parse(args); err != nil {
		return err
	}
	area, err := unix.Mmap(-1, 0, int(each), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return fmt.Errorf("mmap %d bytes: %w", each, err)
	}
	signal.Ignore(unix.SIGTERM, unix.SIGCHLD) // the kernel reaps the children itself
	runtime.LockOSThread()
	explode(area, os.Getpagesize())
	return nil
}

// explode never returns. A child is forked without exec and has this one thread, so what runs here makes system calls by
// itself and never enters Go's runtime: no allocation, no stack that grows.
//
//go:norace
func explode(area []byte, pageSize int) {
	pause := unix.NsecToTimespec(int64(spent))
	turn := uintptr(0)
	for child := false; ; {
		pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		switch {
		case errno != 0:
			sleep(&pause)
			turn++
			if self, _, _ := unix.RawSyscall(unix.SYS_GETPID, 0, 0, 0); child && (self+turn)%4 == 0 {
				unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
			}
		case pid == 0:
			child = true
			for at := 0; at < len(area); at += pageSize {
				area[at]++
			}
		}
	}
}

// sleep ends early when a signal comes.
//
//go:norace
//go:nosplit
func sleep(pause *unix.Timespec) {
	unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(pause)), 0, 0)
}
