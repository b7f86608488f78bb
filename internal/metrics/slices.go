package metrics

import (
	"strconv"

	"reprieve/episodes"
	"reprieve/internal/control"
)

// slices writes the state of each slice.
func (p page) slices(in Input) {
	all := in.Status.Slices
	p.head("reprieve_slice_phase", gaugeKind, "1 for the phase that a slice is in, 0 for the others.")
	for _, s := range all {
		for _, phase := range phases() {
			p.sample("reprieve_slice_phase", labels{"slice", s.Unit, "phase", phase}, bit(s.Phase == phase))
		}
	}
	p.head("reprieve_slice_leaves", gaugeKind, "Leaves of a slice, of which far ones are known by name alone.")
	for _, s := range all {
		p.sample("reprieve_slice_leaves", labels{"slice", s.Unit, "kind", "open"}, float64(s.Leaves))
		p.sample("reprieve_slice_leaves", labels{"slice", s.Unit, "kind", "far"}, float64(s.FarLeaves))
	}
	p.each("reprieve_slice_triggers", gaugeKind, "Triggers of the kernel's that are armed for a slice.", all,
		func(s *control.Slice) float64 { return float64(s.Triggers) })
	p.limits(all)
	p.readings(in)
	p.episodes(all)
}

// each is a metric with one sample a slice.
func (p page) each(name string, k kind, help string, all []control.Slice, of func(*control.Slice) float64) {
	p.head(name, k, help)
	for i := range all {
		p.sample(name, labels{"slice", all[i].Unit}, of(&all[i]))
	}
}

// limits writes the limits that are set.
func (p page) limits(all []control.Slice) {
	p.head("reprieve_limit_ratio", gaugeKind, "The share of the window that a stall may last before it is a breach; only limits that are set.")
	for _, s := range all {
		for _, l := range []struct {
			kind    string
			percent float64
		}{{"full", s.Limits.FullPercent}, {"some", s.Limits.SomePercent}} {
			if l.percent > 0 {
				p.sample("reprieve_limit_ratio", labels{"slice", s.Unit, "kind", l.kind}, l.percent/100)
			}
		}
	}
	p.each("reprieve_window_seconds", gaugeKind, "The window of a slice's limits.", all,
		func(s *control.Slice) float64 { return seconds(s.Limits.WindowUsec) })
	p.each("reprieve_delay_seconds", gaugeKind, "How long a hold in a slice may last.", all,
		func(s *control.Slice) float64 { return seconds(s.DelayUsec) })
}

// readings writes what the files of the slices show.
func (p page) readings(in Input) {
	p.head("reprieve_stall_seconds_total", counter, "Stall by memory.pressure; in an episode that of the hold is in it. Of -.slice: the whole host's.")
	for _, s := range in.Status.Slices {
		if r, ok := in.Readings[s.Unit]; ok && r.PressureOK {
			p.sample("reprieve_stall_seconds_total", labels{"slice", s.Unit, "kind", "full"}, seconds(r.Full.TotalUsec))
			p.sample("reprieve_stall_seconds_total", labels{"slice", s.Unit, "kind", "some"}, seconds(r.Some.TotalUsec))
		}
	}
	p.head("reprieve_usage_bytes", gaugeKind, "Memory in use: memory.current of a slice, of -.slice what the host has not available.")
	for _, s := range in.Status.Slices {
		if r, ok := in.Readings[s.Unit]; ok && r.UsageBytes >= 0 {
			p.sample("reprieve_usage_bytes", labels{"slice", s.Unit}, float64(r.UsageBytes))
		}
	}
	p.head("reprieve_usage_limit_bytes", gaugeKind, "memory.max of a slice where it has one, of -.slice the host's memory.")
	for _, s := range in.Status.Slices {
		if r, ok := in.Readings[s.Unit]; ok && r.LimitBytes >= 0 {
			p.sample("reprieve_usage_limit_bytes", labels{"slice", s.Unit}, float64(r.LimitBytes))
		}
	}
}

// episodes writes the episodes that run.
func (p page) episodes(all []control.Slice) {
	p.each("reprieve_held_groups", gaugeKind, "Groups that are held now.", all, func(s *control.Slice) float64 {
		if s.Episode == nil {
			return 0
		}
		return float64(len(s.Episode.Holds))
	})
	p.head("reprieve_episode_began_timestamp_seconds", gaugeKind, "When the episode of a slice began, in seconds since 1970; only while one runs.")
	for _, s := range all {
		if s.Episode != nil {
			p.sample("reprieve_episode_began_timestamp_seconds", labels{"slice", s.Unit}, unixSeconds(s.Episode.BeganUnixUsec))
		}
	}
}

// counters writes what happened since the daemon's start.
func (p page) counters(all []control.Slice) {
	p.head("reprieve_episodes_total", counter, "Episodes that are over, by how they ended.")
	for _, s := range all {
		for _, outcome := range []episodes.Outcome{episodes.Relieved, episodes.Spared, episodes.Stopped, episodes.Killed, episodes.Failed} {
			p.sample("reprieve_episodes_total", labels{"slice", s.Unit, "outcome", string(outcome)}, float64(s.Counters.Outcomes[outcome]))
		}
	}
	for _, c := range []struct {
		name, help string
		of         func(*control.Tally) uint64
	}{
		{"reprieve_breaches_total", "Episodes of a slice that began: a limit was crossed.", func(t *control.Tally) uint64 { return t.Breaches }},
		{"reprieve_holds_total", "Groups of a slice that were held.", func(t *control.Tally) uint64 { return t.Holds }},
		{"reprieve_stops_total", "Groups of a slice that were stopped.", func(t *control.Tally) uint64 { return t.Stops }},
		{"reprieve_kernel_kills_total", "Processes of a slice that the kernel's OOM killer killed.",
			func(t *control.Tally) uint64 { return t.KernelKills }},
		{"reprieve_failures_total", "Holds and stops in a slice that failed.", func(t *control.Tally) uint64 { return t.Failures }},
		{"reprieve_revived_total", "Units of a slice that were started again after a stop.", func(t *control.Tally) uint64 { return t.Revived }},
		{"reprieve_freed_bytes_total", "Memory that came back by stops in a slice.", func(t *control.Tally) uint64 { return t.FreedBytes }},
	} {
		p.each(c.name, counter, c.help, all, func(s *control.Slice) float64 { return float64(c.of(&s.Counters)) })
	}
}

// histograms writes how long waits and stops took.
func (p page) histograms(all []control.Slice) {
	p.buckets("reprieve_wait_seconds", "How long a slice was under pressure before relief or a stop.", all,
		func(t *control.Tally) control.Histogram { return t.Waited })
	p.buckets("reprieve_empty_seconds", "How long a stop took, from its decision to the empty group.", all,
		func(t *control.Tally) control.Histogram { return t.Emptied })
}

// buckets writes a histogram: the daemon counts what is in a bucket alone, Prometheus wants what is in it or below. What has
// another number of buckets, a daemon of another version, is left out.
func (p page) buckets(name, help string, all []control.Slice, of func(*control.Tally) control.Histogram) {
	p.head(name, histogram, help)
	bounds := control.Buckets()
	for _, s := range all {
		h := of(&s.Counters)
		if len(h.Counts) != len(bounds)+1 {
			continue
		}
		sum := uint64(0)
		for i, n := range h.Counts {
			sum += n
			le := "+Inf"
			if i < len(bounds) {
				le = strconv.FormatFloat(bounds[i].Seconds(), 'g', -1, 64)
			}
			p.sample(name+"_bucket", labels{"slice", s.Unit, "le", le}, float64(sum))
		}
		p.sample(name+"_sum", labels{"slice", s.Unit}, seconds(h.SumUsec))
		p.sample(name+"_count", labels{"slice", s.Unit}, float64(sum))
	}
}
