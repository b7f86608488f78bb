// Package episodes is the memory of what happened: a record of each episode as a file of its own, which the daemon
// writes and people read long after the journal was rotated away.
//
// The form is documented in docs/records.md. It knows no control group, no policy and no decision: those come as values.
package episodes

import "time"

// Version is the form of a [Record] that this package writes. It reads this and older ones.
const Version = 1

// DefaultDir is where the daemon keeps its records.
const DefaultDir = "/var/lib/reprieve/episodes"

// Outcome is how an episode ended.
type Outcome string

// The outcomes.
const (
	Running  Outcome = "running"  // it goes on, or the daemon ended in it
	Relieved Outcome = "relieved" // the pressure passed, nothing died
	Spared   Outcome = "spared"   // the delay was over, and the host was not short: nobody was stopped
	Stopped  Outcome = "stopped"  // somebody was stopped
	Killed   Outcome = "killed"   // the kernel's OOM killer killed, and nobody was stopped by us
	Failed   Outcome = "failed"   // nobody could be stopped, or the stop did not work
)

// Record is one episode. What is not known is left out.
type Record struct {
	Summary

	Daemon  string    `json:"daemon"`            // version of reprieved
	BootID  string    `json:"bootId,omitempty"`  // as journalctl --boot has it
	Policy  []Setting `json:"policy,omitempty"`  // in force, each with its origin
	Events  []Event   `json:"events"`            // in the order of their times
	Verdict *Verdict  `json:"verdict,omitempty"` // the last choice, if there was one
	Samples Samples   `json:"samples"`           // readings before and through the episode
}

// Summary is what a line about an episode needs. It comes first in the file.
type Summary struct {
	Version int       `json:"version"`
	Episode string    `json:"episode"` // UUID, as REPRIEVE_EPISODE in the journal
	Slice   string    `json:"slice"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended,omitzero"`
	Outcome Outcome   `json:"outcome"`
	Observe bool      `json:"observe,omitempty"` // nothing was written or stopped: all that follows would have been
	Breach  string    `json:"breach"`            // in words, with its figures

	WaitedUsec  int64    `json:"waitedUsec"`            // under pressure, until it passed or somebody was stopped
	DelayUsec   int64    `json:"delayUsec"`             // that it might have lasted
	Held        []string `json:"held,omitempty"`        // units that were held
	Stopped     []string `json:"stopped,omitempty"`     // units that were stopped, in their order
	FreedBytes  uint64   `json:"freedBytes,omitempty"`  // by those stops
	EmptyUsec   int64    `json:"emptyUsec,omitempty"`   // from the last decision to stop to an empty group
	SettleUsec  int64    `json:"settleUsec,omitempty"`  // from there to memory that is back
	KernelKills uint64   `json:"kernelKills,omitempty"` // by the kernel's OOM killer meanwhile
	Revived     []string `json:"revived,omitempty"`     // units that came back by rule
	Lost        []string `json:"lost,omitempty"`        // units that cannot
	Along       []string `json:"along,omitempty"`       // units that systemd stopped along
}

// Setting is one value of a policy, and where it came from.
type Setting struct {
	Key    string `json:"key"`    // "hold.delay"
	Value  string `json:"value"`  // as a file would have it, without quotes
	Origin string `json:"origin"` // "FILE:LINE", "built in" or "default"
}

// Event is what the journal was told at a time.
type Event struct {
	At      time.Time         `json:"at"`
	Kind    string            `json:"kind"`             // "breach", "hold", "relief", "stop", "stopped", "settled", ...
	Unit    string            `json:"unit,omitempty"`   // whom it is about
	Message string            `json:"message"`          // for people
	Fields  map[string]string `json:"fields,omitempty"` // REPRIEVE_* of the journal, without those that are elsewhere in the record
}

// Verdict is a choice: all who were weighed, in their order, and why the first is the one.
type Verdict struct {
	At         time.Time   `json:"at,omitzero"`
	Pick       []string    `json:"pick"`             // the order: names of pickers
	Choice     string      `json:"choice"`           // in words
	Eligible   int         `json:"eligible"`         // how many could have been stopped
	Candidates []Candidate `json:"candidates"`       // the first of them where there are many
	Others     int         `json:"others,omitempty"` // that are not listed
	Groups     []Group     `json:"groups,omitempty"` // above the candidates: where two ways part, these are compared
}

// Group is a group above candidates, with the sums of those in it that could have been stopped, listed or not.
type Group struct {
	Unit     string `json:"unit"`
	Path     string `json:"path"`
	Priority int    `json:"priority"`
	Born     uint64 `json:"born"`
	Sums     []Sum  `json:"sums"`
}

// Sum is what those of one class in a group come to.
type Sum struct {
	Class          int    `json:"class"`
	FootprintBytes uint64 `json:"footprintBytes"`
	ExcessBytes    uint64 `json:"excessBytes"`
	SwapBytes      uint64 `json:"swapBytes"`
	GainedBytes    uint64 `json:"gainedBytes"`
	StalledUsec    uint64 `json:"stalledUsec"`
	ScanRate       uint64 `json:"scanRate,omitempty"`
	Offences       uint64 `json:"offences,omitempty"`
}

// Candidate is a group that might have been stopped, with all that the choice went by.
type Candidate struct {
	Unit           string `json:"unit"`
	UID            uint32 `json:"uid,omitempty"` // of the user whose manager it belongs to
	Path           string `json:"path"`
	Rank           int    `json:"rank,omitempty"` // 1 is stopped first; 0: not eligible
	Out            string `json:"out,omitempty"`  // why it is not eligible
	Priority       int    `json:"priority"`
	Preference     string `json:"preference,omitempty"`
	Class          int    `json:"class"`              // by its preference, before every picker: 0 prefers to be stopped, 2 is to be avoided
	Born           uint64 `json:"born,omitempty"`     // later groups have larger ones: the inode
	FootprintBytes uint64 `json:"footprintBytes"`     // what a stop is expected to free
	Bound          bool   `json:"bound,omitempty"`    // FootprintBytes is an upper bound: it could not win, and was not measured
	ExcessBytes    uint64 `json:"excessBytes"`        // of that, what nothing protects
	UsageBytes     uint64 `json:"usageBytes"`         // memory.current
	SwapBytes      uint64 `json:"swapBytes"`          // memory.swap.current
	GainedBytes    uint64 `json:"gainedBytes"`        // since the breach
	StalledUsec    uint64 `json:"stalledUsec"`        // since the breach
	ScanRate       uint64 `json:"scanRate,omitempty"` // pages a second
	Offences       uint64 `json:"offences,omitempty"` // max and oom events since the breach
	MinBytes       uint64 `json:"minBytes,omitempty"` // it has to have
}

// Samples are readings of the watched slice and of the host, one column each, all as long as AtUsec. A value of -1 is a
// reading that is missing.
type Samples struct {
	AtUsec         []int64 `json:"atUsec"`         // since Began; negative before
	SomeUsec       []int64 `json:"someUsec"`       // total= of the slice's memory.pressure
	FullUsec       []int64 `json:"fullUsec"`       // the same of full
	UsageBytes     []int64 `json:"usageBytes"`     // of the slice
	AvailableBytes []int64 `json:"availableBytes"` // MemAvailable
	SwapFreeBytes  []int64 `json:"swapFreeBytes"`  // SwapFree
	Held           []int64 `json:"held"`           // groups held

	Averages *Averages `json:"averages,omitempty"` // of the slice at the breach
}

// Averages is what the kernel remembered of a slice's stall: over 10, 60 and 300 seconds, in percent of the time.
type Averages struct {
	SomePercent [3]float64 `json:"somePercent"`
	FullPercent [3]float64 `json:"fullPercent"`
}
