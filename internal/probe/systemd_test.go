package probe

import (
	"errors"
	"testing"
)

// Ensure a host is told by its PID 1, its version where one is to be seen, and its users' managers.
func TestSystemd(t *testing.T) {
	whole := map[string]string{
		"run/systemd/system/": "", "usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so": "", "run/user/1000/systemd/private": "", "run/user/0/systemd/private": "",
	}
	private := Connection{Via: "private"}
	compare(t, []looked{
		{"whole", whole, "good systemd, good connection, good user managers", []string{"systemd 257", "2, whose"}},
		{"a distribution's version", map[string]string{"run/systemd/system/": "", "usr/lib64/systemd/libsystemd-shared-257.9-1.fc42.so": ""},
			"good systemd, good connection", []string{"systemd 257.9"}},
		{"two versions", with(whole, "lib/systemd/libsystemd-shared-256.so", ""), "good systemd, good connection, good user managers", []string{"PID 1 is systemd"}},
		{"no users", with(whole, "run/user/1000/systemd/private", "-", "run/user/0/systemd/private", "-", "run/user/", ""), "good systemd, good connection", nil},
		{"a user without a manager", with(whole, "run/user/1001/bus", ""), "good systemd, good connection, note user managers *", []string{"user@1001.service"}},
		{"another init", map[string]string{"proc/1/comm": "runit\n"}, "bad systemd *", []string{`"runit"`}},
		{"nothing to be seen", map[string]string{}, "bad systemd *", []string{`"unknown"`}},
	}, func(p Places) []Finding { return Systemd(p, private, true) })
}

// Ensure a missing connection is bad for root alone, who could have one.
func TestReached(t *testing.T) {
	refused := errors.New("permission denied")
	for _, tt := range []struct {
		c    Connection
		root bool
		want string
	}{
		{Connection{Via: "private"}, true, "good connection"},
		{Connection{Via: "bus"}, true, "note connection *"},
		{Connection{Via: "bus"}, false, "good connection"},
		{Connection{Err: refused}, true, "bad connection *"},
		{Connection{Err: refused}, false, "note connection *"},
	} {
		got := []Finding{reached(tt.c, tt.root)}
		if short(got) != tt.want || tt.c.Err != nil && !says(got, "permission denied") {
			t.Errorf("reached(%+v, %v) = %+v, want %s", tt.c, tt.root, got, tt.want)
		}
	}
}

// Ensure each other killer is named with what ends the quarrel, and that silence is not taken for none.
func TestKillers(t *testing.T) {
	for _, tt := range []struct {
		active []string
		seen   bool
		want   string
		word   string
	}{
		{nil, true, "good other killers", "no other"},
		{nil, false, "note other killers", "could not be asked"},
		{[]string{"systemd-oomd.service", "earlyoom.service"}, true, "note other killers *, note other killers *", "disable --now earlyoom.service"},
		{[]string{"systemd-oomd.service"}, true, "note other killers *", "ManagedOOMMemoryPressure=auto"},
	} {
		if got := Killers(tt.active, tt.seen); short(got) != tt.want || !says(got, tt.word) {
			t.Errorf("Killers(%q, %v) = %+v, want %s with %q", tt.active, tt.seen, got, tt.want, tt.word)
		}
	}
}
