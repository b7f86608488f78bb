package controller_test

import (
	"testing"
	"time"

	"reprieve/controller"
)

// Ensure those who listen are told before the stop, and that it waits for them, but no
// longer than the policy lets it; with no time for them nobody is asked.
func TestMachine_Hooks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		hooks time.Duration
		takes time.Duration // 0: at once
		deaf  bool
		told  int // answers with something in them
		want  time.Duration
	}{
		{"answer at once", sec, 0, false, 2, 0},
		{"take a while", sec, 400 * ms, false, 2, 400 * ms},
		{"never answer", sec, 0, true, 0, sec},
		{"answer too late", sec, 1700 * ms, false, 2, sec},
		{"nobody listens", sec, 0, false, 0, 0},
		{"off", 0, 0, true, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			p := policy()
			p.Stop.Hooks = tt.hooks
			a, b, c := hogs()
			s := w.slice("w.slice", rules(p), a, b, c)
			s.deafHooks, s.slowHooks = tt.deaf, tt.takes
			if tt.told > 0 {
				s.hooks = []controller.HookAnswer{{Name: "one"}, {Name: "two"}}
			}
			var decided time.Duration
			s.onStop = func(controller.Note) { decided = w.now }
			told := 0
			s.onHooks = func(n controller.Note) {
				if told = len(n.Hooks); n.Unit != "w-b.slice" {
					t.Errorf("note about the hooks of %s, want w-b.slice", n.Unit)
				}
			}
			s.stall = 0.5
			w.run(15*sec, untilDead(s, b))
			asked := s.when("notify", "w-b.slice")
			if tt.hooks == 0 {
				if len(asked) != 0 {
					t.Errorf("asked at %v, want nobody asked", asked)
				}
			} else if len(asked) != 1 || asked[0] != decided {
				t.Errorf("asked at %v, want once, at %v when it was decided", asked, decided)
			}
			if took := s.first("StopUnit", "w-b.slice") - decided; took < tt.want || took > tt.want+controller.Tick+10*ms {
				t.Errorf("StopUnit %v after the decision, want %v", took, tt.want)
			}
			if lift := s.first("lift", "w-b.slice"); lift > decided {
				t.Errorf("lifted at %v, want it before the stop was decided at %v", lift, decided)
			}
			if told != tt.told {
				t.Errorf("the note has %d answers, want %d", told, tt.told)
			}
			if b.alive || !a.alive || !c.alive || len(s.when("kill", "")) != 1 {
				t.Errorf("alive: a %v, b %v, c %v, kills %v; want only b dead, killed once", a.alive, b.alive, c.alive, s.when("kill", ""))
			}
		})
	}
}

// Ensure the grace time runs from when systemd is asked for the stop, not from
// when the hooks are: a unit that gets SIGTERM has all of it.
func TestMachine_GraceAfterHooks(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Stop.Hooks, p.Stop.Grace = sec, 1500*ms
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.deafHooks, s.stall = true, 0.5
	w.run(15*sec, untilDead(s, b))
	if got := s.first("kill", "w-b.slice") - s.first("StopUnit", "w-b.slice"); !about(got, p.Stop.Grace) {
		t.Errorf("cgroup.kill %v after StopUnit, want the grace time of %v", got, p.Stop.Grace)
	}
}

// Ensure each stop of an episode asks anew, and waits for its own hooks.
func TestMachine_HooksOfEachStop(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Stop.Hooks = sec
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	s.slowHooks, s.stall = 600*ms, 0.5
	w.run(30*sec, untilDead(s, c))
	for _, unit := range []string{"w-b.slice", "w-c.slice"} {
		if got := s.first("StopUnit", unit) - s.first("notify", unit); !about(got, 600*ms) {
			t.Errorf("%s: StopUnit %v after Notify, want 600ms", unit, got)
		}
	}
	if !a.alive {
		t.Error("a is dead, want it alive")
	}
}
