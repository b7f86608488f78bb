package controller

import (
	"encoding/hex"
	"time"

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

// NoteKind is what a note tells.
type NoteKind int

// What is told of an episode.
const (
	NoteBreach  NoteKind = iota + 1 // an episode begins, or one goes on after relief
	NoteHold                        // a leaf is held
	NoteRelief                      // the pressure passed, nothing died
	NoteStop                        // a candidate was chosen and is being stopped
	NoteStopped                     // its group is empty
	NoteSettled                     // its memory is back, or the settle time is over
	NoteFailed                      // something could not be done
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
)

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

	Unit       string      // the leaf held, or the victim
	UsageBytes uint64      // of Unit, or of the slice where there is none
	Mark       memcg.Limit // NoteHold: the memory.high set

	Why        Why
	Waited     time.Duration // since the episode began, less the calm in it
	Delay      time.Duration
	Held       int    // leaves held
	HeldUnit   string // the first of them
	HeldBytes  uint64 // and its mark
	Pick       string // name of the picker
	Candidates []Candidate

	Took       time.Duration // decision to empty, or empty to settled
	FreedBytes uint64
	FreedOK    bool
	GoesOn     bool // NoteSettled: still in breach

	Step string // NoteFailed: what could not be done
	Err  error  // NoteFailed: why; may be nil
}
