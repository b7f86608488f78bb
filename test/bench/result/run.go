// Package result is the record of one run of the benchmark, as one line of JSON. The guest writes it, the host keeps it and makes
// tables of it. It does no measuring and no arithmetic.
package result

// Stall is how long tasks waited for memory, in microseconds, as the totals of a memory.pressure count it.
type Stall struct {
	Some int64 `json:"some"`
	Full int64 `json:"full"`
}

// Sub is the stall since before.
func (s Stall) Sub(before Stall) Stall { return Stall{s.Some - before.Some, s.Full - before.Full} }

// Key names a run: there is one result for each.
type Key struct {
	Suite      string `json:"suite"` // Debian's name of the release
	Round      int    `json:"round"` // from 1
	Load       string `json:"load"`
	Controller string `json:"controller"`
}

// Run is what one controller did with one load, once. Times are in microseconds.
type Run struct {
	Key
	// Build names the bytes of the reprieved that was installed; "" where another controller ran.
	Build   string `json:"build,omitempty"`
	Kernel  string `json:"kernel,omitempty"`
	Version string `json:"version,omitempty"` // the controller's package
	// Error says why there are no figures; "" where there are.
	Error string `json:"error,omitempty"`
	// TookMicros is the whole run with its cleaning up.
	TookMicros int64 `json:"took_us,omitempty"`
	// StoodMicros is the longest time for which a CPU of the guest stood still, the emulator's doing; 0 where it was less than a second,
	// absent where nobody looked.
	StoodMicros *int64 `json:"stood_us,omitempty"`

	Outcome Outcome `json:"outcome"`
	Canary  Canary  `json:"canary"`
	// Calm and Crisis are absent where there is no controller; Calm also where it was not measured.
	Calm   *Calm   `json:"calm,omitempty"`
	Crisis *Crisis `json:"crisis,omitempty"`
}

// Outcome is what became of the load and of the others.
type Outcome struct {
	// WatchedMicros is from the start of the load to the last look.
	WatchedMicros int64 `json:"watched_us"`
	// BreachMicros is from the start of the load to the first breach; absent where there was none.
	BreachMicros *int64 `json:"breach_us,omitempty"`
	// EmptyMicros is from the start of the load to its group without processes; absent where it lived on.
	EmptyMicros *int64 `json:"empty_us,omitempty"`
	// OverMicros is for how long the limit was broken, all such times together.
	OverMicros int64 `json:"over_us"`
	// Guard, System, Host and Load are the stalls of the protected slice, of system.slice, of /proc/pressure/memory and of the
	// load's slice from the breach to the empty group, or to the last look where it lived on; all zero without a breach.
	Guard  Stall `json:"guard"`
	System Stall `json:"system"`
	Host   Stall `json:"host"`
	Load   Stall `json:"load_slice"`
	// Died has the services whose main process is gone or another; Innocent those among them that should live.
	Died     []string `json:"died,omitempty"`
	Innocent []string `json:"innocent,omitempty"`
	// OOMKills is by how much oom_kill of /proc/vmstat rose.
	OOMKills int64 `json:"oom_kills"`
	// AvailableBytes is MemAvailable before the load.
	AvailableBytes int64 `json:"available"`
}

// ReactionMicros is from the first breach to the empty group; false where the load lived on, or ended when there was no breach.
func (o Outcome) ReactionMicros() (int64, bool) {
	if o.BreachMicros == nil || o.EmptyMicros == nil {
		return 0, false
	}
	return max(*o.EmptyMicros-*o.BreachMicros, 0), true
}

// Canary is how a program in the protected slice kept its time while the load ran.
type Canary struct {
	Due         int64 `json:"due"`  // ticks that were due
	Kept        int64 `json:"kept"` // ticks that were done before the next one was due
	P99Micros   int64 `json:"p99_us"`
	WorstMicros int64 `json:"worst_us"`
}

// Calm is what the controller used while nothing happened.
type Calm struct {
	Micros    int64 `json:"us"`
	CPUMicros int64 `json:"cpu_us"`
	WakeUps   int64 `json:"wake_ups"` // voluntary and involuntary context switches of all its threads
}

// Crisis is what the controller used from the start of the load to the last look.
type Crisis struct {
	Micros       int64 `json:"us"`
	CPUMicros    int64 `json:"cpu_us"`
	WakeUps      int64 `json:"wake_ups"`
	Stall        Stall `json:"stall"` // of its own group
	PeakBytes    int64 `json:"peak"`  // memory.peak of its group since it was started
	CurrentBytes int64 `json:"current"`
	RSSBytes     int64 `json:"rss"`
	MajorFaults  int64 `json:"major_faults"`
	Restarted    bool  `json:"restarted,omitempty"` // its process at the end is not that of the start
}
