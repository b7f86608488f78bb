package controller_test

import (
	"testing"

	"reprieve/configs"
	"reprieve/controller"
)

// kernelKills has the kernel's OOM killer kill n processes of g.
func (s *simSlice) kernelKills(g *group, n uint64) {
	g.kills += n
	s.events.OOMKill += n
}

// Ensure a kill of the kernel's in calm is recorded, and what it left of the group is stopped; nobody else.
func TestMachine_KernelKillIsFinished(t *testing.T) {
	w := newWorld(t)
	a, b, c := hogs()
	b.grow = 0
	s := w.slice("w.slice", rules(policy()), a, b, c)
	s.dirty = true
	w.run(sec, nil)
	s.kernelKills(b, 2)
	w.run(12*sec, nil)
	w.expect(`
		breach w.slice by oom_kill
		kernel killed 2 in w-b.slice:` + stopped)
	if !a.alive || b.alive || !c.alive {
		t.Errorf("alive: a %v, b %v, c %v; want only b dead", a.alive, b.alive, c.alive)
	}
	if got := s.m.Kills(); got != 2 {
		t.Errorf("Kills() = %d, want 2", got)
	}
}

// Ensure a kill of the kernel's is only told where nothing is left of the group, or where it would not die whole.
func TestMachine_KernelKillIsTold(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(p *configs.Policy, b *group)
		want   string
	}{
		{"nothing left", func(_ *configs.Policy, b *group) { b.alive = false }, "nothing is left of it"},
		{"arm is off", func(p *configs.Policy, _ *group) { p.Stop.Arm = false }, "arm is off, the rest of it lives"},
		{"protected", func(_ *configs.Policy, b *group) { b.protect = true }, "protected (w-b.slice), the rest of it lives"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			a, b, c := hogs()
			b.grow = 0
			p := policy()
			s := w.slice("w.slice", rules(p), a, b, c)
			tt.change(&p, b)
			s.m.SetRules(rules(p))
			s.dirty = true
			w.run(sec, nil)
			s.kernelKills(b, 1)
			w.run(12*sec, nil)
			w.expect(`
				breach w.slice by oom_kill
				kernel killed 1 in w-b.slice: ` + tt.want)
			if s.m.Phase() != controller.PhaseCalm {
				t.Errorf("phase %v, want calm", s.m.Phase())
			}
		})
	}
}

// Ensure nobody else is chosen while the memory of the kernel's victim comes back, in this slice or in another.
func TestMachine_KernelKillIsInFlight(t *testing.T) {
	w := newWorld(t)
	p := policy()
	p.Hold.Delay, p.Stop.Arm = 0, false
	a, b, c := hogs()
	s := w.slice("w.slice", rules(p), a, b, c)
	other := &group{usage: 90 * mib}
	s2 := w.slice("x.slice", rules(p), other)
	s.dirty = true
	w.run(sec, nil)
	s.kernelKills(a, 1)
	began := w.now
	s2.stall = 0.5
	w.run(began+2*sec, nil)
	if !other.alive {
		t.Errorf("x-a.slice was stopped %v after the kernel's kill, want nobody before the settle time of 3s", w.now-began)
	}
	w.run(began+6*sec, func() {
		if !other.alive {
			s2.stall = 0
		}
	})
	if other.alive {
		t.Error("x-a.slice lives on in breach, want it stopped after the settle time")
	}
}
