package metrics

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"reprieve/internal/control"
)

// kind is the type of a metric.
type kind string

const (
	counter   kind = "counter"
	gaugeKind kind = "gauge"
	histogram kind = "histogram"
)

// page collects metrics.
type page struct{ b *bytes.Buffer }

// labels are names and values in turn.
type labels []string

// String writes labels as they stand behind a name; none is nothing.
func (l labels) String() string {
	if len(l) == 0 {
		return ""
	}
	var pairs []string
	for i := 0; i+1 < len(l); i += 2 {
		pairs = append(pairs, l[i]+`="`+escape(l[i+1])+`"`)
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// escape writes a label's value as the format wants it: unit names have backslashes in them, and are no UTF-8 for certain.
func escape(value string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(strings.ToValidUTF8(value, "�"))
}

// head begins a metric. The help has no newline and no backslash in it.
func (p page) head(name string, k kind, help string) {
	p.b.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + string(k) + "\n")
}

// sample writes one value of a metric.
func (p page) sample(name string, l labels, value float64) {
	p.b.WriteString(name + l.String() + " " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

// one is a metric with a single sample.
func (p page) one(name string, k kind, help string, value float64) {
	p.head(name, k, help)
	p.sample(name, nil, value)
}

// bit is 1 or 0.
func bit(set bool) float64 {
	if set {
		return 1
	}
	return 0
}

// seconds is a number of microseconds in seconds.
func seconds[N int64 | uint64](micros N) float64 { return float64(micros) / 1e6 }

// unixSeconds is a time of the daemon's, in microseconds since 1970, in seconds.
func unixSeconds(micros int64) float64 { return float64(micros) / 1e6 }

// daemon writes what there is of the daemon itself.
func (p page) daemon(in Input) {
	p.one("reprieve_up", gaugeKind, "Whether reprieved answered at its socket.", bit(in.Up))
	if !in.Up {
		return
	}
	s := in.Status
	p.head("reprieve_build_info", gaugeKind, "The version of reprieved that runs; the value is 1.")
	p.sample("reprieve_build_info", labels{"version", s.Version}, 1)
	p.one("reprieve_ready_timestamp_seconds", gaugeKind, "Since when reprieved watches, in seconds since 1970.", unixSeconds(s.ReadyUnixUsec))
	p.one("reprieve_observe", gaugeKind, "Whether reprieved only observes: it decides and tells, and holds and stops nothing.", bit(s.Observe))
	paused := s.PausedUntilUnixUsec != 0 && time.UnixMicro(s.PausedUntilUnixUsec).After(in.Now)
	p.one("reprieve_paused", gaugeKind, "Whether a pause is in force: nothing is held or stopped.", bit(paused))
	p.one("reprieve_bus_connected", gaugeKind, "Whether it is connected to systemd; without, a stop is cgroup.kill alone.", bit(s.Bus == "connected"))
	p.one("reprieve_proved", gaugeKind, "Whether the rehearsal at the start proved all ways to act.", bit(s.Unproved == ""))
	p.one("reprieve_memory_locked", gaugeKind, "Whether the memory of reprieved is locked.", bit(s.MemoryLocked))
	p.one("reprieve_other_killers", gaugeKind, "Other memory killers that were active when reprieved started.", float64(len(s.Killers)))
	p.one("reprieve_bad_configurations", gaugeKind, "Configurations that a reload met and did not take.", float64(s.BadConfigurations))
	p.one("reprieve_dropped_reports_total", counter, "Messages for the journal that were dropped.", float64(s.DroppedReports))
	p.one("reprieve_dropped_records_total", counter, "Records of episodes that could not be written.", float64(s.DroppedRecords))
	p.one("reprieve_own_stall_seconds_total", counter, "How long some thread of reprieved waited for memory since it watches.", seconds(s.OwnStallUsec))
	p.one("reprieve_own_major_faults_total", counter, "Major page faults of reprieved since it watches.", float64(s.OwnMajorFaults))
	p.one("reprieve_own_allocations_total", counter, "Objects that reprieved allocated since it was started.", float64(s.OwnAllocations))
	p.one("reprieve_own_collections_total", counter, "Garbage collections of reprieved since it was started.", float64(s.Collections))
	p.one("reprieve_watched_slices", gaugeKind, "Slices that are watched.", float64(len(s.Slices)))
}

// phases are all that a slice can be in.
func phases() []string {
	return []string{control.Calm, control.Held, control.Stopping, control.Settling}
}
