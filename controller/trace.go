package controller

import (
	"errors"
	"time"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/pressure"
)

// TraceVersion is the form of a Trace that this package writes and replays.
const TraceVersion = 1

// Trace is one episode of a machine as it was, or several that came right
// after each other: all that the machine was given, and what it decided. It is a value that can
// be written as JSON. Replay decides it again.
type Trace struct {
	Version int
	Slice   string
	Self    Member         // the slice as a leaf
	Policy  configs.Policy // that was in force; without its Origins
	Observe bool

	Inputs    []Input
	Decisions []string // see Decided

	Cut    bool     `json:",omitempty"` // the episode went on, more than is kept of one
	Beside []string `json:",omitempty"` // other slices in an episode meanwhile: a replay of this one alone may decide otherwise
}

// InputKind says which method of the machine an input is for.
type InputKind string

// The kinds: each method of a machine that changes it has one.
const (
	InputStep      InputKind = "step"
	InputHold      InputKind = "hold"      // HoldAnswered
	InputMove      InputKind = "move"      // MoveAnswered
	InputLift      InputKind = "lift"      // LiftAnswered
	InputTaken     InputKind = "taken"     // StepAnswered
	InputWeighed   InputKind = "weighed"   // Weighed
	InputForeseen  InputKind = "foreseen"  // Foreseen
	InputGuarded   InputKind = "guarded"   // Guarded
	InputHooks     InputKind = "hooks"     // HooksAnswered
	InputStop      InputKind = "stop"      // StopAnswered
	InputKill      InputKind = "kill"      // KillAnswered
	InputSweep     InputKind = "sweep"     // SweepAnswered
	InputVictim    InputKind = "victim"    // VictimSeen
	InputAfter     InputKind = "after"     // After
	InputAlong     InputKind = "along"     // Along
	InputLeaf      InputKind = "leaf"      // AddLeaf
	InputGone      InputKind = "gone"      // DropLeaf
	InputWitnesses InputKind = "witnesses" // SetWitnesses
	InputParts     InputKind = "parts"     // SetParts
	InputRules     InputKind = "rules"     // SetRules: which, is not kept; they count when the episode is over
	InputRelease   InputKind = "release"   // Release
	InputPause     InputKind = "pause"     // Pause
	InputClose     InputKind = "close"     // Close
)

// Input is one input of a machine: the call of one of its methods, with what
// that got. Which fields count depends on Kind. Nothing in it is shared with the machine.
type Input struct {
	At   time.Duration `json:"at"` // since the daemon's start, in ns; of a method without a time, that of the last step
	Kind InputKind     `json:"kind"`

	Reading   *Reading      `json:"reading,omitempty"`   // step
	Leaves    []LeafSeen    `json:"leaves,omitempty"`    // step of an episode; the slice itself is the last
	Witnesses []WitnessSeen `json:"witnesses,omitempty"` // step of an episode, witnesses
	Parts     []WitnessSeen `json:"parts,omitempty"`     // step, parts

	Member *Member `json:"member,omitempty"` // leaf
	Young  bool    `json:"young,omitempty"`  // leaf

	Inode uint64         `json:"inode,omitempty"` // of the leaf: hold, move, lift, gone; of the victim: hooks, guarded
	Hold  memcg.Hold     `json:"hold,omitzero"`   // hold, move
	How   memcg.Restored `json:"how,omitempty"`   // lift
	Step  *configs.Step  `json:"step,omitempty"`  // taken
	Err   *Fault         `json:"err,omitempty"`   // every answer
	Final bool           `json:"final,omitempty"` // stop

	Candidates []CandidateSeen `json:"candidates,omitempty"` // weighed, foreseen
	Levels     []LevelSeen     `json:"levels,omitempty"`     // weighed, foreseen: the groups above them
	Victim     *VictimReading  `json:"victim,omitempty"`     // victim
	Swept      *memcg.Swept    `json:"swept,omitempty"`      // sweep
	Hooks      []HookSeen      `json:"hooks,omitempty"`      // hooks
	After      *Aftermath      `json:"after,omitempty"`      // after
	Units      []string        `json:"units,omitempty"`      // along
	Until      time.Duration   `json:"until,omitempty"`      // pause
}

// Member is a leaf as a machine is told of it.
type Member struct {
	Unit, Path string
	Inode      uint64
	User       bool   `json:",omitempty"`
	UID        uint32 `json:",omitempty"`
	HadBytes   uint64 `json:",omitempty"`
}

// LeafSeen is the reading of a leaf in a step.
type LeafSeen struct {
	Inode   uint64
	Reading LeafReading
}

// WitnessSeen is the reading of a witness or a part in a step.
type WitnessSeen struct {
	Path   string
	Totals pressure.Totals
	OK     bool
}

// CandidateSeen is a candidate without pointers: Leaves and Levels of the
// Candidate are empty, and stand here instead.
type CandidateSeen struct {
	Candidate Candidate
	Leaves    []uint64 // inodes
	Way       []int    // in Levels of the input
}

// LevelSeen is a group above candidates, with what is protected of it already
// worked out.
type LevelSeen struct {
	Unit, Path                             string
	Inode                                  uint64
	Score                                  Score
	UsageBytes, Guard, Children, Effective uint64
}

// HookSeen is a HookAnswer.
type HookSeen struct {
	Name string
	Took time.Duration
	Err  *Fault `json:",omitempty"`
}

// Fault is an error as a trace keeps it: its text, and what a machine asks of it.
type Fault struct {
	Text  string
	Gone  bool `json:",omitempty"` // memcg.ErrGone
	Moved bool `json:",omitempty"` // memcg.ErrMoved
}

// faultOf returns what a trace keeps of an error, nil of none.
func faultOf(err error) *Fault {
	if err == nil {
		return nil
	}
	return &Fault{Text: err.Error(), Gone: memcg.IsGone(err), Moved: errors.Is(err, memcg.ErrMoved)}
}

// Error implements error.
func (f *Fault) Error() string { return f.Text }

// Is has errors.Is find what it found in the error that was kept.
func (f *Fault) Is(target error) bool {
	return (f.Gone && target == memcg.ErrGone) || (f.Moved && target == memcg.ErrMoved)
}

// err is the error, nil of none.
func (f *Fault) err() error {
	if f == nil {
		return nil
	}
	return f
}
