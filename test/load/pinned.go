package main

import (
	"flag"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// pipeBytes is what one pipe of pinned holds, and the most that a pipe holds without asking for more than the default limit.
const pipeBytes = 1 << 20

// pinned splices a file into pipes that nobody reads: page cache that reclaim looks at again and again and cannot take, as long
// as a pipe refers to it.
func pinned(args []string) error {
	flags := flag.NewFlagSet("pinned", flag.ExitOnError)
	file := flags.String("file", "", "the file; made with -size bytes when it is not there")
	length := size(6 << 20)
	flags.Var(&length, "size", "bytes, in whole MiB")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f, err := os.OpenFile(*file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := fill(f, int64(length)); err != nil {
		return err
	}
	for at := int64(0); at < int64(length); at += pipeBytes {
		if err := pin(f, at); err != nil {
			return fmt.Errorf("pin %s at %d: %w", f.Name(), at, err)
		}
	}
	return forever()
}

// pin puts a pipe's worth of a file into a pipe that stays open until the process ends.
func pin(f *os.File, at int64) error {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return err
	}
	if _, err := unix.FcntlInt(uintptr(ends[1]), unix.F_SETPIPE_SZ, pipeBytes); err != nil {
		return err
	}
	for left := pipeBytes; left > 0; {
		n, err := unix.Splice(int(f.Fd()), &at, ends[1], nil, left, unix.SPLICE_F_NONBLOCK)
		if err != nil {
			return err
		}
		if n == 0 {
			return nil // the end of the file
		}
		left -= int(n)
	}
	return nil
}
