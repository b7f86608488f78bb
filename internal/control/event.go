package control

// MethodMonitor streams what happens: varlink's "more".
const MethodMonitor = Interface + ".Monitor"

// Event is something that happened in an episode, as it is told to the journal. Kind is that of episodes.Event:
// "breach", "hold", "relief", "stop", "stopped", "settled", and so on.
type Event struct {
	Kind             string `json:"kind"`
	Slice            string `json:"slice"`
	Episode          string `json:"episode"`
	Unit             string `json:"unit"` // whom it is about; "" is the slice
	UID              uint32 `json:"uid"`  // of the user whose manager Unit belongs to; 0: it is the system's
	Message          string `json:"message"`
	AtUnixUsec       int64  `json:"atUnixUsec"`
	DeadlineUnixUsec int64  `json:"deadlineUnixUsec"` // of a hold: a stop may come then; 0: not known
	Observe          bool   `json:"observe"`          // nothing was written or stopped
	FreedBytes       uint64 `json:"freedBytes"`       // settled
}
