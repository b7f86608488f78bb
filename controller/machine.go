// Package controller decides. It is the state machine of a watched slice, from
// readings and a time to decisions and notes about them:
//
//	calm ──breach──▶ held ──relief──▶ calm
//	                  │
//	                  └─expiry, urgent──▶ stopping ──empty──▶ settling ──▶ calm, or held again
//
// It is pure: it reads no file and no clock, starts no goroutine and writes no
// log. The same code runs on a live kernel, in its tests and over a recorded
// trace. What must always hold is kept here: every hold has an end, a missing
// reading never leads to a stop, and one group at a time is stopped on a host.
package controller

import (
	"time"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/pressure"
)

// Values of the policy that the machine itself gives a meaning.
const (
	byThrottle = "throttle"
	byFreeze   = "freeze"
	byRaise    = "raise"
	bySignal   = "signal"
	byStart    = "start"
	onSlice    = "slice"
)

// Rules is how a slice is judged. A machine takes new ones when it is calm.
type Rules struct {
	Policy    configs.Policy
	Detectors []Detector
	Order     Order
	Observe   bool // decide and tell, do nothing
}

// Phase is where a machine stands.
type Phase int

// The phases of an episode.
const (
	PhaseCalm     Phase = iota
	PhaseHeld           // in breach, held or merely waiting
	PhaseStopping       // a victim is dying
	PhaseSettling       // its memory is coming back
)

// Machine is the state of one watched slice.
type Machine struct {
	Slice string

	// Tap, where it is set, is told of each input of the machine before that
	// counts: by each method that changes it. The input is the callee's to keep. As a rule nobody
	// listens, and nothing is built.
	Tap func(*Input)

	host   *Host
	rules  Rules
	ladder []configs.Step // of the rules
	delay  time.Duration  // what the ladder has together, at most the policy's
	next   *Rules         // taken when calm
	newID  func() ID

	self      *Leaf // the slice as a whole, for hold.on = "slice"
	leaves    []*Leaf
	witnesses []*Witness
	parts     []*Witness // what the slice is made of, where it has no stall of its own to go by: the root

	phase  Phase
	events memcg.Events // at the last reading
	seen   bool         // events is set
	window pressure.Window
	glow   time.Duration // our holds may show in the slice's stall until then
	deaf   time.Duration // the kernel's triggers may speak of what is over until then
	ending time.Duration // of the last stop on the host that was taken note of
	slope  slope

	scarcity Evidence // of the host, as the policy wants it, at the last reading
	saw      Sight    // of the last step; here, since detectors are interfaces and it would be allocated each time

	// The episode.
	id        ID
	breach    Breach
	stall     pressure.Stall // before anything was held
	stallOK   bool
	began     time.Duration // of this part of the episode
	used      time.Duration // of the delay, in parts before this one
	now       time.Duration // of the last step
	passed    time.Duration // between the last two
	frozen    int           // leaves, when relief began
	rung      int           // of the ladder, where the wait stands; -1: before the first
	eased     int           // how many steps of relief were taken
	byHand    bool          // the holds were lifted by hand, there are no more in this episode
	unlent    bool          // that nothing can be lent was told
	deadline  time.Duration
	calm      time.Duration // since when; never: not calm
	pressed   time.Duration // when the slice's own readings last pressed
	due       bool          // the delay is over and every hold lifted
	more      bool          // the breach went on after a stop
	told      bool          // that nothing can be stopped
	retry     time.Duration // not weighed again before
	rest      time.Duration // after an episode that spared somebody: no other until then
	lull      time.Duration // nor before this, unless it is urgent
	foresight foresight
	why       Why
	because   Grounds // of the judgment that led to the choice
	choice    choice
	grounds   Grounds       // of the last judgment
	blind     time.Duration // since when nothing is known, past the delay; never: something is
	fresh     bool          // just begun: the leaves have not been read yet
	held      [MostHeld]*Leaf
	nHeld     int
	most      heldMost

	fruitless []uint64 // inodes of victims of this episode whose stop freed nothing

	kills    uint64 // by the kernel's OOM killer, since the slice is watched
	killed   uint64 // of those, not told yet
	killedIn Phase  // what we were doing then
	record   bool   // the episode is only for them

	usage   uint64 // of the slice at the last reading
	usageOK bool
	ended   time.Duration // of the last episode by relief; never: none
	paused  time.Duration // by hand, until then

	stop stop
}

// heldMost remembers, for the notes, how many were held at once, and the first
// of them.
type heldMost struct {
	n     int
	unit  string
	bytes uint64
}

// fruitlessRoom is how many stops that freed nothing an episode has before the
// list of them grows.
const fruitlessRoom = 16

// never is before all times.
const never = time.Duration(-1 << 62)

// NewMachine returns the machine of a slice. self is the slice's own group;
// newID gives each episode its name.
func NewMachine(host *Host, slice string, rules Rules, self *Leaf, newID func() ID) *Machine {
	m := &Machine{
		Slice: slice, host: host, rules: rules, newID: newID, self: self,
		glow: never, deaf: never, ended: never, choice: choice{since: never}, foresight: foresight{asked: never, at: never}, fruitless: make([]uint64, 0, fruitlessRoom),
	}
	m.take(rules)
	host.machines = append(host.machines, m)
	return m
}

// Phase returns where the machine stands.
func (m *Machine) Phase() Phase { return m.phase }

// Holds returns how many holds are in force, asked for or being lifted.
func (m *Machine) Holds() int { return m.nHeld }

// Rules returns the rules in force.
func (m *Machine) Rules() Rules { return m.rules }

// Victim returns the candidate that is being stopped, or nil.
func (m *Machine) Victim() *Candidate {
	if m.phase == PhaseStopping || m.phase == PhaseSettling {
		return &m.stop.victim
	}
	return nil
}

// Until returns when the machine wants the next reading; false in calm, when
// only the kernel's reports wake it. Without swap those come too late, and
// calm is looked at now and then.
func (m *Machine) Until(last time.Duration) (time.Duration, bool) {
	switch {
	case m.phase == PhaseCalm && m.nHeld > 0:
		return last + overdueAfter, true // a lift that hangs is told
	case m.phase == PhaseCalm:
		return last + m.slope.lookAfter(), m.slope.on
	}
	if m.fresh {
		return last + firstTick, true
	}
	if m.phase == PhaseStopping && m.stop.waiting && m.stop.killAsked == never {
		return min(last+Tick, max(m.stop.asked+m.stop.bound, last)), true
	}
	return last + Tick, true
}

// SetRules changes how the slice is judged: at once in calm, otherwise when
// the episode that runs has come to its end under the rules it began with.
func (m *Machine) SetRules(r Rules) {
	if m.Tap != nil {
		m.tap(Input{At: m.now, Kind: InputRules})
	}
	if m.phase != PhaseCalm {
		m.next = &r
		return
	}
	m.take(r)
}

func (m *Machine) take(r Rules) {
	m.rules, m.next = r, nil
	m.ladder, m.delay = r.Policy.Hold.Ladder(), 0
	for _, step := range m.ladder {
		m.delay += step.Delay
	}
	m.delay = min(m.delay, r.Policy.Hold.Delay)
	m.window = pressure.NewWindow(r.Policy.Pressure.Window)
	m.setParts(m.parts)
}

// AddLeaf adds a leaf. A young one was made during the episode that runs: all
// it has it gained since.
func (m *Machine) AddLeaf(l *Leaf, young bool) {
	if m.Tap != nil {
		m.tap(Input{At: m.now, Kind: InputLeaf, Member: l.member(), Young: young})
	}
	l.begin(m.rules.Policy.Pressure.Window)
	l.base, l.baseOK = 0, young
	if !young && l.HadBytes > 0 {
		l.base, l.baseOK = l.HadBytes, true
	}
	m.leaves = append(m.leaves, l)
}

// DropLeaf takes out a leaf that is gone, and forgets its hold.
func (m *Machine) DropLeaf(l *Leaf, out []Decision) []Decision {
	if m.Tap != nil {
		m.tap(Input{At: m.now, Kind: InputGone, Inode: l.Inode})
	}
	for i, have := range m.leaves {
		if have == l {
			m.leaves = append(m.leaves[:i], m.leaves[i+1:]...)
			break
		}
	}
	l.gone = true
	out = m.lift(l, out)
	m.unhold(l)
	return out
}

// SetWitnesses replaces the groups outside the slice that tell how others fare.
func (m *Machine) SetWitnesses(ws []*Witness) {
	if m.Tap != nil {
		m.tap(Input{At: m.now, Kind: InputWitnesses, Witnesses: witnessesSeen(ws)})
	}
	for _, w := range ws {
		if w.window == (pressure.Window{}) {
			w.window = pressure.NewWindow(time.Second)
		}
	}
	m.witnesses = ws
}

// SetParts replaces the groups that a slice is made of. The root cgroup's own
// stall counts that of the kernel's threads as well: with parts, the worst of
// theirs is the slice's.
func (m *Machine) SetParts(ws []*Witness) {
	if m.Tap != nil {
		m.tap(Input{At: m.now, Kind: InputParts, Parts: witnessesSeen(ws)})
	}
	m.setParts(ws)
}

func (m *Machine) setParts(ws []*Witness) {
	for _, w := range ws {
		if w.window.Length() != m.rules.Policy.Pressure.Window {
			w.window = pressure.NewWindow(m.rules.Policy.Pressure.Window)
		}
	}
	m.parts = ws
}

// Close takes the machine out of its host and lifts all it holds: the slice is
// gone, not watched any more, or the daemon ends. It must not be stepped again.
func (m *Machine) Close(out []Decision) []Decision {
	if m.Tap != nil {
		m.tap(Input{At: m.now, Kind: InputClose})
	}
	out = m.withdraw(m.liftAll(out))
	m.nHeld = 0
	m.host.done(m)
	for i, have := range m.host.machines {
		if have == m {
			m.host.machines = append(m.host.machines[:i], m.host.machines[i+1:]...)
			break
		}
	}
	return out
}

// Step takes a reading and appends what is to be done. now is the time since
// the daemon's start; it never runs backwards. Decisions are to be carried out
// in their order.
func (m *Machine) Step(now time.Duration, in *Reading, out []Decision) []Decision {
	m.tapStep(now, in)
	m.passed = now - m.now
	m.now, m.usage, m.usageOK = now, in.UsageBytes, in.UsageOK
	m.saw = m.sight(now, in)
	s := &m.saw
	if _, e := m.detect(s); e == Pressing {
		m.pressed = now
	}
	if s.RiseOK && s.Rise.OOMKill > 0 {
		out = m.kernelKilled(now, in, s, out)
	}
	out = m.overdue(now, m.yield(out))
	switch m.phase {
	case PhaseCalm:
		return m.stepCalm(now, in, s, out)
	case PhaseHeld:
		return m.stepHeld(now, in, s, out)
	case PhaseStopping:
		return m.stepStopping(now, in, s, out)
	}
	return m.stepSettling(now, in, out)
}

// yield lifts holds on what another slice is stopping: a process that sleeps
// over memory.high, or is frozen, dies slowly or not at all.
func (m *Machine) yield(out []Decision) []Decision {
	if m.host.doomed == "" || m.host.stopping == m {
		return out
	}
	for _, l := range m.held[:m.nHeld] {
		if related(l.Path, m.host.doomed) {
			l.failed = true
			out = m.lift(l, out)
		}
	}
	return out
}

// sight turns a reading into what detectors may see.
func (m *Machine) sight(now time.Duration, in *Reading) Sight {
	m.forgetWhatIsOver(now)
	s := Sight{Tainted: m.tainted(now)}
	m.measure(now, in, &s)
	m.fathom(now, in, &s)
	if in.EventsOK {
		s.Rise, s.RiseOK = rise(m.events, in.Events), m.seen
		m.events, m.seen = in.Events, true
	}
	if m.phase == PhaseCalm {
		return s // the shell read no leaf
	}
	held := m.nHeld > 0 || m.most.n > 0
	for _, l := range m.leaves {
		l.take(now, held, m.host.taints(now, l.Path, m))
	}
	if m.self != nil {
		m.self.take(now, held, false)
	}
	for _, w := range m.witnesses {
		w.take(now, m.host.taints(now, w.Path, nil))
	}
	return s
}

// rise is what counters gained; one that fell back belongs to a new group.
func rise(was, is memcg.Events) memcg.Events {
	gain := func(a, b uint64) uint64 {
		if b < a {
			return 0
		}
		return b - a
	}
	return memcg.Events{
		Low: gain(was.Low, is.Low), High: gain(was.High, is.High), Max: gain(was.Max, is.Max),
		OOM: gain(was.OOM, is.OOM), OOMKill: gain(was.OOMKill, is.OOMKill), OOMGroupKill: gain(was.OOMGroupKill, is.OOMGroupKill),
	}
}

// Episode returns the name of the episode that runs, or of the last one.
func (m *Machine) Episode() ID { return m.id }
