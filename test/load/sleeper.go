package main

import (
	"errors"
	"flag"
	"os/signal"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// sleeper does nothing. With -lose-main its main thread exits and the others stay: cgroup.kill passes over such a process
// (seen with Linux 6.12), it must be killed by its PID.
func sleeper(args []string) error {
	flags := flag.NewFlagSet("sleeper", flag.ExitOnError)
	keep := size(0)
	flags.Var(&keep, "keep", "bytes of memory to hold meanwhile")
	ignoreTerm := flags.Bool("ignore-term", false, "ignore SIGTERM")
	loseMain := flags.Bool("lose-main", false, "let the main thread exit")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *ignoreTerm {
		signal.Ignore(unix.SIGTERM)
	}
	if keep > 0 {
		m, err := reserve(keep)
		if err != nil {
			return err
		}
		m.grow(int(keep))
	}
	if *loseMain {
		return exitMainThread()
	}
	return forever()
}

// forever returns never; an empty select would be a deadlock to Go's runtime.
func forever() error {
	for {
		time.Sleep(time.Hour)
	}
}

// exitMainThread ends the thread that main runs on: the process's first, as long as nothing before it blocked.
func exitMainThread() error {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		return errors.New("main is not on the first thread any more, start again")
	}
	go forever()
	_, _, errno := unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	return errno
}
