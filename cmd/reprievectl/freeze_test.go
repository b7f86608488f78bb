package main

import (
	"bytes"
	"testing"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/units"
)

// Ensure a check can warn of a freeze where logins, the bus or the daemon run, and nowhere else.
func TestWarnFrozen(t *testing.T) {
	const by = "by = \"freeze\"\n"
	const steps = "[[hold.step]]\nby = \"none\"\ndelay = \"1s\"\n[[hold.step]]\nby = \"freeze\"\ndelay = \"1s\"\n"
	const warning = ": freeze stops everything in it, logins and the bus as well: "
	user := []string{"user.slice/user-1000.slice/user@1000.service/app.slice/x.service", "user.slice/user-1000.slice/session-2.scope"}
	for _, tt := range []struct {
		name, slice, hold string
		groups            []string
		want              string
	}{
		{"logins", "user.slice", by, user, "warning: user.slice" + warning + "session-2.scope, user@1000.service\n"},
		{"a step", "user-1000.slice", steps, user, "warning: user-1000.slice" + warning + "session-2.scope, user@1000.service\n"},
		{"the bus and the daemon", "system.slice", by,
			[]string{"system.slice/dbus-broker.service", "system.slice/system-x.slice/reprieved.service", "system.slice/cron.service"},
			"warning: system.slice" + warning + "dbus-broker.service, reprieved.service\n"},
		{"the host", "-.slice", by, []string{"system.slice/dbus.service"}, "warning: -.slice" + warning + "dbus.service\n"},
		{"many", "user.slice", by, []string{"user.slice/user-1.slice/session-1.scope", "user.slice/user-1.slice/session-2.scope",
			"user.slice/user-1.slice/session-3.scope", "user.slice/user-1.slice/session-4.scope", "user.slice/session.slice"},
			"warning: user.slice" + warning + "session-1.scope, session-2.scope, session-3.scope and 2 more\n"},
		{"batch work", "batch.slice", by, []string{"batch.slice/x.service", "system.slice/dbus.service"}, ""},
		{"no freeze", "user.slice", "by = \"throttle\"\n", user, ""},
		{"no time for it", "user.slice", by + "delay = \"0\"\n", user, ""},
		{"steps without it", "user.slice", "[[hold.step]]\nby = \"none\"\ndelay = \"1s\"\n", user, ""},
		{"a slice that is not there", "missing.slice", by, user, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at := host(t, tt.groups...)
			files := map[string]string{"slices/" + tt.slice + ".toml": "pressure.full = \"20%\"\n[hold]\n" + tt.hold}
			set, err := configs.Load(configs.Options{Dirs: []string{written(t, files)}})
			if err != nil {
				t.Fatal(err)
			}
			tree, err := memcg.OpenTree(at.mount, units.IsSlice)
			if err != nil {
				t.Fatal(err)
			}
			defer tree.Close()
			var stdout bytes.Buffer
			warnFrozen(&stdout, set, tree.Root)
			if got := stdout.String(); got != tt.want {
				t.Errorf("warnFrozen = %q, want %q", got, tt.want)
			}
		})
	}
}

// Ensure the warning needs nobody who may be stopped, and no systemd to ask.
func TestWarn_Frozen(t *testing.T) {
	at := host(t, "user.slice/user-1000.slice/user@1000.service")
	files := map[string]string{"slices/user.slice.toml": "pressure.full = \"20%\"\nhold.by = \"freeze\"\n"}
	set, err := configs.Load(configs.Options{Dirs: []string{written(t, files)}})
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	warn(&stdout, &stderr, set, at)
	want := "warning: user.slice: freeze stops everything in it, logins and the bus as well: user@1000.service\n"
	if stdout.String() != want || stderr.Len() > 0 {
		t.Errorf("warn: stdout %q, stderr %q, want %q, none", stdout.String(), stderr.String(), want)
	}
}
