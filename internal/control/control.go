// Package control is what reprieved is asked at its socket: the names of the methods, the values of their replies, and a
// client. The daemon's side is cmd/reprieved. It is a varlink interface; see varlink.org.
package control

import (
	"context"
	"time"

	"reprieve/episodes"
	"reprieve/internal/varlink"
)

// Socket is where reprieved listens: for root alone.
const Socket = "/run/reprieve/control"

// Interface and its methods.
const (
	Interface     = "io.reprieve.Control"
	MethodStatus  = Interface + ".Status"
	MethodPlan    = Interface + ".Plan"
	MethodPause   = Interface + ".Pause"
	MethodRelease = Interface + ".Release"

	ErrorNoSuchSlice = Interface + ".NoSuchSlice" // with the parameter "slice"
	ErrorNoAnswer    = Interface + ".NoAnswer"    // the event loop does not answer
	ErrorFailed      = Interface + ".Failed"      // with the parameter "message"
)

// Bound is how long the daemon may take to answer; its own bounds are shorter, but for Plan's.
const Bound = 5 * time.Second

// Phases of a slice, as Slice.Phase has them.
const (
	Calm     = "calm"
	Held     = "held"     // in breach: held, or merely waiting
	Stopping = "stopping" // a victim is dying
	Settling = "settling" // its memory is coming back
)

// Status is how the daemon fares. Times are microseconds since 1970; 0 is none.
type Status struct {
	Version             string   `json:"version"`
	PID                 int      `json:"pid"`
	ReadyUnixUsec       int64    `json:"readyUnixUsec"`       // since when it watches
	Observe             bool     `json:"observe"`             // it decides and does nothing
	PausedUntilUnixUsec int64    `json:"pausedUntilUnixUsec"` // nothing is held or stopped until then
	Bus                 string   `json:"bus"`                 // "connected", or what is wrong
	Unproved            string   `json:"unproved"`            // what the rehearsal at the start could not prove; "" is nothing
	MemoryLocked        bool     `json:"memoryLocked"`
	BadConfigurations   int      `json:"badConfigurations"` // that a reload met and did not take
	DroppedReports      uint64   `json:"droppedReports"`    // for the journal
	DroppedRecords      uint64   `json:"droppedRecords"`    // of episodes, that could not be written
	OwnStallUsec        uint64   `json:"ownStallUsec"`      // some of its own memory.pressure, since ReadyUnixUsec
	OwnMajorFaults      uint64   `json:"ownMajorFaults"`    // as well
	OwnAllocations      uint64   `json:"ownAllocations"`    // objects that Go allocated, since the process began
	Collections         uint64   `json:"collections"`       // of garbage
	Killers             []string `json:"killers"`           // other memory killers that were active at the start
	Slices              []Slice  `json:"slices"`            // watched, in the order of their paths
}

// Slice is a watched slice.
type Slice struct {
	Unit      string `json:"unit"`
	Path      string `json:"path"` // its cgroup
	Phase     string `json:"phase"`
	Priority  int    `json:"priority"`
	Leaves    int    `json:"leaves"`    // that are open
	FarLeaves int    `json:"farLeaves"` // known by name alone, since they are too many
	Triggers  int    `json:"triggers"`  // of the kernel's that are armed
	Slope     bool   `json:"slope"`     // how fast memory fills is looked at
	Limits    Limits `json:"limits"`    // 0: not set
	DelayUsec int64  `json:"delayUsec"` // that a hold may last
	Ways      string `json:"ways"`      // to hold, in words
	Episode   *Now   `json:"episode"`   // null in calm
	Last      *Last  `json:"last"`      // the last episode that is over; null: none since the start
	Counters  Tally  `json:"counters"`  // since the daemon's start
}

// Limits are those of a policy; shares in percent of time.
type Limits struct {
	SomePercent float64  `json:"somePercent"`
	FullPercent float64  `json:"fullPercent"`
	WindowUsec  int64    `json:"windowUsec"`
	Events      []string `json:"events"`
	LeftUsec    int64    `json:"leftUsec"`
}

// Now is an episode that runs.
type Now struct {
	Episode          string  `json:"episode"`
	Breach           string  `json:"breach"` // in words
	BeganUnixUsec    int64   `json:"beganUnixUsec"`
	DeadlineUnixUsec int64   `json:"deadlineUnixUsec"` // of the wait
	WaitedUsec       int64   `json:"waitedUsec"`
	SomePercent      float64 `json:"somePercent"` // stall of the slice in its window; -1: not known
	FullPercent      float64 `json:"fullPercent"`
	Holds            []Hold  `json:"holds"`
	Victim           string  `json:"victim"` // being stopped, or whose memory comes back
}

// Hold is a group that is held.
type Hold struct {
	Unit       string `json:"unit"`
	By         string `json:"by"`         // throttle, freeze or raise
	MarkBytes  uint64 `json:"markBytes"`  // memory.high, or memory.max with raise; 0 with freeze
	UsageBytes int64  `json:"usageBytes"` // -1: not known
}

// Last is an episode that is over.
type Last struct {
	Episode       string           `json:"episode"`
	Outcome       episodes.Outcome `json:"outcome"`
	Unit          string           `json:"unit"` // that was stopped
	EndedUnixUsec int64            `json:"endedUnixUsec"`
}

// Tally counts what happened in a slice.
type Tally struct {
	Breaches uint64 `json:"breaches"`
	// Outcomes counts the episodes that are over by how they ended. One that went on after relief and ended otherwise
	// counts for both.
	Outcomes    map[episodes.Outcome]uint64 `json:"outcomes"`
	Holds       uint64                      `json:"holds"`
	Relieved    uint64                      `json:"relieved"`
	Spared      uint64                      `json:"spared"`
	Stops       uint64                      `json:"stops"`
	KernelKills uint64                      `json:"kernelKills"`
	Failures    uint64                      `json:"failures"`
	Revived     uint64                      `json:"revived"`
	FreedBytes  uint64                      `json:"freedBytes"`
	// Waited has the waits that ended in relief or a stop, Emptied the times from a decision to stop to the empty group.
	Waited  Histogram `json:"waited"`
	Emptied Histogram `json:"emptied"`
}

// Buckets returns the upper bounds of a Histogram's buckets; the last bucket has none.
func Buckets() []time.Duration {
	return []time.Duration{
		100 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 5 * time.Minute,
	}
}

// Histogram counts durations.
type Histogram struct {
	Counts  []uint64 `json:"counts"` // one more than Buckets; each counts what is in its bucket alone
	SumUsec uint64   `json:"sumUsec"`
}

// Plan is whom a stop in a slice would take now. Nothing is done.
type Plan struct {
	Slice   string           `json:"slice"`
	Verdict episodes.Verdict `json:"verdict"`
}

// Client asks a daemon.
type Client struct{ Socket string }

// Status asks how the daemon fares.
func (c Client) Status(ctx context.Context) (Status, error) {
	var s Status
	err := c.call(ctx, MethodStatus, nil, &s)
	return s, err
}

// Plan asks whom a stop in a slice would take. The error is ErrorNoSuchSlice where it is not watched.
func (c Client) Plan(ctx context.Context, slice string) (Plan, error) {
	var p Plan
	err := c.call(ctx, MethodPlan, map[string]string{"slice": slice}, &p)
	return p, err
}

// Pause has the daemon hold and stop nothing for a time; 0 ends that. It returns how many holds were lifted.
func (c Client) Pause(ctx context.Context, length time.Duration) (released int, err error) {
	var out struct {
		Released int `json:"released"`
	}
	err = c.call(ctx, MethodPause, map[string]int64{"usec": length.Microseconds()}, &out)
	return out.Released, err
}

// Release has the holds of a slice lifted, or all for "". It returns how many groups were held, and in which slices.
// The error is ErrorNoSuchSlice where it is not watched.
func (c Client) Release(ctx context.Context, slice string) (released int, slices []string, err error) {
	in := map[string]string{}
	if slice != "" {
		in["slice"] = slice
	}
	var out struct {
		Released int      `json:"released"`
		Slices   []string `json:"slices"`
	}
	err = c.call(ctx, MethodRelease, in, &out)
	return out.Released, out.Slices, err
}

func (c Client) call(ctx context.Context, method string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, Bound)
	defer cancel()
	return varlink.Call(ctx, c.Socket, method, in, out)
}
