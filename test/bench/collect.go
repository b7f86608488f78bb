package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"reprieve/test/bench/plan"
	"reprieve/test/bench/result"
)

// guessed is how long a run takes while none has been seen.
const guessed = 75 * time.Second

// collectVerb reads what the guest of one session prints, appends each result to the file as it comes, and tells how far it is. A run
// that was begun and has no result when the guest is gone, is one with an error.
func collectVerb(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("collect", flag.ContinueOnError)
	file := flags.String("results", "", "file to append the results to")
	order, parse := orderFlags(flags)
	if err := parse(args); err != nil {
		return err
	}
	c := collector{out: out, order: *order, file: *file}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := c.line(strings.TrimRight(lines.Text(), "\r")); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return c.end()
}

type collector struct {
	out   io.Writer
	order plan.Order
	file  string
	begun *result.Key // without a result yet
	stood float64     // seconds for which a CPU stood still at most since then
}

// line takes one line of the guest; what is no word of ours is passed on.
func (c *collector) line(text string) error {
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "BEGIN":
		var key result.Key
		if err := json.Unmarshal([]byte(rest), &key); err != nil {
			return fmt.Errorf("line %q: %w", text, err)
		}
		c.begun, c.stood = &key, 0
		return c.progress(key)
	case "RUN":
		run, err := result.Parse([]byte(rest))
		if err != nil {
			return fmt.Errorf("line %q: %w", text, err)
		}
		micros := int64(c.stood * 1e6)
		c.begun, run.StoodMicros = nil, &micros
		fmt.Fprintf(c.out, "bench:   %s\n", sentence(run))
		return result.Append(c.file, run)
	}
	var cpu int
	var stood float64
	if n, _ := fmt.Sscanf(text, "CPU %d stood still for %f s", &cpu, &stood); n == 2 { // of load clocks
		c.stood = max(c.stood, stood)
	}
	_, err := fmt.Fprintln(c.out, text)
	return err
}

// end is called when the guest is gone.
func (c *collector) end() error {
	if c.begun == nil {
		return nil
	}
	run := result.Run{Key: *c.begun, Error: "the guest was gone before the run was over"}
	if strings.HasPrefix(run.Controller, "reprieve") {
		run.Build = c.order.Build
	}
	fmt.Fprintf(c.out, "bench:   %s\n", sentence(run))
	return result.Append(c.file, run)
}

// progress says which run begins, of how many, and how long the rest may take.
func (c *collector) progress(key result.Key) error {
	runs, err := result.ReadFile(c.file)
	if err != nil {
		return err
	}
	left := 0
	for _, s := range plan.Sessions(c.order, runs) {
		left += len(s.Controllers)
	}
	all := c.order.Rounds * len(c.order.Loads) * len(c.order.Controllers)
	_, err = fmt.Fprintf(c.out, "bench: %s, round %d, %s, %s: run %d of %d, some %s left\n",
		key.Suite, key.Round, key.Load, key.Controller, all-left+1, all, (time.Duration(left) * typical(runs)).Round(time.Minute))
	return err
}

// typical is the mean time of the runs so far.
func typical(runs []result.Run) time.Duration {
	sum, n := time.Duration(0), 0
	for _, run := range runs {
		if run.TookMicros > 0 {
			sum += time.Duration(run.TookMicros) * time.Microsecond
			n++
		}
	}
	if n == 0 {
		return guessed
	}
	return sum / time.Duration(n)
}

// sentence is a run in a line, for people.
func sentence(run result.Run) string {
	if run.Error != "" {
		return "no result: " + run.Error
	}
	text := "no breach"
	if run.Outcome.BreachMicros != nil {
		text = fmt.Sprintf("breach after %.1f s", float64(*run.Outcome.BreachMicros)/1e6)
	}
	if run.Outcome.EmptyMicros != nil {
		text += fmt.Sprintf(", the load was gone after %.1f s", float64(*run.Outcome.EmptyMicros)/1e6)
	} else {
		text += ", the load lived on"
	}
	if len(run.Outcome.Innocent) > 0 {
		text += ", and innocent died: " + strings.Join(run.Outcome.Innocent, " ")
	}
	if run.Outcome.OOMKills > 0 {
		text += fmt.Sprintf(", %d kernel kills", run.Outcome.OOMKills)
	}
	return text
}
