package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"time"

	"reprieve/test/watch"
)

const step = 500 * time.Millisecond

// timeline prints a row for each step, and each message of the daemon when it comes.
type timeline struct {
	out     io.Writer
	journal *watch.Journal
	start   time.Time

	top   *top
	held  int    // rows since the hold
	seen  int    // messages printed
	state string // by the last message
	last  sample
}

// sample is what one row is made of.
type sample struct {
	at           time.Time
	batch, spare watch.Stall // of batch.slice, and of the canary's leaf
}

// run prints until the daemon says that the memory is back, and an error when it does not within limit.
func (l *timeline) run(limit time.Duration) error {
	l.state = "calm"
	fmt.Fprintln(l.out, "  time    keeper  hog +swap (memory.high)   canary   stall of batch.slice   of the canary   state")
	fmt.Fprintln(l.out, "                                                       some    full             some")
	for {
		over, err := l.messages()
		if err != nil {
			return err
		}
		if err := l.row(); err != nil {
			return err
		}
		if over {
			return nil
		}
		if time.Since(l.start) > limit {
			return fmt.Errorf("the hog was not stopped within %s", limit)
		}
		time.Sleep(step)
	}
}

// messages prints what is new in the journal and tells whether the end of the episode is among it.
func (l *timeline) messages() (over bool, err error) {
	all, err := l.journal.All("")
	if err != nil {
		return false, err
	}
	states := map[string]string{
		watch.Breach: "breach", watch.Hold: "held", watch.Relief: "calm", watch.Stop: "stopping", watch.Stopped: "settling", watch.Settled: "calm",
	}
	for _, m := range all[l.seen:] {
		if m["MESSAGE_ID"] == "" {
			continue // a line by systemd about the unit, or a plain one
		}
		fmt.Fprintf(l.out, "%s  > %s\n", seconds(time.Since(l.start)), m["MESSAGE"])
		if state, ok := states[m["MESSAGE_ID"]]; ok {
			l.state = state
		}
		over = over || m["MESSAGE_ID"] == watch.Settled
	}
	l.seen = len(all)
	return over, nil
}

// row prints how it is now.
func (l *timeline) row() error {
	now := sample{at: time.Now()}
	var err error
	if now.batch, err = watch.Stalled("batch.slice"); err != nil {
		return err
	}
	if now.spare, err = watch.Stalled("batch-c.slice"); err != nil {
		return err
	}
	if !l.last.at.IsZero() {
		elapsed := now.at.Sub(l.last.at)
		fmt.Fprintf(l.out, "%s  %9s  %-23s  %7s   %5s   %5s            %5s    %s\n", seconds(time.Since(l.start)),
			usage("batch-a.slice")+swap("batch-a.slice"), usage("batch-b.slice")+swap("batch-b.slice")+high("batch-b.slice"), usage("batch-c.slice"),
			share(now.batch.Some-l.last.batch.Some, elapsed), share(now.batch.Full-l.last.batch.Full, elapsed),
			share(now.spare.Some-l.last.spare.Some, elapsed), l.state)
	}
	l.last = now
	if l.state == "held" {
		if l.held++; l.held == pictureAt {
			return l.top.take()
		}
	}
	return nil
}

// pictureAt is how many rows after the hold the picture is taken: top looks once a second.
const pictureAt = 8

// usage is memory.current in whole megabytes.
func usage(slice string) string {
	current, err := watch.Bytes(slice, "memory.current")
	if err != nil || current == 0 {
		return "-"
	}
	return megabytes(current)
}

// swap is memory.swap.current where there is any.
func swap(slice string) string {
	current, err := watch.Bytes(slice, "memory.swap.current")
	if err != nil || current < 1<<20 {
		return ""
	}
	return " +" + megabytes(current)
}

// high is memory.high where there is one.
func high(slice string) string {
	text, err := watch.Read(slice, "memory.high")
	n, notNumber := strconv.ParseInt(text, 10, 64)
	if err != nil || notNumber != nil {
		return ""
	}
	return " (" + megabytes(n) + ")"
}

func megabytes(n int64) string { return strconv.FormatInt(n>>20, 10) + "M" }

func seconds(d time.Duration) string { return fmt.Sprintf("%5.1fs", d.Seconds()) }

// share of elapsed in percent; the totals and the clock are not read at the same moment, hence at most 100.
func share(stalled, elapsed time.Duration) string {
	return strconv.FormatInt(min(100*int64(stalled)/int64(elapsed), 100), 10) + "%"
}

func trim(text []byte) []byte { return bytes.TrimSpace(text) }
