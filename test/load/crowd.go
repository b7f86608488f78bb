package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// crowd is many small processes: it starts so many hogs and waits for all of them. None of them by itself is worth a look.
func crowd(args []string) error {
	flags := flag.NewFlagSet("crowd", flag.ExitOnError)
	processes := flags.Int("processes", 50, "hogs to start")
	each, rate := size(24<<20), size(1<<20)
	flags.Var(&each, "each", "bytes that one of them grows to, and keeps writing to")
	flags.Var(&rate, "rate", "bytes a second of one of them")
	pause := flags.Duration("pause", 50*time.Millisecond, "each of them, after each MiB that it wrote to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var children []*exec.Cmd
	for range *processes {
		child := exec.Command(self, "hog", "-rate", strconv.FormatUint(uint64(rate), 10), "-max", strconv.FormatUint(uint64(each), 10), "-touch", "-pause", pause.String())
		if err := child.Start(); err != nil {
			return fmt.Errorf("start hog %d of %d: %w", len(children)+1, *processes, err)
		}
		children = append(children, child)
	}
	for _, child := range children {
		_ = child.Wait() // whoever ended it had a reason
	}
	return nil
}
