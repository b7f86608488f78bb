package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"reprieve/configs"
)

// pauseMost is the longest pause: who forgets one has a controller again on the next day.
const pauseMost = 24 * time.Hour

// pauseVerb has the daemon hold and stop nothing for a time, or ends that.
func pauseVerb(args []string, stdout, stderr io.Writer) int {
	return pauseAt(args, stdout, stderr, thisHost())
}

func pauseAt(args []string, stdout, stderr io.Writer, from source) int {
	asJSON := false
	operands, ok := parse("pause", args, stderr, func(set *flag.FlagSet) { set.BoolVar(&asJSON, "json", false, "") })
	if !ok {
		return exitUsage
	}
	length, err := pauseLength(operands[0])
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl pause: %v\n", err)
		return exitUsage
	}
	released, err := from.client.Pause(context.Background(), length)
	if err != nil {
		fmt.Fprintln(stderr, "reprievectl pause:", from.unanswered("pause "+operands[0], err))
		return exitFindings
	}
	if asJSON {
		answer := paused{Released: released}
		if length > 0 {
			answer.UntilUnixUsec = from.pauseEnd(length).UnixMicro()
		}
		err = writeJSON(stdout, answer)
		if err != nil {
			fmt.Fprintln(stderr, "reprievectl pause:", err)
			return exitFindings
		}
		return exitOK
	}
	out := &output{Writer: stdout}
	if length == 0 {
		fmt.Fprintln(out, "no pause is in force any more")
		return out.code("pause", stderr, exitOK)
	}
	fmt.Fprintf(out, "paused until %s, for %s; %s lifted; sudo reprievectl pause off ends it\n",
		from.pausedUntil(length), configs.FormatDuration(length), count(released, "hold"))
	return out.code("pause", stderr, exitOK)
}

// pauseLength reads the argument of pause; 0 is "off".
func pauseLength(text string) (time.Duration, error) {
	if text == "off" {
		return 0, nil
	}
	length, err := configs.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w, or off", err)
	case length < time.Second || length > pauseMost:
		return 0, fmt.Errorf("got %s, allowed: 1s to %s, or off", text, configs.FormatDuration(pauseMost))
	}
	return length, nil
}

// paused is what pause did, for programs.
type paused struct {
	UntilUnixUsec int64 `json:"pausedUntilUnixUsec"` // 0: no pause is in force
	Released      int   `json:"released"`            // holds that were lifted
}

// pausedUntil is the end of a pause by the clock.
func (s source) pausedUntil(length time.Duration) string {
	return clock(s.pauseEnd(length), s.now, s.zone)
}

// pauseEnd is the end of a pause as the daemon has it; where it does not say so, from now on.
func (s source) pauseEnd(length time.Duration) time.Time {
	if status, err := s.client.Status(context.Background()); err == nil && status.PausedUntilUnixUsec != 0 {
		return time.UnixMicro(status.PausedUntilUnixUsec)
	}
	return s.now.Add(length)
}
