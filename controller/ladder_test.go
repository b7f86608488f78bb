package controller_test

import (
	"errors"
	"testing"
	"time"

	"reprieve/configs"
	"reprieve/controller"
)

// laddered is a policy of four steps: 1 s for a signal, 1 s for a start, 2 s
// throttled, 2 s frozen.
func laddered() configs.Policy {
	p := policy()
	p.Hold.Steps = []configs.Step{
		{By: "signal", Delay: sec, Unit: "cache.service", Signal: "SIGUSR1", To: "main"},
		{By: "start", Delay: sec, Unit: "flush.service"},
		{By: "throttle", Delay: 2 * sec},
		{By: "freeze", Delay: 2 * sec},
	}
	p.Hold.Delay = 6 * sec
	return p
}

// climbed is the story of a ladder to its end.
const climbed = `
		breach w.slice by full
		signal cache.service
		start flush.service
		hold w-b.slice
		held w-b.slice
		lift w-b.slice
		hold w-b.slice
		held w-b.slice
		lift w-b.slice` + stopped

// Ensure each step of a ladder comes in its time and order, what one way holds
// is lifted before the next, and the stop comes after all of them.
func TestMachine_Ladder(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	c.stall = 0.25 // it stalls as long as the hog is there, frozen or not
	s := w.slice("w.slice", rules(laddered()), a, b, c)
	var began, decided time.Duration
	s.onStop = func(n controller.Note) {
		if decided = w.now; n.Why != controller.BecauseExpiry || n.Delay != 6*sec {
			t.Errorf("stopped because of %v after a delay of %v, want the expiry of 6s", n.Why, n.Delay)
		}
	}
	s.stall = 0.5
	w.run(15*sec, func() {
		if began == 0 && s.m.Phase() == controller.PhaseHeld {
			began = w.now
		}
		if b.frozen && b.high != 1<<64-1 {
			t.Fatalf("b is throttled and frozen at once at %v", w.now)
		}
		untilDead(s, b)()
	})
	w.expect(climbed)
	held := s.when("held", "w-b.slice")
	for _, tt := range []struct {
		what string
		got  time.Duration
		want time.Duration
	}{
		{"signal", s.first("signal", ""), 0}, {"start", s.first("start", ""), sec},
		{"throttle", held[0], 2 * sec}, {"freeze", held[1], 4 * sec}, {"stop", decided, 6 * sec},
	} {
		if !about(tt.got-began, tt.want) {
			t.Errorf("%s came %v after the breach, want %v", tt.what, tt.got-began, tt.want)
		}
	}
}

// Ensure a delay shorter than the steps together ends the wait, and one that is
// longer does not make it longer.
func TestMachine_LadderIsBounded(t *testing.T) {
	for _, tt := range []struct{ delay, want time.Duration }{{2500 * ms, 2500 * ms}, {5 * sec, 5 * sec}, {6 * sec, 6 * sec}, {time.Minute, 6 * sec}} {
		w := newWorld(t)
		p := laddered()
		p.Hold.Delay = tt.delay
		a, b, c := hogs()
		c.stall = 0.25 // it stalls as long as the hog is there, frozen or not
		s := w.slice("w.slice", rules(p), a, b, c)
		var waited time.Duration
		s.onStop = func(n controller.Note) { waited = n.Waited }
		s.stall = 0.5
		w.run(20*sec, untilDead(s, b))
		if !about(waited, tt.want) {
			t.Errorf("delay %v: stopped after %v, want %v", tt.delay, waited, tt.want)
		}
	}
}

// Ensure a step that fails is told, and that the wait and the next steps go on.
func TestMachine_LadderStepFails(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	c.stall = 0.25 // it stalls as long as the hog is there, frozen or not
	s := w.slice("w.slice", rules(laddered()), a, b, c)
	s.stepErr, s.stall = errors.New("no such unit"), 0.5
	w.run(15*sec, untilDead(s, b))
	w.expect(`
		breach w.slice by full
		signal cache.service
		not done: signal
		start flush.service
		not done: start
		hold w-b.slice
		held w-b.slice
		lift w-b.slice
		hold w-b.slice
		held w-b.slice
		lift w-b.slice` + stopped)
}

// Ensure a handler that frees its memory in its time is the end of it: nobody
// is held, and nothing else is tried.
func TestMachine_LadderHandled(t *testing.T) {
	w := newWorld(t)
	p := laddered()
	p.Hold.Steps[0].Delay = 3 * sec
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	w.run(12*sec, func() {
		if len(s.when("signal", "")) > 0 {
			s.stall, b.grow, b.usage = 0, 0, 10*mib
		}
	})
	w.expect(`
		breach w.slice by full
		signal cache.service
		relief w.slice`)
}

// Ensure an episode that goes on after relief goes on at the step it came to,
// and does not signal anew.
func TestMachine_LadderResumes(t *testing.T) {
	w := newWorld(t)
	p := laddered()
	p.Hold.Calm = 4 * sec // longer than what hides a breach after a lift
	p.Hold.Steps[2].Delay = 20 * sec
	p.Hold.Delay = 24 * sec
	a, b, c := hogs()
	c.stall = 0.25 // it stalls as long as the hog is there, frozen or not
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	w.run(4*sec, nil)
	pause(s, b)
	c.stall = 0
	episode := s.m.Episode()
	w.run(15*sec, func() {
		if s.m.Phase() == controller.PhaseCalm {
			b.grow, s.stall, c.stall = 4*mib, 0.5, 0.25
		}
	})
	if got := s.m.Episode(); got != episode {
		t.Fatalf("episode %v, want %v again", got, episode)
	}
	w.run(30*sec, untilDead(s, b))
	w.expect(`
		breach w.slice by full
		signal cache.service
		start flush.service
		hold w-b.slice
		held w-b.slice
		lift w-b.slice
		relief w.slice
		breach w.slice by full
		hold w-b.slice
		held w-b.slice
		lift w-b.slice
		hold w-b.slice
		held w-b.slice
		lift w-b.slice` + stopped)
}

// Ensure a hold that a worker brings when its step is over does not last on
// through the next ones.
func TestMachine_LadderHoldComesLate(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.Steps = []configs.Step{{By: "throttle", Delay: sec}, {By: "none", Delay: 9 * sec}}
	p.Hold.Delay, p.Hold.Calm = 10*sec, 5*sec
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.slow, s.stall = 1500*ms, 0.5
	w.run(6*sec, nil)
	if b.leaf.Held() {
		t.Errorf("b is held at %v, seconds after the step to throttle it was over: the worker's answer came late", w.now)
	}
}

// Ensure observe tells the steps and takes none.
func TestMachine_LadderObserved(t *testing.T) {
	w := newWorld(t)
	r := rules(laddered())
	r.Observe = true
	a, b, c := hogs()
	s := w.slice("w.slice", r, a, b, c)
	told := 0
	s.onStep = func(n controller.Note) {
		if told++; !n.Observe || n.Err != nil {
			t.Errorf("note of a step %+v, want it observed and without an error", n)
		}
	}
	s.stall = 0.5
	w.run(15*sec, nil)
	if len(s.acts) != 0 || told != 2 || !b.alive || b.frozen {
		t.Errorf("%d acts, %d steps told, b alive %v and frozen %v; want nothing done and two steps told", len(s.acts), told, b.alive, b.frozen)
	}
}

// Ensure stall that goes on under a frozen step is not taken for calm because
// a throttle that was lifted before it still hides it: some of many leaves, each of which
// stalls too little to be seen by itself.
func TestMachine_LadderStallBehindGlow(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(laddered()), a, b, c)
	s.onRelief = func(controller.Note) {
		if b.alive {
			t.Errorf("relief at %v, while the slice stalls half of the time", w.now)
		}
	}
	p := laddered()
	p.Hold.Calm = 500 * ms
	s.m.SetRules(rules(p))
	s.stall = 0.5
	w.run(20*sec, untilDead(s, b))
	if b.alive {
		t.Error("b lives, want it stopped at the end of the ladder")
	}
}
