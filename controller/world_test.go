package controller_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/plugins"
)

const (
	ms  = time.Millisecond
	sec = time.Second
	mib = uint64(1) << 20
)

// policy is what most cases use: full 20% of 1 s, held for 4 s, calm 1 s.
func policy() configs.Policy {
	return configs.Policy{
		Slice: "w.slice", Priority: 100, Watched: true,
		Pressure: configs.Pressure{Full: 2000, Window: sec},
		Hold:     configs.Hold{By: "throttle", On: "growers", Delay: 4 * sec, Calm: sec, Urgent: 3000, Futile: sec},
		Stop:     configs.Stop{Pick: []string{"largest"}, From: "slices", Settle: 3 * sec, Arm: true},
	}
}

func rules(p configs.Policy) controller.Rules {
	return controller.Rules{Policy: p, Detectors: plugins.Detectors(p.Pressure), Order: plugins.Order(p.Stop.Pick)}
}

// group is a leaf of the simulated slice.
type group struct {
	leaf    *controller.Leaf
	usage   uint64
	grow    uint64 // bytes a tick
	swap    uint64
	cached  uint64  // in memory and in swap at once
	squeeze bool    // the host takes its pages as fast as it grows
	stall   float64 // full, share of the time
	high    memcg.Limit
	hits    uint64 // high events
	alive   bool
	total   uint64
	blind   bool // its files cannot be read
	protect bool
	immune  bool
	prio    int
	scanned uint64 // pages, as the cases set them
	stolen  uint64
	file    uint64
	kills   uint64 // by the kernel, not looked at yet
	frozen  bool
	anon    uint64
	guard   uint64
}

// world is a host as the shell sees it, with a clock of its own: it plays the
// kernel and the workers for one or more machines.
type world struct {
	t      *testing.T
	now    time.Duration
	host   *controller.Host
	slices []*simSlice
	log    []string
	ids    uint64
	scarce bool
	swap   uint64 // free

	available uint64
	floor     uint64        // of what is available
	fell      time.Duration // when a case took the host below it
	swapless  bool
	stirring  bool // the kernel makes room
	noHost    bool // meminfo cannot be read
}

type simSlice struct {
	w       *world
	m       *controller.Machine
	self    *controller.Leaf
	groups  []*group
	stall   float64 // full, made by the load itself
	blind   bool
	events  memcg.Events
	total   uint64
	reading controller.Reading
	last    time.Duration

	holdErr, stopErr, moveErr error
	deaf                      bool // systemd does not answer
	immortal                  bool // victims do not die
	silentWeigh               bool // candidates never come
	silentForesee             bool // nor those for a verdict beforehand
	signed                    *controller.Candidate
	signedBy                  time.Duration // its deadline
	kept                      bool          // the old limit was 700M
	old                       memcg.Limit   // or this one
	weighed                   int
	onWeigh                   func(n int)
	onFailed                  func(controller.Note)
	onStop, onRelief          func(controller.Note)
	onSettled                 func(controller.Note)
	slow                      time.Duration // that a hold takes
	jobs                      []job         // of workers that take their time
	late                      int           // answers of systemd's that come too late
	ghost                     *group        // lives on when it was stopped
	dirty                     bool          // read at the next turn
	left                      []memcg.Process
	victim                    *group
	killed                    bool
	heldSince                 map[*controller.Leaf]time.Duration

	hooks                             []controller.HookAnswer
	stepErr                           error
	deafHooks, stuckLift, stuckMove   bool
	moves                             []memcg.Limit // marks that were moved to
	max                               memcg.Limit   // of the slice; 0: none
	file                              uint64        // page cache of the slice
	onBreach, onHold, onHooks, onStep func(controller.Note)

	peak                uint64        // usage
	noRoom              bool          // memory.max and memory.stat cannot be read
	slowMove, slowHooks time.Duration // that these take
	acts                []act         // what was carried out, and when
	underHold           map[controller.ID]time.Duration
	trace               *controller.Trace
}

// job is an answer that comes later.
type job struct {
	at time.Duration
	do func()
}

// act is one thing that was done. "held" is a hold in force.
type act struct {
	at   time.Duration
	what string
	unit string
	mark memcg.Limit // of a hold or a move
}

// did notes what is done.
func (s *simSlice) did(what, unit string, mark memcg.Limit) {
	s.acts = append(s.acts, act{s.w.now, what, unit, mark})
}

// when returns the times of all acts of one kind; unit "" is any.
func (s *simSlice) when(what, unit string) []time.Duration {
	var all []time.Duration
	for _, a := range s.acts {
		if a.what == what && (unit == "" || a.unit == unit) {
			all = append(all, a.at)
		}
	}
	return all
}

// first returns the time of the first act of a kind; never having been done fails the test.
func (s *simSlice) first(what, unit string) time.Duration {
	s.w.t.Helper()
	all := s.when(what, unit)
	if len(all) == 0 {
		s.w.t.Fatalf("no %s of %q was carried out; %q", what, unit, s.w.log)
	}
	return all[0]
}

func newWorld(t *testing.T) *world {
	return &world{t: t, host: &controller.Host{}, swap: 512 * mib, available: 500 * mib}
}

func (w *world) slice(name string, r controller.Rules, groups ...*group) *simSlice {
	s := &simSlice{w: w, groups: groups, last: -sec, heldSince: map[*controller.Leaf]time.Duration{}, underHold: map[controller.ID]time.Duration{}}
	s.self = controller.NewLeaf(name, "/"+name, 1)
	s.m = controller.NewMachine(w.host, name, r, s.self, func() controller.ID {
		w.ids++
		var id controller.ID
		binary.BigEndian.PutUint64(id[8:], w.ids)
		return id
	})
	for i, g := range groups {
		unit := strings.TrimSuffix(name, ".slice") + "-" + string(rune('a'+i)) + ".slice"
		g.leaf = controller.NewLeaf(unit, "/"+name+"/"+unit, uint64(100*len(w.slices)+i+10))
		g.alive, g.high = true, memcg.Max
		if g.prio == 0 {
			g.prio = 100
		}
		s.m.AddLeaf(g.leaf, false)
	}
	w.slices = append(w.slices, s)
	s.record()
	return s
}

func (w *world) say(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// run plays until a time, calling each tick first.
func (w *world) run(until time.Duration, each func()) {
	for w.now < until {
		w.now += 10 * ms
		if each != nil {
			each()
		}
		for _, s := range w.slices {
			s.live()
			s.turn()
		}
	}
}

// live is 10 ms of the kernel's life.
func (s *simSlice) live() {
	stall := s.stall
	if len(s.heldSince) > 0 {
		s.underHold[s.m.Episode()] += 10 * ms
	}
	for _, g := range s.groups {
		if !g.alive {
			continue
		}
		if s.killed && s.victim == g && !s.immortal {
			g.alive = false
			if g != s.ghost {
				g.usage = 0
			}
			continue
		}
		if g.frozen {
			continue
		}
		if g.squeeze && g.leaf.Held() {
			g.swap += g.grow / 10
		} else {
			g.usage += g.grow / 10
		}
		own := g.stall
		if memcg.Limit(g.usage) > g.high {
			g.usage = uint64(g.high) + 4096 // it creeps
			g.hits++
			own, stall = 1, 1 // throttled: everybody above looks stalled
		}
		g.total += uint64(own * 10_000)
	}
	s.total += uint64(stall * 10_000)
}

// turn is the shell: it wakes as the real loop does, reads, steps, carries out.
func (s *simSlice) turn() {
	s.work()
	calm := s.m.Phase() == controller.PhaseCalm
	at, due := s.m.Until(s.last)
	if calm && s.w.now%(500*ms) == 0 && s.stall*10000 >= float64(s.m.Rules().Policy.Pressure.Full) && s.m.Rules().Policy.Pressure.Full > 0 {
		s.reading.FiredFull, due, at = true, true, s.w.now
	}
	if calm && (s.events != s.reading.Events || s.dirty) {
		due, at, s.dirty = true, s.w.now, false
	}
	if !due || s.w.now < at {
		return
	}
	s.read()
	s.last = s.w.now
	s.carry(s.m.Step(s.w.now, &s.reading, nil))
	s.reading.FiredFull = false
	s.bound()
}

// work brings the answers of workers that are done.
func (s *simSlice) work() {
	for i := 0; i < len(s.jobs); i++ {
		if one := s.jobs[i]; s.w.now >= one.at {
			s.jobs = append(s.jobs[:i], s.jobs[i+1:]...)
			i--
			one.do()
		}
	}
}

// soon does what a worker needs a time for; none is at once.
func (s *simSlice) soon(takes time.Duration, do func()) {
	if takes == 0 {
		do()
		return
	}
	s.jobs = append(s.jobs, job{s.w.now + takes, do})
}

func (s *simSlice) read() {
	r := &s.reading
	r.Totals.FullMicros, r.Totals.SomeMicros, r.TotalsOK = s.total, s.total, !s.blind
	r.Events, r.EventsOK = s.events, !s.blind
	r.Host, r.HostOK = controller.HostReading{
		TotalBytes: 1000 * mib, AvailableBytes: s.w.available, SwapFreeBytes: s.w.swap, SwapTotalBytes: 512 * mib,
		AvailableFloor: s.w.floor,
	}, !s.w.noHost
	if s.w.swapless {
		r.Host.SwapFreeBytes, r.Host.SwapTotalBytes = 0, 0
	}
	if s.w.scarce {
		r.Host.AvailableFloor, r.Host.SwapFloor = 600*mib, 513*mib
	}
	r.Stirring = s.w.stirring
	r.UsageBytes, r.UsageOK = 0, true
	s.peak = max(s.peak, s.usage())
	for _, g := range s.groups {
		r.UsageBytes += g.usage
		l := &g.leaf.Reading
		ok := g.alive && !g.blind
		l.UsageBytes, l.SwapBytes, l.SwapCachedBytes, l.UsageOK = g.usage, g.swap, g.cached, ok
		l.Totals.FullMicros, l.Totals.SomeMicros, l.TotalsOK = g.total, g.total, ok
		l.ScanPages, l.StealPages, l.FileBytes, l.StatOK = g.scanned, g.stolen, g.file, ok && g.leaf.Held()
		l.High, l.HighEvents, l.HighOK = g.high, g.hits, ok && g.leaf.Held()
		l.AnonBytes, l.GuardBytes = g.anon, g.guard
		if g.leaf.Limits().File == memcg.Freeze {
			l.High = 0
			if g.frozen {
				l.High = 1
			}
		}
	}
	r.Max, r.FileBytes, r.RoomOK = memcg.Max, s.file, !s.noRoom
	if s.max > 0 {
		r.Max = s.max
	}
	s.self.Reading = controller.LeafReading{
		UsageBytes: r.UsageBytes, UsageOK: true, High: r.Max, HighOK: s.self.Held(), FileBytes: s.file, StatOK: s.self.Held(),
	}
	r.Victim = controller.VictimReading{}
	if s.victim != nil {
		r.Victim = controller.VictimReading{OK: true, Populated: s.victim.alive}
	}
}

// bound is promise 1: no hold outlives its delay, nor do those of one episode together. And one
// machine at a time has a victim.
func (s *simSlice) bound() {
	delay := s.m.Rules().Policy.Hold.Delay
	for l, since := range s.heldSince {
		if held := s.w.now - since; held > delay+controller.Tick {
			s.w.t.Errorf("%v: %s is held for %v, longer than the delay of %v", s.w.now, l.Unit, held, delay)
		}
	}
	if all := s.underHold[s.m.Episode()]; all > delay+2*controller.Tick {
		s.w.t.Errorf("%v: %s held for %v in episode %v, longer than the delay of %v", s.w.now, s.m.Slice, all, s.m.Episode(), delay)
	}
	for _, other := range s.w.slices {
		if other != s && other.m.Victim() != nil && s.m.Victim() != nil {
			s.w.t.Errorf("%v: %s and %s have a victim at once", s.w.now, s.m.Slice, other.m.Slice)
		}
	}
}

func (s *simSlice) group(l *controller.Leaf) *group {
	for _, g := range s.groups {
		if g.leaf == l {
			return g
		}
	}
	return nil
}
