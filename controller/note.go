package controller

import (
	"encoding/hex"
	"strings"
	"time"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/pressure"
)

// ID tells episodes apart: a random UUID.
type ID [16]byte

// String renders the ID as journald and systemd do, in 36 characters.
func (id ID) String() string {
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// parseID reads what String wrote; anything else is the zero ID.
func parseID(text string) ID {
	var id ID
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err == nil && len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// NoteKind is what a note tells.
type NoteKind int

// What is told of an episode.
const (
	NoteBreach    NoteKind = iota + 1 // an episode begins, or one goes on after relief
	NoteHold                          // a leaf is held
	NoteRelief                        // the pressure passed, nothing died
	NoteStop                          // a candidate was chosen and is being stopped
	NoteStopped                       // its group is empty
	NoteSettled                       // its memory is back, or the settle time is over
	NoteStep                          // a step of the ladder was taken, or could not be
	NoteReleased                      // the holds were lifted by hand
	NoteHooks                         // those who listen were told of a stop
	NoteAcquitted                     // a hold is lifted early: its leaf is not the cause
	NoteKernel                        // the kernel's OOM killer killed in the slice
	NoteRevived                       // a unit that a stop took down is started again
	NoteStaysDown                     // one that is not, since it fell too often
	NoteFailed                        // something could not be done
)

// Why is the reason that ended a wait.
type Why int

// Reasons to stop.
const (
	BecauseExpiry  Why = iota + 1 // the delay is over
	BecauseNoDelay                // the policy has no delay
	BecauseOOM                    // the kernel ran out of memory in the slice
	BecauseScarce                 // the host is below its floors
	BecauseOthers                 // others stall above the urgent limit
	BecauseMore                   // the breach went on after a stop
	BecauseFutile                 // reclaim in a held leaf finds nothing
	BecauseKernel                 // the kernel's OOM killer killed a part of it
)

// hasty reports whether each moment until the stop costs somebody: nobody is
// held, or others suffer in spite of it.
func (w Why) hasty() bool {
	switch w {
	case BecauseNoDelay, BecauseOOM, BecauseScarce, BecauseOthers, BecauseMore:
		return true
	}
	return false
}

// Note is what is told to people, all figures in it. It is a value; the slice
// of candidates is not changed after it was told.
type Note struct {
	Kind    NoteKind
	Slice   string
	Episode ID
	Observe bool // nothing was written or stopped

	Breach  Breach         // what began the episode
	Resumed bool           // NoteBreach: the same episode again, after relief
	Stall   pressure.Stall // the slice's stall before anything was held
	StallOK bool

	Unit       string // the leaf held, or the victim
	User       bool   // Unit belongs to the manager of the user UID
	UID        uint32
	UsageBytes uint64      // of Unit, or of the slice where there is none
	Mark       memcg.Limit // NoteHold: the memory.high or memory.max set
	By         string      // NoteHold: throttle, freeze or raise
	LentBytes  uint64      // NoteHold by raise
	More       bool        // NoteRelief: somebody was stopped before it, and the pressure went on then
	Spared     bool        // NoteRelief: the delay is over, the pressure is not, and the host is not short
	Paused     bool        // NoteRelief: paused by hand, the pressure may go on

	Why        Why
	Grounds    Grounds       // NoteStop, NoteRelief: what the judgment went by
	Waited     time.Duration // since the episode began, less the calm in it
	Delay      time.Duration
	Held       int         // leaves held
	HeldUnit   string      // the first of them
	HeldBytes  uint64      // and its mark
	Pick       string      // name of the picker
	Candidates []Candidate // the first of them where there are many
	Eligible   int         // how many could have been stopped
	Others     int         // candidates that are not listed

	Took       time.Duration // decision to empty, or empty to settled
	Emptied    time.Duration // NoteSettled: decision to empty
	FreedBytes uint64
	FreedOK    bool
	GoesOn     bool   // NoteSettled: still in breach
	Reaped     int    // processes whose memory the kernel was asked to take before they were gone
	ReapBytes  uint64 // what that gave, measured

	Kills   uint64   // NoteKernel: by the kernel's OOM killer
	Phase   Phase    // NoteKernel: what we were doing
	Aside   string   // NoteKernel: why what is left of the group is not stopped; "" where it is
	Revives []string // units that come back by rule
	Lost    []string // units that cannot come back: transient ones
	Stays   []string // units that the policy leaves down
	Along   []string // units outside Unit that systemd stopped with it
	Count   int      // NoteStaysDown: how often it was revived
	Per     time.Duration

	Rung  configs.Step // NoteStep: which; by "raise" where nothing could be lent
	Hooks []HookAnswer // NoteHooks

	Step string // NoteFailed: what could not be done
	Err  error  // NoteFailed, NoteStep: why; may be nil
}

// HookAnswer is how one who listens took the news of a stop.
type HookAnswer struct {
	Name string
	Took time.Duration
	Err  error
}

// ofLeaf and ofVictim say whom a note is about.
func (n *Note) ofLeaf(l *Leaf) { n.Unit, n.User, n.UID = l.Unit, l.User, l.UID }

func (n *Note) ofVictim(c *Candidate) { n.Unit, n.User, n.UID = c.Unit, c.User, c.UID }
