package main

import (
	"flag"
	"fmt"
	"strings"
	"time"
)

// pauses is a flag value of durations with commas between them: 1s,5s.
type pauses []time.Duration

func (p *pauses) String() string { return strings.Trim(fmt.Sprint([]time.Duration(*p)), "[]") }

func (p *pauses) Set(text string) error {
	*p = nil
	for _, part := range strings.Split(text, ",") {
		d, err := time.ParseDuration(part)
		if err != nil {
			return err
		}
		*p = append(*p, d)
	}
	return nil
}

// wave grows anonymous memory at a rate for a while, frees all of it, pauses and begins again: a load that swings around a limit. It
// frees in time also where it is throttled.
func wave(args []string) error {
	flags := flag.NewFlagSet("wave", flag.ExitOnError)
	rate, limit := size(40<<20), size(300<<20)
	flags.Var(&rate, "rate", "bytes a second")
	flags.Var(&limit, "max", "bytes to grow to, each time")
	up := flags.Duration("up", 5*time.Second, "how long it grows and keeps")
	down := pauses{5 * time.Second}
	flags.Var(&down, "down", "how long it then has nothing; of several the next one each time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for turn := 0; ; turn++ {
		// A map of its own each time: the one before is empty, and whoever still sleeps in it ends there.
		memory, err := reserve(limit)
		if err != nil {
			return err
		}
		go func() {
			for memory.grow(max(int(rate)*int(step)/int(time.Second), memory.pageSize)) {
				time.Sleep(step)
			}
		}()
		time.Sleep(*up)
		if err := memory.release(); err != nil {
			return err
		}
		time.Sleep(down[turn%len(down)])
	}
}
