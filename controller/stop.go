package controller

import (
	"errors"
	"fmt"
	"time"

	"reprieve/memcg"
)

// stop is one stop under way.
type stop struct {
	victim  Candidate
	decided time.Duration
	before  uint64 // usage of the slice at the decision
	sized   bool   // before is known

	hooked   bool          // those who listen have answered, or there are none
	hooksBy  time.Duration // no longer than this
	asked    time.Duration // StopUnit was last given out; never: not yet
	began    time.Duration // and first: the grace time counts from then
	bound    time.Duration // for its answer, before the kill
	waiting  bool          // for it
	queued   bool          // systemd has the job
	hopeless bool          // asking again cannot help
	missed   int           // how often it could not be asked, or did not answer
	last     error         // why, the last time
	told     bool          // and that this was told
	after    Aftermath

	killAsked time.Duration // never: not yet
	killed    bool          // the kernel took it
	swept     time.Duration // or asked to; never: not yet
	loud      bool          // told that the group does not empty
	left      []memcg.Process
	reaped    int
	reapBytes uint64
	kernel    uint64 // killed by the kernel's OOM killer meanwhile

	empty time.Duration // when it was seen empty; never: not yet
}

// ErrNotEmpty says that a group still had processes long after it was killed.
var ErrNotEmpty = errors.New("processes are left long after SIGKILL; in state D they wait in the kernel, for a disk or a network file system as a rule")

// Aftermath is what systemd knows of a stop.
type Aftermath struct {
	Revives []string // units that come back by rule
	Lost    []string // units that went with the stop and cannot be started again: transient ones
	Stays   []string // units that could, and that the policy leaves down
	Along   []string // units outside the victim that systemd stopped with it
}

// After takes what systemd said of the units around a stop, when it comes: it
// is told with the end of the stop.
func (m *Machine) After(a Aftermath) {
	if m.Tap != nil {
		after := a
		m.tap(Input{At: m.now, Kind: InputAfter, After: &after})
	}
	a.Along = m.stop.after.Along
	m.stop.after = a
}

// Along takes the units outside the victim that systemd stopped with it.
func (m *Machine) Along(units []string) {
	if m.Tap != nil {
		m.tap(Input{At: m.now, Kind: InputAlong, Units: units})
	}
	m.stop.after.Along = units
}

// startStop begins the stop of a candidate that was chosen.
func (m *Machine) startStop(now time.Duration, victim *Candidate, all []Candidate, out []Decision) []Decision {
	out = append(out, Decision{Action: Report, Note: m.stopNote(now, victim, all)})
	m.choice = choice{since: never}
	m.stop = stop{victim: *victim, decided: now, before: m.usage, sized: m.usageOK, asked: never, killAsked: never, swept: never, empty: never}
	m.stop.bound = BusBound
	if m.why.hasty() {
		m.stop.bound = HasteBound
	}
	m.phase, m.due = PhaseStopping, true
	m.host.doomed = victim.Path
	m.stop.hooksBy = now + m.rules.Policy.Stop.Hooks
	if m.stop.hooked = m.stop.hooksBy == now; !m.stop.hooked {
		out = append(out, Decision{Action: Notify, Victim: &m.stop.victim, Until: m.stop.hooksBy})
	}
	return m.proceed(now, out)
}

// HooksAnswered takes what those who listen said to Notify of a victim, by its
// inode. None of them has a veto.
func (m *Machine) HooksAnswered(now time.Duration, victim uint64, answers []HookAnswer, out []Decision) []Decision {
	m.tapHooks(now, victim, answers)
	if (m.phase != PhaseStopping && m.phase != PhaseSettling) || victim != m.stop.victim.Inode {
		return out
	}
	if len(answers) > 0 {
		note := m.note(NoteHooks, now)
		note.ofVictim(&m.stop.victim)
		note.Hooks, note.Took = answers, m.rules.Policy.Stop.Hooks
		out = append(out, Decision{Action: Report, Note: note})
	}
	m.stop.hooked = true
	if m.phase == PhaseStopping {
		return m.proceed(now, out)
	}
	return out
}

// stepStopping drives a stop by the clock.
func (m *Machine) stepStopping(now time.Duration, in *Reading, s *Sight, out []Decision) []Decision {
	// Its hold is lifted, so that who listens may delay the stop only as long as nobody runs out of memory meanwhile.
	wall := s.RiseOK && (s.Rise.OOM > 0 || (s.Rise.Max > 0 && in.HostOK && in.Host.SwapTotalBytes == 0))
	if wall || (in.HostOK && in.Host.Scarce()) {
		m.stop.hooked = true
	}
	out = m.victimSeen(now, in.Victim, out)
	if m.phase == PhaseStopping {
		return m.signStop(out)
	}
	return out
}

// VictimSeen takes what is known of the victim, at a tick or as soon as the
// kernel reports a change. It does nothing when nothing is being stopped.
func (m *Machine) VictimSeen(now time.Duration, v VictimReading, out []Decision) []Decision {
	if m.Tap != nil {
		victim := v
		m.tap(Input{At: now, Kind: InputVictim, Victim: &victim})
	}
	return m.victimSeen(now, v, out)
}

func (m *Machine) victimSeen(now time.Duration, v VictimReading, out []Decision) []Decision {
	if m.phase != PhaseStopping {
		return out
	}
	// A unit that was empty before it was killed may have been between two
	// processes: the kill, which nobody escapes, is what makes it final.
	if v.OK && !v.Populated && (m.stop.queued || m.stop.killAsked != never) {
		m.stop.empty = now
		note := m.note(NoteStopped, now)
		note.ofVictim(&m.stop.victim)
		note.UsageBytes = m.stop.victim.UsageBytes
		note.Took, note.Reaped, note.ReapBytes = now-m.stop.decided, m.stop.reaped, m.stop.reapBytes
		m.phase = PhaseSettling
		out = m.withdraw(out)
		m.forgetStall()
		if m.nHeld == 0 && m.most.n == 1 && m.most.unit == m.stop.victim.Unit {
			m.glow = now // its sleeps ended with it
		}
		return append(out, Decision{Action: Report, Note: note})
	}
	return m.proceed(now, out)
}

// proceed takes the steps of a stop that are due: lift, StopUnit, cgroup.kill
// at the end of the grace time, then what it left, one by one. No step waits
// for another longer than its bound.
func (m *Machine) proceed(now time.Duration, out []Decision) []Decision {
	s := &m.stop
	if !s.hooked && now < s.hooksBy {
		return out // those who listen save what they can
	}
	if (m.nHeld > 0 || m.host.holdsOn(s.victim.Path, m)) && now-s.decided < liftBound {
		return out // a process that sleeps over memory.high dies slowly
	}
	if s.asked == never || (!s.waiting && !s.queued && !s.hopeless && now-s.asked >= againAfter) {
		if s.asked == never {
			s.began = now
		}
		s.asked, s.waiting = now, true
		out = append(out, Decision{Action: StopUnit, Victim: &s.victim})
		if s.killAsked == never {
			return out
		}
	}
	if s.waiting && now-s.asked >= s.bound {
		s.waiting = false // PID 1 is slow, and may do it all the same
	}
	if s.killAsked == never {
		if !s.waiting && now-s.began >= m.rules.Policy.Stop.Grace {
			s.killAsked = now
			out = append(out, Decision{Action: Kill, Victim: &s.victim})
		}
		return out
	}
	if now-s.killAsked >= sweepAfter && (s.swept == never || now-s.swept >= sweepAfter) {
		s.swept = now
		out = append(out, Decision{Action: Sweep, Victim: &s.victim})
	}
	if now-s.killAsked >= emptyBound {
		return m.stuck(now, out)
	}
	return out
}

// stuck gives up waiting for a killed group, loudly. It is still dying: the
// settle time passes before anybody else is looked at.
func (m *Machine) stuck(now time.Duration, out []Decision) []Decision {
	note := m.note(NoteFailed, now)
	note.ofVictim(&m.stop.victim)
	note.Step, note.Err = "empty the group", leftError(m.stop.left)
	m.fruitless = append(m.fruitless, m.stop.victim.Inode)
	m.stop.empty = now
	m.phase = PhaseSettling
	out = m.withdraw(out)
	m.forgetStall()
	return append(out, Decision{Action: Report, Note: note})
}

// leftError names who is left of a group.
func leftError(left []memcg.Process) error {
	err := ErrNotEmpty
	for _, p := range left {
		err = fmt.Errorf("%w; %d (%q) in state %c", err, p.PID, p.Name, p.State)
	}
	return err
}

// StopAnswered takes systemd's answer to StopUnit: the job is queued, or it is
// not and why. final says that asking again cannot help.
func (m *Machine) StopAnswered(now time.Duration, err error, final bool, out []Decision) []Decision {
	if m.Tap != nil {
		m.tap(Input{At: now, Kind: InputStop, Err: faultOf(err), Final: final})
	}
	s := &m.stop
	if m.phase != PhaseStopping && m.phase != PhaseSettling {
		return out
	}
	s.waiting = false
	if err == nil {
		s.queued = true
	} else {
		s.hopeless = final
		s.missed++
		s.last = err
		// An answer that is late is PID 1 at work, which is asked again; what never
		// came until the memory is back is told then.
		if final {
			out = m.tellMissed(now, err, out)
		}
	}
	if m.phase == PhaseStopping {
		return m.proceed(now, out)
	}
	return out
}

// tellMissed tells once that systemd does not have the stop.
func (m *Machine) tellMissed(now time.Duration, err error, out []Decision) []Decision {
	if m.stop.told {
		return out
	}
	m.stop.told = true
	note := m.note(NoteFailed, now)
	note.ofVictim(&m.stop.victim)
	note.Step, note.Err = "hear from systemd that it stops it (it is killed all the same; if the call was lost, Restart= may bring it back)", err
	return append(out, Decision{Action: Report, Note: note})
}

// KillAnswered takes the answer to Kill. What it left Sweep gets, with or
// without an error.
func (m *Machine) KillAnswered(now time.Duration, err error, out []Decision) []Decision {
	if m.Tap != nil {
		m.tap(Input{At: now, Kind: InputKill, Err: faultOf(err)})
	}
	if m.stop.killed = m.stop.killed || err == nil; m.stop.killed {
		out = m.withdraw(out)
	}
	return m.actAnswered(now, "write cgroup.kill", err, out)
}

// SweepAnswered takes the answer to Sweep.
func (m *Machine) SweepAnswered(now time.Duration, swept memcg.Swept, err error, out []Decision) []Decision {
	if m.Tap != nil {
		by := swept
		m.tap(Input{At: now, Kind: InputSweep, Swept: &by, Err: faultOf(err)})
	}
	m.stop.left = swept.Left
	m.stop.reaped += swept.Reaped
	m.stop.reapBytes += swept.FreedBytes
	return m.actAnswered(now, "kill what cgroup.kill left", err, out)
}

func (m *Machine) actAnswered(now time.Duration, step string, err error, out []Decision) []Decision {
	if err == nil || m.stop.loud || m.phase != PhaseStopping {
		return out
	}
	m.stop.loud = true
	note := m.note(NoteFailed, now)
	note.ofVictim(&m.stop.victim)
	note.Step, note.Err = step, err
	return append(out, Decision{Action: Report, Note: note})
}

// stepSettling waits for the victim's memory to come back, and looks whether
// the breach goes on without it.
func (m *Machine) stepSettling(now time.Duration, in *Reading, out []Decision) []Decision {
	s := &m.stop
	if !s.queued && !s.hopeless && !s.waiting && now-s.asked >= againAfter {
		s.asked, s.waiting = now, true
		out = append(out, Decision{Action: StopUnit, Victim: &s.victim})
	}
	settle, took := m.rules.Policy.Stop.Settle, now-s.empty
	freed := uint64(0)
	if s.sized && in.UsageOK && in.UsageBytes < s.before {
		freed = s.before - in.UsageBytes
	}
	back := s.sized && freed >= s.victim.UsageBytes/10*9 && m.measured()
	unheard := !s.queued && !s.hopeless && took < min(settle, unheardBound)
	if (!back && took < settle) || unheard {
		return out
	}
	goesOn := m.pressed >= s.empty && now-m.pressed <= m.rules.Policy.Pressure.Window
	if s.sized && in.UsageOK && freed < s.victim.UsageBytes/10 {
		m.fruitless = append(m.fruitless, s.victim.Inode)
	}
	if !s.queued {
		out = m.tellMissed(now, neverQueued(s.last), out)
	}
	out = append(out, Decision{Action: Report, Note: m.settledNote(now, in, freed, goesOn)})
	m.host.done(m)
	m.host.ended, m.ending, m.deaf = now, now, now+m.window.Length()
	if !goesOn {
		return m.end(now, out)
	}
	m.phase, m.due, m.more, m.calm = PhaseHeld, true, true, never
	m.deadline, m.retry, m.lull = now, never, never
	if back {
		// Who lives on reads back what was swapped out, and stalls for it.
		m.lull = now + m.rules.Policy.Hold.Calm
	}
	return out
}

// neverQueued is ErrNeverQueued with what was heard instead, if anything was.
func neverQueued(last error) error {
	if last == nil {
		return ErrNeverQueued
	}
	return fmt.Errorf("%w: %w", ErrNeverQueued, last)
}

// ErrNeverQueued says that systemd did not take a stop before it was over.
var ErrNeverQueued = errors.New("no answer until the group was empty and its memory was back")

func (m *Machine) settledNote(now time.Duration, in *Reading, freed uint64, goesOn bool) Note {
	s := &m.stop
	note := m.note(NoteSettled, now)
	note.ofVictim(&s.victim)
	note.UsageBytes = s.victim.UsageBytes
	note.Emptied, note.Took, note.GoesOn = s.empty-s.decided, now-s.empty, goesOn
	note.FreedBytes, note.FreedOK = freed, s.sized && in.UsageOK
	note.Reaped, note.ReapBytes, note.Kills = s.reaped, s.reapBytes, s.kernel
	note.Revives, note.Lost, note.Stays, note.Along = s.after.Revives, s.after.Lost, s.after.Stays, s.after.Along
	return note
}
