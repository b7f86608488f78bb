// Package configs finds, merges and validates the configuration of Reprieve: TOML files and drop-ins in, policies that
// know where each of their values came from out.
//
// It follows systemd's rules for unit files and drop-ins (systemd.unit(5)) so that an administrator has nothing new to
// learn; [Load] states them. It reads files and nothing else: it knows no cgroup, no unit and no plugin (the names of
// the plugins come in by [Names]), starts nothing and logs nothing. It is the only package that imports the TOML library.
//
// The daemon loads at start and at each reload; reprievectl check loads to tell what is wrong.
package configs

import (
	"fmt"
	"path"
	"time"
)

// BuiltIn stands in [Origin.File] for the settings compiled into the binary (shipped/reprieve.toml).
const BuiltIn = "built in"

// Origin is the place that a value came from.
type Origin struct {
	File string // The path read, [BuiltIn], or "" for a default.
	Line int    // The line in File, from 1; 0 when it is not known.
}

// String returns "default", "built in", "FILE:LINE", or FILE when the line is not known.
func (o Origin) String() string {
	switch {
	case o.File == "":
		return "default"
	case o.File == BuiltIn || o.Line == 0:
		return o.File
	}
	return fmt.Sprintf("%s:%d", o.File, o.Line)
}

// Policy is what is configured for one slice, all files merged. Its values are within the bounds given here.
type Policy struct {
	Slice    string // "batch.slice".
	Priority int    // -1000 to 1000, default 100; lower is stopped first.
	Watched  bool   // Whether the merged settings have a [pressure] table. If not, the slice is ranked and no more.
	Masked   string // The file that masks the slice (a link to /dev/null, or empty); then all else is default. Usually "".
	Pressure Pressure
	Hold     Hold
	Stop     Stop
	// Origins has an entry for each setting, by its key ("hold.delay"), and one for "pressure" when a file has that table.
	Origins map[string]Origin
}

// Pressure says when a slice is in breach: any of its limits is enough.
type Pressure struct {
	Full   Share         // Share of Window in which all tasks stalled on memory; 0 when not set, else 0.1% to 100%.
	Some   Share         // Share of Window in which at least one task stalled; 0 when not set, else 0.1% to 100%.
	Window time.Duration // 500 ms to 10 s, default 1 s: what the kernel takes for a PSI trigger.
	Events []string      // Counters of memory.events whose rise is a breach: max, oom, high, low, oom_kill; none twice.
	// Scarce is what a stall must find to count: less of the host's memory than this is available (MemAvailable of
	// MemTotal, /proc/meminfo). 0 to 100%; default 0, which is off, but 10% for "-.slice". It is no limit by itself.
	Scarce Share
	// Left is for a host without swap, or with less than a quarter of it free: the slice is in breach when, at its present
	// rate, memory and swap would be used up in this time. 0, which is off, to 1 minute; default 3 s.
	Left time.Duration
}

// Hold is the bounded wait between a breach and a stop.
type Hold struct {
	By     string        // A name of [Names.Holds]: "throttle" (default), "freeze", "raise" or "none"; see [Hold.Ladder].
	On     string        // "growers" (default): the leaves that grow, each by itself; or "slice": the slice as a whole.
	Delay  time.Duration // The longest wait, 0 to 10 minutes, default 10 s or what Steps have together; 0 stops at once.
	Calm   time.Duration // So long without a breach is relief, 200 ms to 5 minutes, default 2 s; at most what the ladder has unless that is 0.
	Urgent Share         // A full stall of others over 1 s that cuts the wait short, 0 to 100%, default 30%; 0 is none.
	Futile time.Duration // So long of reclaim that finds nothing cuts the wait short, 100 ms to 1 minute, default 1 s.
	// Squeeze is how far below its usage a throttled leaf is pressed, in small steps: 0 (default), not at all, to 50%.
	Squeeze Share
	// LendBytes is the most that by = "raise" lends a slice above its limit: 1 MiB to 1 TiB, default 256 MiB.
	LendBytes uint64
	// Steps is the ladder of [[hold.step]], in its order, at most 16; empty when there is none. Ask [Hold.Ladder] instead.
	Steps []Step
}

// Step is one rung of a hold: what is tried, and for how long before the next one, or the stop, comes.
type Step struct {
	By    string        // A name of [Names.Holds], or "signal" (to Unit) or "start" (of Unit).
	Delay time.Duration // How long this step has, 100 ms to 10 minutes; all steps together at most [Hold.Delay].
	Unit  string        // A full unit name ("cache.service") for "signal" and "start", else "".
	// Signal is for "signal", else "": SIGHUP, SIGINT, SIGQUIT, SIGUSR1 (default), SIGUSR2, SIGTERM, SIGWINCH, SIGCONT,
	// SIGRTMIN, or SIGRTMIN+1 to SIGRTMIN+30, as systemd names them: SIGRTMIN is the C library's, 34.
	Signal string
	To     string // For "signal" who of the unit gets it: "main" (default), its main process, or "all". Else "".
}

// Ladder returns the steps of a hold in their order: Steps, or the one step of By and Delay when there are none. It is
// never empty. The caller must not change what it returns.
func (h Hold) Ladder() []Step {
	if len(h.Steps) > 0 {
		return h.Steps
	}
	return []Step{{By: h.By, Delay: h.Delay}}
}

// ladderDelay is how long all steps of the ladder have together: Delay when there is none.
func (h Hold) ladderDelay() time.Duration {
	var sum time.Duration
	for _, step := range h.Ladder() {
		sum += step.Delay
	}
	return sum
}

// Stop says whom to stop, and how.
type Stop struct {
	Pick   []string      // Names of [Names.Picks], at least one and none twice, each for the ties of the one before; default "largest".
	From   string        // "slices" (default): leaf slices below, units where there are none; or "units".
	Min    Size          // What a stop must free, default 2%; see [Stop.MinBytes].
	Grace  time.Duration // From SIGTERM to SIGKILL, 0 to 1 minute, default 0.
	Settle time.Duration // How long to wait for the memory to come back after a stop, 0 to 5 minutes, default 5 s.
	// Revive says which of the stopped units are started again when the slice is calm: "restart" (default), those whose
	// own Restart= would have brought them back after an oom-kill; "calm", each that systemd can start; or "never".
	Revive      string
	ReviveAfter time.Duration // How long the slice must have been calm before, 0 to 1 hour, default 30 s.
	ReviveMax   Rate          // How often one unit is started again, 1 to 1000 times in 1 s to 24 hours, default 3 in an hour.
	Arm         bool          // Whether memory.oom.group=1 is set on what would be stopped whole, default true.
	// Hooks is how long those who listen in the hook directories may take before a stop, all together: 0 to 10 s, default 1 s.
	Hooks time.Duration
}

// minShareBytes is the least that a share counts as in stop.min: to stop somebody for less does not pay.
const minShareBytes = 16 << 20

// MinBytes returns how many bytes a stop must free, where usageBytes is the usage of the watched slice: a share is of
// that usage and counts as 16 MiB at least, a plain size is taken as it is. 0 is no minimum.
func (s Stop) MinBytes(usageBytes uint64) uint64 {
	if s.Min.Share == 0 {
		return s.Min.Bytes
	}
	return max(s.Min.Of(usageBytes), minShareBytes)
}

// Daemon is what is configured for the daemon as a whole, in reprieve.toml and its drop-ins.
type Daemon struct {
	Observe bool              // Decide and report, but write and stop nothing.
	Protect []string          // Globs over the names of units that are never stopped, slices with all that lies in them.
	Host    Host              // When the host itself is scarce.
	Trace   string            // The directory that traces of episodes are written to, absolute; "" (default): none are.
	Guard   time.Duration     // The event loop's silence past a deadline before the guard kills: 500 ms to 1 minute, default 2 s; 0 is off.
	Records int               // How many records of episodes are kept, 0 to 100000; 0 writes none.
	Compat  Compat            // What is taken over from others.
	Origins map[string]Origin // By key, as in [Policy.Origins].
}

// Host has the floors of the host's memory. Below both at once the host is scarce, and no wait goes on.
type Host struct {
	Available Size // Of MemAvailable; a share is of MemTotal (/proc/meminfo).
	Swap      Size // Of SwapFree; a share is of SwapTotal.
}

// Compat says which settings that were made for others count here.
type Compat struct {
	ManagedOOM bool // ManagedOOM settings of systemd's slices, as long as systemd-oomd is not active; default false. See [Set.WithManaged].
}

// Protected reports whether a unit's full name ("ssh.service") matches one of the globs of Protect, by the rules of
// [path.Match]. A backslash in the name of a unit must be written twice in the glob. It judges this one name: what lies in
// a protected slice is protected with it, so a caller asks for the slices above a unit as well.
func (d Daemon) Protected(unit string) bool {
	for _, glob := range d.Protect {
		if ok, err := path.Match(glob, unit); ok && err == nil {
			return true
		}
	}
	return false
}

// defaultPolicy is what holds for a slice that no file speaks of. The bounds are in sliceSettings.
func defaultPolicy() Policy {
	return Policy{
		Priority: 100,
		Pressure: Pressure{Window: time.Second, Left: 3 * time.Second},
		Hold: Hold{
			By: "throttle", On: "growers", Delay: 10 * time.Second, Calm: 2 * time.Second, Urgent: 30 * percent, Futile: time.Second,
			LendBytes: 256 << 20,
		},
		Stop: Stop{
			Pick: []string{"largest"}, From: "slices", Min: Size{Share: 2 * percent}, Settle: 5 * time.Second,
			Revive: "restart", ReviveAfter: 30 * time.Second, ReviveMax: Rate{Count: 3, Per: time.Hour},
			Arm: true, Hooks: time.Second,
		},
	}
}
