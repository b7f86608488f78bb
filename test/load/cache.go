package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// cache keeps a file in the page cache: clean pages, charged to the cgroup that reads them first, which reclaim can take at once.
func cache(args []string) error {
	flags := flag.NewFlagSet("cache", flag.ExitOnError)
	file := flags.String("file", "", "the file; made with -size bytes when it is not there")
	length := size(64 << 20)
	flags.Var(&length, "size", "bytes")
	pause := flags.Duration("pause", 5*time.Second, "between two passes over the file")
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
	buffer := make([]byte, 1<<20)
	for {
		for at := int64(0); at < int64(length); at += int64(len(buffer)) {
			if _, err := f.ReadAt(buffer, at); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
		}
		time.Sleep(*pause)
	}
}

// fill writes the file in full, and to the disk: only clean pages are cheap to take away.
func fill(f *os.File, length int64) error {
	if info, err := f.Stat(); err != nil || info.Size() >= length {
		return err
	}
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte(i) | 1
	}
	for at := int64(0); at < length; at += int64(len(block)) {
		if _, err := f.WriteAt(block[:min(int64(len(block)), length-at)], at); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", f.Name(), err)
	}
	return nil
}
