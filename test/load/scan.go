package main

import (
	"errors"
	"flag"
	"io"
	"os"
)

// scan reads a file, or a disk, from end to end again and again: page cache that nobody will ask for again. It writes nothing.
func scan(args []string) error {
	flags := flag.NewFlagSet("scan", flag.ExitOnError)
	file := flags.String("file", "", "what to read")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f, err := os.Open(*file)
	if err != nil {
		return err
	}
	defer f.Close()
	buffer := make([]byte, 1<<20)
	for {
		n, err := f.Read(buffer)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if n > 0 {
			continue
		}
		if at, err := f.Seek(0, io.SeekStart); err != nil || at != 0 {
			return err
		}
	}
}
