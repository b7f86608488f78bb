package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"reprieve/configs"
	"reprieve/units"
)

// namedTimes is how many units a warning about their times names.
const namedTimes = 3

// unitTime is a time of a unit that systemd ends or fails it after.
type unitTime struct {
	setting string
	length  time.Duration
	frozen  bool // Only who is frozen runs into it: a throttled one still gets on between two sleeps.
}

// timesOf asks systemd for the times of a service or scope; those that are infinite, or off, are left out.
func timesOf(ctx context.Context, manager *units.Manager, unit string) ([]unitTime, error) {
	const unitJob = "Unit.JobTimeoutUSec"
	asked := []string{unitJob}
	kind := ""
	switch {
	case strings.HasSuffix(unit, ".service"):
		kind = "Service."
		asked = append(asked, kind+"TimeoutStartUSec", kind+"RuntimeMaxUSec", kind+"WatchdogUSec")
	case strings.HasSuffix(unit, ".scope"):
		kind = "Scope."
		asked = append(asked, kind+"RuntimeMaxUSec")
	}
	got, err := manager.Read(ctx, unit, asked...)
	if err != nil {
		return nil, err
	}
	var all []unitTime
	for _, t := range []struct {
		property, setting string
		frozen            bool
	}{
		{unitJob, "JobTimeoutSec=", false}, {kind + "TimeoutStartUSec", "TimeoutStartSec=", false}, {kind + "RuntimeMaxUSec", "RuntimeMaxSec=", false},
		{kind + "WatchdogUSec", "WatchdogSec=", true},
	} {
		micros, ok := got[t.property].(uint64)
		if ok && micros > 0 && micros < math.MaxInt64/1000 {
			all = append(all, unitTime{t.setting, time.Duration(micros) * time.Microsecond, t.frozen})
		}
	}
	return all, nil
}

// warnTimes says on w in which watched slices a hold may outlast what systemd gives a unit of them to start or to run. Who
// is asked about are those who may be held, the first of each slice. An error is that systemd does not answer.
func warnTimes(ctx context.Context, w io.Writer, set *configs.Set, manager *units.Manager, all []watched) error {
	known := map[string][]unitTime{} // slices may lie in each other
	for _, s := range all {
		p := set.Policy(s.slice)
		freezes := holdsBy(p.Hold, "freeze")
		if !freezes && !holdsBy(p.Hold, "throttle") {
			continue
		}
		var short []string
		ask := slices.Concat(s.candidates...)
		for _, unit := range ask[:min(len(ask), alongUnits)] {
			times, ok := known[unit]
			if !ok {
				var err error
				if times, err = timesOf(ctx, manager, unit); err != nil && ctx.Err() != nil {
					return err
				}
				known[unit] = times // of one that went, or is refused, there are none
			}
			for _, t := range times {
				if t.length < p.Hold.Delay && (freezes || !t.frozen) {
					short = append(short, fmt.Sprintf("%s (%s%s)", unit, t.setting, configs.FormatDuration(t.length)))
				}
			}
		}
		sayTimes(w, p, short)
	}
	return nil
}

// sayTimes writes the warning, if there is anybody to warn for.
func sayTimes(w io.Writer, p configs.Policy, short []string) {
	if len(short) == 0 {
		return
	}
	more := ""
	if n := len(short) - namedTimes; n > 0 {
		short, more = short[:namedTimes], fmt.Sprintf(" and %d more", n)
	}
	key := "hold.delay"
	if p.Origins[key].File == "" && len(p.Hold.Steps) > 0 {
		key = "hold.step"
	}
	fmt.Fprintf(w, "warning: %s: a hold may last %s, longer than systemd gives %s%s: who is held meanwhile fails for it; %s, or the time of the unit\n",
		p.Slice, configs.FormatDuration(p.Hold.Delay), strings.Join(short, ", "), more, whereSet(p, key))
}
