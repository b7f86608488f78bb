package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// step is how often a hog grows. What it missed while it was stalled is not made up for: the rate is a ceiling.
const step = 50 * time.Millisecond

// hog grows anonymous memory at a rate up to a maximum and keeps it. SIGUSR1, or -after, makes it free all and stay alive.
func hog(args []string) error {
	flags := flag.NewFlagSet("hog", flag.ExitOnError)
	rate, limit := size(20<<20), size(300<<20)
	flags.Var(&rate, "rate", "bytes a second, all threads together")
	flags.Var(&limit, "max", "bytes to grow to")
	threads := flags.Int("threads", 1, "goroutines that grow")
	touch := flags.Bool("touch", false, "keep writing to all it has, so that what was swapped out comes back")
	pause := flags.Duration("pause", time.Millisecond, "with -touch, after each MiB")
	after := flags.Duration("after", 0, "free everything this long after the start (0: never)")
	ignoreTerm := flags.Bool("ignore-term", false, "ignore SIGTERM")
	if err := flags.Parse(args); err != nil {
		return err
	}

	if *threads < 1 {
		return fmt.Errorf("-threads %d: want 1 or more", *threads)
	}
	memory, err := reserve(limit)
	if err != nil {
		return err
	}
	if *ignoreTerm {
		signal.Ignore(unix.SIGTERM)
	}
	free := make(chan os.Signal, 1)
	signal.Notify(free, unix.SIGUSR1)
	if *after > 0 {
		time.AfterFunc(*after, func() { free <- unix.SIGUSR1 })
	}

	perStep := max(int(rate)*int(step)/int(time.Second) / *threads, memory.pageSize)
	for range *threads {
		go func() {
			for memory.grow(perStep) {
				time.Sleep(step)
			}
		}()
	}
	if *touch {
		go thrash(memory, *pause)
	}
	<-free
	if err := memory.release(); err != nil {
		return err
	}
	return forever()
}

// thrash writes to all of the memory again and again, with pauses that leave a CPU to others.
func thrash(m *memory, pause time.Duration) {
	for offset := 0; !m.released.Load(); {
		offset = m.touch(offset, 1<<20)
		time.Sleep(pause)
	}
}
