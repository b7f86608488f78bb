package main

import (
	"os"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"reprieve/configs"
	"reprieve/controller"
	"reprieve/internal/control"
	"reprieve/memcg"
	"reprieve/plugins/report"
)

// glance is what the loop notes for who asks how the daemon fares: values, and
// what never changes once it is made. Words are made of it elsewhere.
type glance struct {
	wall    time.Time     // when it was made
	now     time.Duration // the same, of the loop
	ready   time.Duration
	paused  time.Duration // until then
	conf    configs.Daemon
	bus     string
	proof   string
	locked  bool
	kept    int
	own     toll
	killers []string
	slices  []sliceGlance
}

// sliceGlance is one watched slice.
type sliceGlance struct {
	unit, path            string
	leaves, far, triggers int
	slope                 bool
	policy                configs.Policy
	view                  controller.View // without Held
	held                  []heldGlance
}

// heldGlance is one hold in force.
type heldGlance struct {
	unit, by string
	mark     memcg.Limit
	usage    int64
}

// glance notes how all is. It allocates, for who asks alone.
func (d *daemon) glance() glance {
	g := glance{
		wall: time.Now(), now: d.now(), ready: d.readyAt, paused: d.pausedUntil, conf: d.conf, bus: "connected", proof: d.unproved, locked: d.locked,
		kept: d.kept, killers: d.killers,
	}
	if !d.bus.Connected {
		g.bus = "not connected"
		if d.bus.Err != nil {
			g.bus += ": " + d.bus.Err.Error()
		}
	}
	g.own, _ = d.tollSinceReady()
	for _, s := range d.slices {
		g.slices = append(g.slices, glanceOf(s))
	}
	slices.SortFunc(g.slices, func(a, b sliceGlance) int { return strings.Compare(a.path, b.path) })
	return g
}

func glanceOf(s *slice) sliceGlance {
	one := sliceGlance{
		unit: s.unit, path: s.node.Path, far: len(s.far), triggers: len(s.triggers), slope: s.m.Slope(),
		policy: s.m.Rules().Policy, view: s.m.View(),
	}
	for _, p := range s.parts {
		one.triggers += len(p.triggers)
	}
	for _, lf := range s.leaves {
		if lf.leaf != nil {
			one.leaves++
		}
	}
	for _, l := range one.view.Held {
		if !l.Held() {
			continue // it is asked for, or being lifted
		}
		h := heldGlance{unit: l.Unit, by: l.By(), mark: l.Limits().Mark, usage: -1}
		if l.Reading.UsageOK {
			h.usage = int64(l.Reading.UsageBytes)
		}
		one.held = append(one.held, h)
	}
	one.view.Held = nil
	return one
}

// askStatus has the loop look, and answers with words.
func (d *daemon) askStatus(answer func(control.Status)) {
	d.desk.Post(func() {
		g := d.glance()
		go answer(g.status(d.tell))
	})
}

// status is what a glance says.
func (g *glance) status(t *teller) control.Status {
	s := control.Status{
		Version: buildVersion(), PID: os.Getpid(), ReadyUnixUsec: g.unix(g.ready), Observe: g.conf.Observe, Bus: g.bus,
		Unproved: g.proof, MemoryLocked: g.locked, BadConfigurations: g.kept, DroppedReports: t.dropped.Load(), DroppedRecords: t.chronicle.dropped.Load(),
		OwnStallUsec: g.own.stall.SomeMicros, OwnMajorFaults: g.own.majorFaults, Killers: append([]string{}, g.killers...), Slices: []control.Slice{},
	}
	if g.paused > g.now {
		s.PausedUntilUnixUsec = g.unix(g.paused)
	}
	s.OwnAllocations, s.Collections = allocations()
	for i := range g.slices {
		s.Slices = append(s.Slices, g.slice(&g.slices[i], t))
	}
	return s
}

func (g *glance) unix(at time.Duration) int64 { return g.wall.Add(at - g.now).UnixMicro() }

// slice is what a glance says of one of them.
func (g *glance) slice(of *sliceGlance, t *teller) control.Slice {
	p := &of.policy
	s := control.Slice{
		Unit: of.unit, Path: of.path, Phase: phaseWord(of.view.Phase), Priority: p.Priority, Leaves: of.leaves, FarLeaves: of.far,
		Triggers: of.triggers, Slope: of.slope, DelayUsec: p.Hold.Delay.Microseconds(), Ways: waysWord(p.Hold),
		Limits: control.Limits{
			SomePercent: float64(p.Pressure.Some) / 100, FullPercent: float64(p.Pressure.Full) / 100, WindowUsec: p.Pressure.Window.Microseconds(),
			Events: append([]string{}, p.Pressure.Events...), LeftUsec: p.Pressure.Left.Microseconds(),
		},
	}
	s.Counters, s.Last = t.tally.of(of.unit)
	if of.view.Phase != controller.PhaseCalm {
		s.Episode = g.episode(of)
	}
	return s
}

func (g *glance) episode(of *sliceGlance) *control.Now {
	v := &of.view
	n := &control.Now{
		Episode: v.Episode.String(), Breach: report.Reason(controller.Note{Kind: controller.NoteBreach, Breach: v.Breach}),
		BeganUnixUsec: g.unix(v.Began), DeadlineUnixUsec: g.unix(v.Deadline), WaitedUsec: v.Waited.Microseconds(),
		SomePercent: -1, FullPercent: -1, Holds: []control.Hold{}, Victim: v.Victim,
	}
	if v.StallOK {
		n.SomePercent, n.FullPercent = float64(v.Stall.Some)/100, float64(v.Stall.Full)/100
	}
	for _, h := range of.held {
		one := control.Hold{Unit: h.unit, By: h.by, UsageBytes: h.usage}
		if h.by != "freeze" && h.mark != memcg.Max {
			one.MarkBytes = uint64(h.mark)
		}
		n.Holds = append(n.Holds, one)
	}
	return n
}

func phaseWord(p controller.Phase) string {
	switch p {
	case controller.PhaseHeld:
		return control.Held
	case controller.PhaseStopping:
		return control.Stopping
	case controller.PhaseSettling:
		return control.Settling
	}
	return control.Calm
}

// waysWord names the ways to hold, in their order.
func waysWord(h configs.Hold) string {
	var all []string
	for _, step := range h.Ladder() {
		all = append(all, step.By)
	}
	return strings.Join(all, ", then ")
}

// allocations returns how many objects Go has allocated in this process, and how
// often it collected garbage. It does not stop the world.
func allocations() (objects, collections uint64) {
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(samples)
	for i, to := range []*uint64{&objects, &collections} {
		if samples[i].Value.Kind() == metrics.KindUint64 {
			*to = samples[i].Value.Uint64()
		}
	}
	return objects, collections
}
