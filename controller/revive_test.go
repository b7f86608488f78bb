package controller_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/controller"
)

func revivePolicy(how string) configs.Stop {
	return configs.Stop{Revive: how, ReviveAfter: 30 * sec, ReviveMax: configs.Rate{Count: 3, Per: 3600 * sec}}
}

// Ensure who comes back follows the rule, and the record names everybody.
func TestReviver_Fell(t *testing.T) {
	down := []controller.Down{
		{Unit: "young.service", Startable: true, Restarts: true, Since: 9},
		{Unit: "old.service", Startable: true, Restarts: true, Since: 1},
		{Unit: "plain.service", Startable: true, Since: 2},
		{Unit: "run-1.scope", Transient: true, Since: 3},
		{Unit: "app.service", User: true, Startable: true, Restarts: true, Since: 4},
	}
	for _, tt := range []struct {
		how  string
		want controller.Aftermath
	}{
		{"restart", controller.Aftermath{Revives: []string{"old.service", "young.service"}, Stays: []string{"plain.service"}, Lost: []string{"run-1.scope", "app.service"}}},
		{"calm", controller.Aftermath{Revives: []string{"old.service", "plain.service", "young.service"}, Lost: []string{"run-1.scope", "app.service"}}},
		{"never", controller.Aftermath{Stays: []string{"old.service", "plain.service", "young.service"}, Lost: []string{"run-1.scope", "app.service"}}},
	} {
		var r controller.Reviver
		got := fell(&r, controller.ID{1}, revivePolicy(tt.how), append([]controller.Down{}, down...))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("revive = %q (-want +got):\n%s", tt.how, diff)
		}
		if len(r.Fallen) != len(tt.want.Revives) {
			t.Errorf("revive = %q: %d wait, want %d", tt.how, len(r.Fallen), len(tt.want.Revives))
		}
	}
}

// fell takes what a stop in w.slice took down, as the shell does.
func fell(r *controller.Reviver, id controller.ID, policy configs.Stop, down []controller.Down) controller.Aftermath {
	after, wait := controller.Fallout("w.slice", id, policy, down)
	r.Fell(wait)
	return after
}

// Ensure units are started again one at a time, oldest first, when their slice has been calm for long enough, and no sooner.
func TestReviver_WaitsForCalm(t *testing.T) {
	var r controller.Reviver
	r.Troubled("w.slice")
	fell(&r, controller.ID{1}, revivePolicy("calm"), []controller.Down{
		{Unit: "b.service", Startable: true, Since: 2}, {Unit: "a.service", Startable: true, Since: 1},
	})
	if at, ok := r.Until(); ok {
		t.Errorf("Until() in trouble = %v, want nothing to wait for", at)
	}
	r.Calmed("w.slice", 10*sec)
	r.Troubled("w.slice") // again, before its time
	r.Calmed("w.slice", 25*sec)
	if at, ok := r.Until(); !ok || at != 55*sec {
		t.Errorf("Until() = %v, %v, want 55s", at, ok)
	}
	if unit, _ := r.Step(54 * sec); unit != "" {
		t.Errorf("Step before its time starts %s", unit)
	}
	first, _ := r.Step(55 * sec)
	if second, _ := r.Step(56 * sec); first != "a.service" || second != "" {
		t.Errorf("started %q and %q, want a.service alone until it is answered", first, second)
	}
	if n, ok := r.Started("a.service", nil); !ok || n.Kind != controller.NoteRevived || n.Unit != "a.service" || n.Slice != "w.slice" {
		t.Errorf("Started = %+v, %v, want a note of a.service", n, ok)
	}
	if second, _ := r.Step(57 * sec); second != "b.service" {
		t.Errorf("then started %q, want b.service", second)
	}
	if n, _ := r.Started("b.service", errors.New("masked")); n.Kind != controller.NoteFailed {
		t.Errorf("a start that failed is told as %v, want NoteFailed", n.Kind)
	}
	if _, ok := r.Until(); ok {
		t.Error("Until() has a time although nobody waits")
	}
}

// Ensure a unit that falls too often stays down, also across a restart of the daemon, and may come back when the time of its limit is over.
func TestReviver_GivesUp(t *testing.T) {
	r := &controller.Reviver{}
	now := sec
	var story []string
	for range 5 {
		fell(r, controller.ID{1}, revivePolicy("calm"), []controller.Down{{Unit: "a.service", Startable: true}})
		now += 60 * sec
		unit, notes := r.Step(now)
		r.Started(unit, nil)
		for _, n := range notes {
			story = append(story, fmt.Sprintf("stays down after %d", n.Count))
		}
		if unit != "" {
			story = append(story, unit)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		r = &controller.Reviver{}
		if err := json.Unmarshal(text, r); err != nil {
			t.Fatal(err)
		}
	}
	const want = "a.service, a.service, a.service, stays down after 3, stays down after 3"
	if got := strings.Join(story, ", "); got != want {
		t.Errorf("story %q, want %q", got, want)
	}
	now += 3600 * sec
	fell(r, controller.ID{1}, revivePolicy("calm"), []controller.Down{{Unit: "a.service", Startable: true}})
	if unit, _ := r.Step(now); unit != "a.service" {
		t.Errorf("an hour later: starts %q, want a.service", unit)
	}
}

// Ensure an answer that never comes does not keep the others down.
func TestReviver_LostAnswer(t *testing.T) {
	var r controller.Reviver
	p := revivePolicy("calm")
	p.ReviveAfter = 0
	fell(&r, controller.ID{}, p, []controller.Down{{Unit: "a.service", Startable: true, Since: 1}, {Unit: "b.service", Startable: true, Since: 2}})
	r.Step(sec)
	at, ok := r.Until()
	if unit, _ := r.Step(at); !ok || unit != "b.service" {
		t.Errorf("after a lost answer Step(%v) = %q, want b.service", at, unit)
	}
}
