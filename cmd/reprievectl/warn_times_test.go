package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units/unitstest"
)

// answering is a systemd that knows the properties given, by unit and INTERFACE.PROPERTY, and which units are active.
type answering struct {
	active     []string
	properties map[string]any // "x.service Service.WatchdogUSec"
	refuses    string         // the property that it does not tell
}

func (a *answering) handle(method string, args []any) ([]any, error) {
	if method != "Get" {
		s := &systemd{dependents: map[string][]string{}}
		for _, unit := range a.active {
			s.dependents[unit] = nil
		}
		return s.handle(method, args)
	}
	name := strings.TrimPrefix(args[1].(string), "org.freedesktop.systemd1.") + "." + args[2].(string)
	v, ok := a.properties[fmt.Sprint(args[0], " ", name)]
	switch {
	case name == "Service.Restart":
		return unitstest.Property("no"), nil
	case a.refuses == args[2]:
		return nil, unitstest.Error{Name: "org.freedesktop.DBus.Error.AccessDenied", Message: "Denied."}
	case !ok:
		return nil, unitstest.Error{Name: "org.freedesktop.DBus.Error.UnknownProperty", Message: "Unknown property."}
	}
	return unitstest.Property(v), nil
}

// heard is what warn says of a host whose systemd answers so.
func heard(t *testing.T, a *answering, conf map[string]string, groups ...string) string {
	t.Helper()
	set, dir := configured(t, conf)
	at := host(t, groups...)
	unitstest.Serve(t, at.systemd.PrivateSocket, a.handle)
	var stdout, stderr bytes.Buffer
	warn(&stdout, &stderr, set, at)
	if stderr.Len() > 0 {
		t.Errorf("warn: stderr %q, want none", stderr.String())
	}
	return strings.ReplaceAll(stdout.String(), dir, "DIR")
}

// usec is a time as systemd tells it.
func usec(d time.Duration) uint64 { return uint64(d.Microseconds()) }

// Ensure a hold that may outlast the time that systemd gives a unit is told, with the unit's time and the key of the delay.
func TestWarnTimes(t *testing.T) {
	const infinity = uint64(math.MaxUint64)
	properties := map[string]any{
		"a.service Unit.JobTimeoutUSec": infinity, "a.service Service.TimeoutStartUSec": usec(90 * time.Second),
		"a.service Service.RuntimeMaxUSec": infinity, "a.service Service.WatchdogUSec": usec(5 * time.Second),
		"b.scope Unit.JobTimeoutUSec": infinity, "b.scope Scope.RuntimeMaxUSec": usec(time.Minute), "b.scope Service.TimeoutStartUSec": usec(time.Second),
		"c.service Unit.JobTimeoutUSec": usec(30 * time.Second), "c.service Service.TimeoutStartUSec": infinity,
		"c.service Service.WatchdogUSec": uint64(0), "c.service Service.RuntimeMaxUSec": "ten",
		"d.service Service.TimeoutStartUSec": usec(80 * time.Second),
	}
	groups := []string{"batch.slice/a.service", "batch.slice/b.scope", "batch.slice/c.service", "batch.slice/d.service", "other.slice/a.service"}
	const said = "warning: batch.slice: a hold may last %s, longer than systemd gives %s: who is held meanwhile fails for it; %s, or the time of the unit\n"
	for _, tt := range []struct{ name, hold, want string }{
		{"default", "", ""},
		{"as long as the shortest", "[hold]\ndelay = \"30s\"\n", ""},
		{"longer than the shortest", "[hold]\ndelay = \"31s\"\n",
			fmt.Sprintf(said, "31s", "c.service (JobTimeoutSec=30s)", "DIR/slices/batch.slice.toml:3: hold.delay")},
		{"longer than all", "[hold]\ndelay = \"2m\"\n",
			fmt.Sprintf(said, "2m", "a.service (TimeoutStartSec=1m30s), b.scope (RuntimeMaxSec=1m), c.service (JobTimeoutSec=30s) and 1 more",
				"DIR/slices/batch.slice.toml:3: hold.delay")},
		{"a watchdog is for who is frozen", "[hold]\nby = \"freeze\"\ndelay = \"10s\"\n",
			fmt.Sprintf(said, "10s", "a.service (WatchdogSec=5s)", "DIR/slices/batch.slice.toml:4: hold.delay")},
		{"a ladder", "[[hold.step]]\nby = \"throttle\"\ndelay = \"40s\"\n",
			fmt.Sprintf(said, "40s", "c.service (JobTimeoutSec=30s)", "DIR/slices/batch.slice.toml:2: hold.step")},
		{"nobody is held", "[hold]\nby = \"none\"\ndelay = \"2m\"\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conf := map[string]string{"slices/batch.slice.toml": "pressure.full = \"20%\"\n" + tt.hold}
			if diff := cmp.Diff(tt.want, heard(t, &answering{properties: properties}, conf, groups...)); diff != "" {
				t.Errorf("warn, -want +got\n%s", diff)
			}
		})
	}
}

// Ensure other killers are told with what ends them, and systemd-oomd by the slices in which both would kill.
func TestWarnKillers(t *testing.T) {
	const (
		pressure = "Slice.ManagedOOMMemoryPressure"
		swap     = "Slice.ManagedOOMSwap"
		early    = "warning: earlyoom.service is active: another memory killer that watches the same groups takes the stall of a hold for pressure; " +
			"systemctl disable --now earlyoom.service\n"
		unknown = "warning: systemd-oomd.service is active: another memory killer that watches the same groups takes the stall of a hold for pressure; " +
			"systemctl disable --now systemd-oomd.service\n"
		apart = "note: systemd-oomd.service is active; it is told to kill in none of the watched slices, nor above them or in slices below\n"
		meets = "warning: user.slice: systemd-oomd.service is active, kills there as well (%[1]s=kill of %[2]s), and takes the stall of a hold for pressure; " +
			"%[1]s=auto by systemctl edit %[2]s, or DIR/slices/user.slice.toml:1: pressure\n"
	)
	conf := map[string]string{"slices/user.slice.toml": "pressure.full = \"20%\"\n"}
	groups := []string{"user.slice/user-1000.slice/user@1000.service/app.slice", "user.slice/user-1000.slice/session-1.scope", "batch.slice/x.service"}
	for _, tt := range []struct {
		name       string
		active     []string
		properties map[string]any
		refuses    string
		want       string
	}{
		{"nobody", nil, nil, "", ""},
		{"earlyoom", []string{"earlyoom.service"}, nil, "", early},
		{"systemd-oomd elsewhere", []string{oomd}, map[string]any{"user.slice " + swap: "auto", "batch.slice " + pressure: "kill"}, "", apart},
		{"systemd-oomd above and below", []string{oomd, "earlyoom.service"}, map[string]any{
			"-.slice " + swap: "kill", "user.slice " + pressure: "auto", "user-1000.slice " + pressure: "kill",
			"user@1000.service Service.ManagedOOMMemoryPressure": "kill",
		}, "", fmt.Sprintf(meets, "ManagedOOMSwap", "-.slice") + fmt.Sprintf(meets, "ManagedOOMMemoryPressure", "user-1000.slice") +
			fmt.Sprintf(meets, "ManagedOOMMemoryPressure", "user@1000.service") + early},
		{"a systemd that does not tell", []string{oomd}, nil, "ManagedOOMSwap", unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := heard(t, &answering{active: tt.active, properties: tt.properties, refuses: tt.refuses}, conf, groups...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("warn, -want +got\n%s", diff)
			}
		})
	}
}

// Ensure a systemd that stops to answer in the middle is told, and that nothing waits for it without end.
func TestWarnTimes_Silent(t *testing.T) {
	t.Parallel()
	a := &answering{}
	set, _ := configured(t, map[string]string{"slices/batch.slice.toml": "pressure.full = \"20%\"\n"})
	at := host(t, "batch.slice/a.service")
	unitstest.Serve(t, at.systemd.PrivateSocket, func(method string, args []any) ([]any, error) {
		if method == "Get" && args[2] == "JobTimeoutUSec" {
			return nil, unitstest.ErrNoReply
		}
		return a.handle(method, args)
	})
	var stdout, stderr bytes.Buffer
	warn(&stdout, &stderr, set, at)
	if want := "systemd does not answer in time, times of units are not all looked for\n"; stdout.Len() > 0 || stderr.String() != want {
		t.Errorf("warn: stdout %q, stderr %q, want none, %q", stdout.String(), stderr.String(), want)
	}
}
