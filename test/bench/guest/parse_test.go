package guest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/test/bench/plan"
)

// Ensure numbers are found by their name in the forms that /proc and the cgroups have.
func TestField(t *testing.T) {
	const text = "MemTotal:        1004320 kB\nMemAvailable:     791036 kB\nusage_usec 19016\nvoluntary_ctxt_switches:\t67\nnonvoluntary_ctxt_switches:\t3\nName:\tx\n"
	for _, tt := range []struct {
		name string
		want int64
		ok   bool
	}{
		{"MemAvailable", 791036, true}, {"usage_usec", 19016, true}, {"voluntary_ctxt_switches", 67, true}, {"nonvoluntary_ctxt_switches", 3, true},
		{"Name", 0, false}, {"Mem", 0, false}, {"oom_kill", 0, false},
	} {
		if got, ok := field(text, tt.name); got != tt.want || ok != tt.ok {
			t.Errorf("field(%q) = %d, %t, want %d, %t", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

// Ensure only services with a process count, and those that are gone or another process have died.
func TestServices(t *testing.T) {
	before := parseServices("MainPID=154\nId=dbus.service\n\nMainPID=0\nId=guest.service\n\nId=keeper.service\nMainPID=400\n\nMainPID=7\nId=journald.service")
	want := services{"dbus.service": "154", "keeper.service": "400", "journald.service": "7"}
	if diff := cmp.Diff(want, before); diff != "" {
		t.Errorf("parseServices: -want +got:\n%s", diff)
	}
	after := services{"dbus.service": "154", "journald.service": "8", "new.service": "9"}
	if diff := cmp.Diff([]string{"journald.service", "keeper.service"}, before.died(after)); diff != "" {
		t.Errorf("died: -want +got:\n%s", diff)
	}
}

// Ensure a peer's shipped configuration is changed where it was meant to be, and one that is another than expected is refused.
func TestShippedIsChanged(t *testing.T) {
	got, err := assign("# a comment with max_sleep\nmax_sleep = 3\n\npsi_path = /x\n", []string{"max_sleep", "0.1"})
	if want := "# a comment with max_sleep\nmax_sleep = 0.1\n\npsi_path = /x\n"; err != nil || got != want {
		t.Errorf("assign = %q, %v, want %q", got, err, want)
	}
	if got, err := assign("min_sleep = 3\n", []string{"max_sleep", "0.1"}); err == nil {
		t.Errorf("assign of a key that is not there = %q, want an error", got)
	}
	got, err = replace(`{"cgroup": "user.slice"}`, `"user.slice"`, `"bench.slice"`)
	if want := `{"cgroup": "bench.slice"}`; err != nil || got != want {
		t.Errorf("replace = %q, %v, want %q", got, err, want)
	}
	if got, err := replace("{}", "user.slice", "bench.slice"); err == nil {
		t.Errorf("replace of what is not there = %q, want an error", got)
	}
}

// Ensure every load and every controller that can be asked for is there.
func TestAllAreThere(t *testing.T) {
	for _, name := range plan.Loads() {
		if l, err := loadOf(name); err != nil || l.command == "" || l.most == 0 {
			t.Errorf("loadOf(%q) = %+v, %v, want a load", name, l, err)
		}
	}
	for _, name := range plan.Controllers("bookworm") {
		if c, err := controllerOf(name); err != nil || c.files == nil || (c.unit == "") != (name == "kernel") {
			t.Errorf("controllerOf(%q) = unit %q, %v, want a controller", name, c.unit, err)
		}
	}
	if _, err := loadOf("flood"); err == nil {
		t.Error("loadOf(flood) = no error, want one")
	}
	if _, err := controllerOf("nobody"); err == nil {
		t.Error("controllerOf(nobody) = no error, want one")
	}
}
