package controller

import (
	"time"

	"reprieve/configs"
	"reprieve/memcg"
)

// Action is what a decision wants done.
type Action int

// The actions. Each but Report is answered by the shell through the method of
// the machine that is named with it; the machine keeps the bounds.
const (
	// Hold: hold Leaf By throttle, freeze or raise. HoldAnswered.
	Hold Action = iota + 1
	// PutBack: as Hold, after somebody took the limit away; Found is what is
	// to be restored from now on. HoldAnswered.
	PutBack
	// Move: move the mark of Leaf's hold to To; 0 is what it uses now. MoveAnswered.
	Move
	// Interrupt: the write that was last asked for does not return; end it.
	// Not answered.
	Interrupt
	// Signal: send the signal of Step to its unit. StepAnswered.
	Signal
	// Start: have systemd start the unit of Step. StepAnswered.
	Start
	// Lift: restore what the hold of Leaf stands in for. LiftAnswered.
	Lift
	// TakeSamples: read of all leaves what pickers compare with later. Sampled.
	TakeSamples
	// Weigh: gather the candidates of the slice on Scale. Weighed.
	Weigh
	// Foresee: as Weigh, for a verdict that is signed beforehand. Foreseen.
	Foresee
	// Sign: have the guard kill Victim should the loop not move past Until.
	// What was signed before gives way. Guarded, if it comes to that.
	Sign
	// Withdraw: take back what is signed. Not answered.
	Withdraw
	// Notify: tell those who listen that Victim is about to be stopped, until
	// Until. HooksAnswered.
	Notify
	// StopUnit: mark the units of Victim, then ask systemd to stop it. Asked
	// again while no answer has come. StopAnswered.
	StopUnit
	// Kill: cgroup.kill on Victim. KillAnswered.
	Kill
	// Sweep: SIGKILL to every process left in Victim, and have the kernel take
	// the memory of those that linger. SweepAnswered.
	Sweep
	// Report: tell people Note.
	Report
)

// Decision is one thing to do, a value. Which fields count depends on Action.
type Decision struct {
	Action Action
	Leaf   *Leaf         // Hold, PutBack, Move, Interrupt, Lift
	By     string        // Hold, PutBack: the way
	Until  time.Duration // Hold, PutBack: the hold ends then at the latest; Notify: no longer than that; Sign: its deadline
	Bytes  uint64        // Hold, PutBack by raise: how much is lent
	To     memcg.Limit   // Move
	Found  memcg.Limit   // PutBack
	Step   configs.Step  // Signal, Start
	Victim *Candidate    // Sign, Notify, StopUnit, Kill, Sweep
	Scale  Scale         // Weigh, Foresee
	Note   Note          // Report
}

// Bounds of the waits in a stop.
const (
	// BusBound is how long a stop waits for systemd to queue the job. The shell
	// asks on for longer: an answer that is late counts as well.
	BusBound = 500 * time.Millisecond
	// HasteBound is the same where others suffer meanwhile. A PID 1 that is well
	// answers in a hundredth of it; one that waits for memory is not waited for.
	HasteBound = 100 * time.Millisecond
	// unheardBound is how long the end of a stop waits for systemd's answer to it
	// when all else is done.
	unheardBound = 2 * time.Second
	// liftBound is how long restoring memory.high may hold up a stop.
	liftBound = 500 * time.Millisecond
	// weighBound is how long gathering candidates may take.
	weighBound = 5 * time.Second
	// sweepAfter is when what cgroup.kill left is killed one by one, and how
	// often that is repeated.
	sweepAfter = 250 * time.Millisecond
	// emptyBound is how long a killed group may take to be empty before that
	// is a failure that is told.
	emptyBound = 10 * time.Second
	// rounds is how often a choice is checked again before the stop; the last
	// one counts even if it changed once more.
	rounds = 3
	// overdueAfter is how long a worker may take for a write before that is told
	// and the write is interrupted.
	overdueAfter = time.Second
	// againAfter is the time between two tries to reach systemd.
	againAfter = time.Second
	// afterglow is how long a sleep of the kernel's begun under memory.high
	// may outlast its lifting (mm/memcontrol.c: MEMCG_MAX_HIGH_DELAY_JIFFIES).
	afterglow = 2 * time.Second
	// Tick is the time between two readings in an episode.
	Tick = 100 * time.Millisecond
	// lateLook is how late the first look after a breach may come and count as
	// one that was in time: the loop had no CPU before.
	lateLook = time.Second
	// firstTick is how soon the leaves are first read after a breach: as soon
	// as memory.pressure, read at the breach, may be read again.
	firstTick = 25 * time.Millisecond
	// blindBound is how long an episode past its delay goes on without a
	// reading to judge it by.
	blindBound = 10 * time.Second
)
