package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reprieve/controller"
	"reprieve/internal/guard"
	"reprieve/memcg"
)

// guarded is a guardian with slices whose loop is the test.
type guarded struct {
	*guardian
	t     *testing.T
	root  string
	told  *log
	begin time.Time
}

func newGuarded(t *testing.T, after time.Duration) *guarded {
	t.Helper()
	g := &guarded{t: t, root: t.TempDir(), told: &log{}, begin: time.Now()}
	tell := newTeller(g.told)
	tell.sender.Close()
	g.guardian = startGuard(after, g.now, tell)
	if g.guard == nil {
		t.Fatalf("no guard: %s", g.told)
	}
	t.Cleanup(g.close)
	return g
}

func (g *guarded) now() time.Duration { return time.Since(g.begin) }

// slice makes a slice whose machine observes or acts.
func (g *guarded) slice(unit string, observe bool) *slice {
	path := "/" + unit
	self := controller.NewLeaf(unit, path, 1)
	m := controller.NewMachine(&controller.Host{}, unit, controller.Rules{Observe: observe}, self, newID)
	return &slice{unit: unit, m: m}
}

// victim makes a group with an empty cgroup.kill.
func (g *guarded) victim(unit string) *memcg.Group {
	g.t.Helper()
	if err := os.MkdirAll(filepath.Join(g.root, unit), 0o755); err != nil {
		g.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.root, unit, "cgroup.kill"), nil, 0o644); err != nil {
		g.t.Fatal(err)
	}
	group, err := memcg.Open(g.root, "/"+unit)
	if err == nil {
		err = group.Prepare(memcg.KillFile)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	return group
}

func (g *guarded) killed(unit string) string {
	g.t.Helper()
	text, err := os.ReadFile(filepath.Join(g.root, unit, "cgroup.kill"))
	if err != nil {
		g.t.Fatal(err)
	}
	return string(text)
}

// done waits until the guard is done with a slice.
func (g *guarded) done(s *slice) guard.Fired {
	g.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if f, _ := g.taken(s); f.Done {
			return f
		}
	}
	g.t.Fatalf("the guard did nothing for %s; told:\n%s", s.unit, g.told)
	return guard.Fired{}
}

func (g *guarded) says(want string) {
	g.t.Helper()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(g.told.String(), want); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			g.t.Fatalf("it was not told %q but:\n%s", want, g.told)
		}
	}
}

// Ensure the last victim that was signed is killed when the loop stands still,
// though its group was released, and nobody else; and that it is told at priority err.
func TestGuardian_Kills(t *testing.T) {
	g := newGuarded(t, 200*time.Millisecond)
	s, other := g.slice("w.slice", false), g.slice("v.slice", false)
	for _, unit := range []string{"w-a.slice", "w-b.slice"} {
		victim := g.victim(unit)
		if !g.sign(s, g.now(), victim, &controller.Candidate{Unit: unit}) {
			t.Fatalf("sign of %s = false, want true", unit)
		}
		victim.Release()
	}
	if !g.sign(other, g.now()+time.Hour, g.victim("v-a.slice"), &controller.Candidate{Unit: "v-a.slice"}) {
		t.Fatal("sign for another slice = false, want true")
	}
	f := g.done(s)
	if a, b, c := g.killed("w-a.slice"), g.killed("w-b.slice"), g.killed("v-a.slice"); a != "" || b != "1" || c != "" {
		t.Errorf("cgroup.kill of w-a, w-b, v-a = %q, %q, %q, want w-b alone to be killed", a, b, c)
	}
	if f.Errno != 0 || f.Late < 200*time.Millisecond {
		t.Errorf("taken = %+v, want no errno, late by 200ms at least", f)
	}
	g.says("<3>the event loop has not moved for ")
	g.says(", with the deadline of w.slice past by ")
	g.says(": the guard killed w-b.slice\n")
	if !g.withdraw(s) || !g.withdraw(other) {
		t.Error("withdraw = false, want nothing signed after it")
	}
	if g.slotOf(s) >= 0 || g.slotOf(other) >= 0 {
		t.Error("a slot is left")
	}
}

// Ensure nobody is killed whose verdict was withdrawn, whose slice observes, or while the guard is off.
func TestGuardian_Spares(t *testing.T) {
	g := newGuarded(t, time.Millisecond)
	g.setAfter(0)
	s, observer := g.slice("w.slice", false), g.slice("o.slice", true)
	a, b, c := g.victim("w-a.slice"), g.victim("o-a.slice"), g.victim("w-c.slice")
	if g.sign(s, 0, a, &controller.Candidate{Unit: "w-a.slice"}) {
		t.Error("sign with the guard off = true, want false")
	}
	g.setAfter(time.Millisecond)
	if g.sign(observer, 0, b, &controller.Candidate{Unit: "o-a.slice"}) {
		t.Error("sign of a slice that observes = true, want false")
	}
	if !g.sign(s, g.now()+time.Hour, a, &controller.Candidate{Unit: "w-a.slice"}) || !g.withdraw(s) {
		t.Error("sign, withdraw = false, want true")
	}
	// One that is due shows that the guard had its turn.
	if !g.sign(s, g.now(), c, &controller.Candidate{Unit: "app.scope", User: true, UID: 1000}) {
		t.Error("sign of w-c.slice = false, want true")
	}
	g.done(s)
	g.says("the guard killed app.scope of user 1000\n")
	for unit, want := range map[string]string{"w-a.slice": "", "o-a.slice": "", "w-c.slice": "1"} {
		if got := g.killed(unit); got != want {
			t.Errorf("cgroup.kill of %s = %q, want %q", unit, got, want)
		}
	}
}

// Ensure slices beyond the slots are refused, and a slot of a slice that was let go, whatever the
// guard did with it, is another's.
func TestGuardian_Slots(t *testing.T) {
	g := newGuarded(t, time.Millisecond)
	victim, c := g.victim("w-a.slice"), &controller.Candidate{Unit: "w-a.slice"}
	all := make([]*slice, guard.Slots)
	for i := range all {
		all[i] = g.slice("w.slice", false)
		if !g.sign(all[i], g.now()+time.Hour, victim, c) {
			t.Fatalf("sign of slice %d = false, want true", i)
		}
	}
	one := g.slice("x.slice", false)
	if g.sign(one, g.now()+time.Hour, victim, c) {
		t.Error("sign without a free slot = true, want false")
	}
	g.sign(all[7], g.now(), victim, c)
	g.says("the guard killed w-a.slice")
	g.forget(all[7])
	g.forget(all[8])
	for _, s := range []*slice{one, g.slice("y.slice", false)} {
		for end := time.Now().Add(20 * time.Second); !g.sign(s, g.now()+time.Hour, victim, c); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("sign of %s = false, want the slot of one that was let go", s.unit)
			}
		}
	}
}

// Ensure what the loop calls at each turn allocates nothing.
func TestGuardian_Allocations(t *testing.T) {
	g := newGuarded(t, time.Hour)
	s, victims := g.slice("w.slice", false), []*memcg.Group{g.victim("w-a.slice"), g.victim("w-b.slice")}
	c, n := &controller.Candidate{Unit: "w-a.slice"}, 0
	if got := testing.AllocsPerRun(200, func() {
		n++
		g.beat(g.now())
		g.sign(s, g.now()+time.Hour, victims[n%2], c)
		g.sign(s, g.now()+time.Hour, victims[n%2], c)
		g.taken(s)
		g.withdraw(s)
	}); got != 0 {
		t.Errorf("a turn allocates %v times, want 0", got)
	}
}
