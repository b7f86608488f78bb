package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// collectEvery is how many ticks lie between two collections.
const collectEvery = 256

// canary is the innocent neighbour: every tick it touches its working set, allocates and frees a little, and writes its beat to a
// file. A limit that stalls it, or a kill, shows in the beat. SIGUSR1 makes it forget the worst gap so far.
func canary(args []string) error {
	flags := flag.NewFlagSet("canary", flag.ExitOnError)
	beat := flags.String("beat", "", "file to write \"TICKS WORST_GAP_MICROS\" to, replaced as a whole at each tick")
	every := flags.Duration("every", 50*time.Millisecond, "between two ticks")
	working := size(2 << 20)
	flags.Var(&working, "working", "bytes touched at each tick")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// A page of 2 MB for Go's heap would look like growth.
	if err := unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl PR_SET_THP_DISABLE: %w", err)
	}
	set, err := reserve(working)
	if err != nil {
		return err
	}
	set.grow(int(working))
	forget := make(chan os.Signal, 1)
	signal.Notify(forget, unix.SIGUSR1)

	last, worst := time.Now(), time.Duration(0)
	for ticks := 1; ; ticks++ {
		set.touch(0, int(working))
		if err := allocate(64 << 10); err != nil {
			return err
		}
		select {
		case <-forget:
			worst = 0
		default:
		}
		now := time.Now()
		worst = max(worst, now.Sub(last))
		last = now
		if err := replace(*beat, fmt.Sprintf("%d %d\n", ticks, worst.Microseconds())); err != nil {
			return err
		}
		if ticks%collectEvery == 0 {
			runtime.GC() // a few KB a tick would make a grower of it in time
		}
		time.Sleep(*every)
	}
}

// allocate charges bytes anew and gives them back: a throttled group sleeps here.
func allocate(bytes size) error {
	m, err := reserve(bytes)
	if err != nil {
		return err
	}
	m.grow(int(bytes))
	return unix.Munmap(m.area)
}

// replace writes the file under another name first: a reader sees the old beat or the new one, never half of one.
func replace(path, text string) error {
	if path == "" {
		return nil
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
