package controller_test

import (
	"errors"
	"strings"
	"testing"

	"reprieve/controller"
	"reprieve/memcg"
)

// Ensure a choice is made anew when somebody else comes first at the second look.
func TestMachine_ChoiceIsCheckedAgain(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.By = "none"
	a, b, c := hogs()
	b.grow = 0
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	s.onWeigh = func(n int) {
		if n == 1 {
			c.usage = 400 * mib // between the two looks
		}
	}
	w.run(12*sec, func() {
		if !c.alive {
			s.stall = 0
		}
	})
	if !a.alive || !b.alive || c.alive {
		t.Errorf("alive: a %v, b %v, c %v; want only c dead, which was the largest at the last look", a.alive, b.alive, c.alive)
	}
	if s.weighed != 3 {
		t.Errorf("weighed %d times, want 3: a choice, another, and that one again", s.weighed)
	}
}

// Ensure a choice that changes at every look comes to an end.
func TestMachine_ChoiceThatNeverSettles(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.By = "none"
	a, b, c := hogs()
	b.grow = 0
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	s.onWeigh = func(n int) {
		a.usage, c.usage = 300*mib, 300*mib
		if n%2 == 0 {
			a.usage++
		} else {
			c.usage++
		}
	}
	w.run(8*sec, func() { s.stall = map[bool]float64{true: 0.5}[a.alive && c.alive] })
	if a.alive == c.alive || !b.alive {
		t.Errorf("alive: a %v, b %v, c %v; want one of a and c dead", a.alive, b.alive, c.alive)
	}
}

// Ensure who freed nothing is not stopped again in the episode, and the next one is.
func TestMachine_FruitlessIsNotStoppedAgain(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.Delay = 0
	a, b, c := hogs()
	b.grow = 0
	s := w.slice("w.slice", rules(p), a, b, c)
	s.stall = 0.5
	s.ghost = b // its memory stays when it dies, and it is there again
	w.run(20*sec, func() {
		if !c.alive {
			s.stall = 0
		}
	})
	if !a.alive || c.alive {
		t.Errorf("alive: a %v, c %v; want c dead, the next largest", a.alive, c.alive)
	}
	stops := strings.Count(strings.Join(w.log, "\n"), "StopUnit w-b.slice")
	if stops != 1 {
		t.Errorf("w-b.slice was stopped %d times, want once", stops)
	}
}

// Ensure a late answer of systemd's is not told as a failure while its stop is not over, and that none at all is.
func TestMachine_LateAnswer(t *testing.T) {
	for _, tt := range []struct {
		late int
		want bool
	}{{1, false}, {2, false}, {9, true}} {
		w := newWorld(t)
		a, b, c := hogs()
		s := w.slice("w.slice", rules(policy()), a, b, c)
		s.stall, s.late = 0.5, tt.late
		w.run(20*sec, untilDead(s, b))
		told := strings.Contains(strings.Join(w.log, "\n"), "failed: hear from systemd that it stops it")
		if told != tt.want {
			t.Errorf("%d late answers: told %v, want %v\n%s", tt.late, told, tt.want, strings.Join(w.log, "\n"))
		}
	}
}

// Ensure a group that does not empty is told with the names and states of who is left.
func TestMachine_WhoIsLeft(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.stall, s.immortal = 0.5, true
	s.left = []memcg.Process{{PID: 77, Name: "nfs-reader", State: 'D'}}
	var err error
	s.onFailed = func(n controller.Note) { err = errors.Join(err, n.Err) }
	w.run(30*sec, nil)
	if err == nil || !errors.Is(err, controller.ErrNotEmpty) || !strings.Contains(err.Error(), `77 ("nfs-reader") in state D`) {
		t.Errorf("told %v, want ErrNotEmpty with process 77, its name and its state", err)
	}
	if !a.alive || !c.alive {
		t.Error("somebody else was stopped while the victim does not die")
	}
}
