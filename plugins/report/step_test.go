package report

import (
	"errors"
	"testing"
	"time"

	"reprieve/configs"
	"reprieve/controller"
)

// Ensure each step of the ladder has its words, done, only considered, or failed, and its field.
func TestMessage_Step(t *testing.T) {
	kill := configs.Step{By: "signal", Unit: "x.service", Signal: "SIGUSR1", To: "main", Delay: 2 * time.Second}
	all := kill
	all.Unit, all.To = "x.scope", "all"
	start := configs.Step{By: "start", Unit: "flush.service", Delay: 3 * time.Second}
	lend := configs.Step{By: "raise", Unit: "batch.slice"}
	gone := errors.New("no such unit")
	for _, tt := range []struct {
		step                configs.Step
		err                 error
		done, would, fields string
	}{
		{kill, nil, "SIGUSR1 is sent to x.service (main process); it has 2s", "would send SIGUSR1 to x.service (main process); it would have 2s", "signal x.service SIGUSR1 main"},
		{all, nil, "SIGUSR1 is sent to x.scope (all processes); it has 2s", "would send SIGUSR1 to x.scope (all processes); it would have 2s", "signal x.scope SIGUSR1 all"},
		{kill, gone, "cannot send SIGUSR1 to x.service: no such unit", "cannot send SIGUSR1 to x.service: no such unit", "signal x.service SIGUSR1 main"},
		{start, nil, "flush.service is started; it has 3s", "would start flush.service; it would have 3s", "start flush.service"},
		{start, gone, "cannot start flush.service: no such unit", "cannot start flush.service: no such unit", "start flush.service"},
		{
			lend, controller.ErrNoRoom, "nothing is lent to batch.slice: the host would be below its floor",
			"nothing would be lent to batch.slice: the host would be below its floor", "raise batch.slice",
		},
	} {
		n := controller.Note{Kind: controller.NoteStep, Slice: "batch.slice", Unit: tt.step.Unit, Rung: tt.step, Err: tt.err, Breach: controller.Breach{By: "max", Rise: 1}}
		if got := Message(n); got != tt.done {
			t.Errorf("Message(%+v)\n got %q\nwant %q", tt.step, got, tt.done)
		}
		if got := stepField(n); got != tt.fields {
			t.Errorf("stepField(%+v) = %q, want %q", tt.step, got, tt.fields)
		}
		reason, urgency := "max in memory.events rose by 1", priorityInfo
		if tt.err != nil {
			reason, urgency = tt.err.Error(), priorityWarning
		}
		if got := Reason(n); got != reason {
			t.Errorf("Reason(%+v, %v) = %q, want %q", tt.step, tt.err, got, reason)
		}
		if got := priorityOf(n); got != urgency {
			t.Errorf("priorityOf(%+v, %v) = %s, want %s", tt.step, tt.err, got, urgency)
		}
		n.Observe = true
		if got := Message(n); got != tt.would {
			t.Errorf("Message(%+v, observe)\n got %q\nwant %q", tt.step, got, tt.would)
		}
	}
}
