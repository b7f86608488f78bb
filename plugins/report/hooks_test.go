package report

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"reprieve/controller"
)

// Ensure those who listen are told apart: who answered, who was too late, who failed, and who was not asked.
func TestMessage_Hooks(t *testing.T) {
	const dir = "/run/reprieve/hooks/"
	saver := controller.HookAnswer{Name: dir + "saver", Took: 4600 * time.Microsecond}
	quick := controller.HookAnswer{Name: dir + "quick", Took: 90 * time.Microsecond}
	slow := controller.HookAnswer{Name: dir + "slow", Took: time.Second, Err: fmt.Errorf("%sslow: read: %w", dir, context.DeadlineExceeded)}
	wrong := controller.HookAnswer{Name: dir + "wrong", Took: time.Millisecond, Err: errors.New("org.varlink.service.MethodNotFound")}
	refused := controller.HookAnswer{Name: dir + "loose", Err: errors.New(dir + "loose: not asked: mode 0777")}
	const head = "told that app.scope of user 1000 is about to be stopped: "
	for _, tt := range []struct {
		hooks                []controller.HookAnswer
		want, field, urgency string
	}{
		{[]controller.HookAnswer{saver}, "1 was " + head + "saver answered in 5ms", dir + "saver 5ms", priorityInfo},
		{
			[]controller.HookAnswer{saver, slow}, "2 were " + head + "slow did not answer in 1s, saver answered in 5ms",
			dir + "saver 5ms; " + dir + "slow no answer", priorityWarning,
		},
		{
			[]controller.HookAnswer{refused, wrong}, "1 was " + head + dir + "loose: not asked: mode 0777, wrong: org.varlink.service.MethodNotFound",
			dir + "loose not asked; " + dir + "wrong failed", priorityWarning,
		},
		{[]controller.HookAnswer{refused}, "nobody was " + head + dir + "loose: not asked: mode 0777", dir + "loose not asked", priorityWarning},
		{
			[]controller.HookAnswer{quick, saver, quick, saver, slow}, "5 were " + head + "slow did not answer in 1s, quick answered in 1ms, saver answered in 5ms and 2 more",
			dir + "quick 1ms; " + dir + "saver 5ms; " + dir + "quick 1ms; " + dir + "saver 5ms; " + dir + "slow no answer", priorityWarning,
		},
	} {
		n := controller.Note{Kind: controller.NoteHooks, Unit: "app.scope", User: true, UID: 1000, Hooks: tt.hooks, Took: time.Second}
		if got := Message(n); got != tt.want {
			t.Errorf("Message(hooks)\n got %q\nwant %q", got, tt.want)
		}
		if got := hooksField(n); got != tt.field {
			t.Errorf("hooksField() = %q, want %q", got, tt.field)
		}
		if got := priorityOf(n); got != tt.urgency {
			t.Errorf("priorityOf(%q) = %s, want %s", tt.field, got, tt.urgency)
		}
	}
}
