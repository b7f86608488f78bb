package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reprieve/configs"
	"reprieve/units"
	"reprieve/units/unitstest"
)

// managingSystemd is a systemd whose a.slice, user.slice and v.service have ManagedOOMMemoryPressure=kill, and a.slice a limit of 25%.
func managingSystemd(t *testing.T, oomd string) units.Options {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "private")
	unitstest.Serve(t, socket, func(method string, args []any) ([]any, error) {
		if method == "ListUnitsByPatterns" {
			return unitstest.Listed(map[string]string{
				"a.slice": "active", "b.slice": "active", "user.slice": "active", "v.service": "active", "systemd-oomd.service": oomd,
			}), nil
		}
		if method != "Get" {
			return nil, fmt.Errorf("unexpected %s %v", method, args)
		}
		kill := args[0] != "b.slice"
		switch args[2] {
		case "ManagedOOMMemoryPressure":
			return unitstest.Property(map[bool]string{true: "kill", false: "auto"}[kill]), nil
		case "ManagedOOMMemoryPressureLimit":
			return unitstest.Property(map[bool]uint32{true: 1 << 30}[args[0] == "a.slice"]), nil
		case "ManagedOOMMemoryPressureDurationUSec":
			return nil, unitstest.Error{Name: "org.freedesktop.DBus.Error.UnknownProperty", Message: "Unknown property or interface."}
		}
		return unitstest.Property("auto"), nil
	})
	return units.Options{PrivateSocket: socket, BusSocket: filepath.Join(t.TempDir(), "nobody")}
}

// Ensure explain shows what a slice has from its unit, and why it has nothing of it, without a daemon.
func TestExplain_ManagedOOM(t *testing.T) {
	nobody := filepath.Join(t.TempDir(), "nobody")
	for _, tt := range []struct {
		name    string
		slice   string
		systemd units.Options
		key     string
		want    []string
		not     string
	}{
		{"taken", "a.slice", managingSystemd(t, "inactive"), "true", []string{
			"a.slice is watched: ManagedOOMMemoryPressure=kill of a.slice has it so, taken from its unit (managed_oom, etc/reprieve.toml:2).",
			"pressure.full 25% ManagedOOMMemoryPressureLimit= of a.slice", "hold.delay 30s ManagedOOMMemoryPressure=kill of a.slice",
			"stop.pick reclaim, largest ManagedOOMMemoryPressure=kill of a.slice", "hold.calm 2s default",
		}, "its files"},
		{"nothing said", "b.slice", managingSystemd(t, "inactive"), "true", []string{"b.slice is not watched"}, "unit"},
		{"a file goes before", "user.slice", managingSystemd(t, "inactive"), "true", []string{
			"user.slice is watched: [pressure] in lib/slices/user.slice.toml:",
			"systemd's units: its unit asks for it as well (managed_oom, etc/reprieve.toml:2), but user.slice is watched by [pressure] in",
		}, "ManagedOOMMemoryPressureLimit="},
		{"off", "a.slice", managingSystemd(t, "inactive"), "false", []string{"a.slice is not watched"}, "unit"},
		{"systemd-oomd", "a.slice", managingSystemd(t, "active"), "true", []string{
			"a.slice is not watched", "since systemd-oomd.service is active: systemctl mask --now systemd-oomd.service, or leave managed_oom off.",
		}, "ManagedOOMMemoryPressureLimit="},
		{"no systemd", "a.slice", units.Options{PrivateSocket: nobody, BusSocket: nobody}, "true", []string{
			"a.slice is not watched", "systemd does not answer, what its units say (managed_oom) is not known",
		}, "ManagedOOMMemoryPressureLimit="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, root := explainedHost(t, shippedConfig(t, map[string]string{"etc/reprieve.toml": "[compat]\nmanaged_oom = " + tt.key + "\n"}),
				map[string]string{"a.slice/memory.current": "4096\n", "b.slice/": "", "user.slice/": ""})
			at.systemd = tt.systemd
			got, stderr, code := tellExplain(t, at, root, tt.slice)
			got = strings.Join(strings.Fields(got), " ")
			if code != exitOK || stderr != "" {
				t.Errorf("code %d, stderr %q, want 0, nothing", code, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("it does not say %q:\n%s", want, got)
				}
			}
			settings, _, _ := strings.Cut(got, " WHAT ")
			if strings.Contains(settings, tt.not) {
				t.Errorf("it says %q:\n%s", tt.not, got)
			}
		})
	}
}

// Ensure check warns of what the units say in vain.
func TestManagedFound_Warnings(t *testing.T) {
	set, err := configs.Load(configs.Options{Dirs: []string{written(t, map[string]string{
		"reprieve.toml": "[compat]\nmanaged_oom = true\n", "slices/user.slice.toml": "[pressure]\nfull = \"10%\"\n",
	})}})
	if err != nil {
		t.Fatal(err)
	}
	for oomd, want := range map[string][]string{
		"inactive": {"warning: v.service is no slice, and", "note: user.slice is watched by [pressure] in"},
		"active":   {"warning: nothing is taken from systemd's units"},
	} {
		found, err := withManaged(set, managingSystemd(t, oomd))
		if err != nil {
			t.Fatal(err)
		}
		got := found.warnings()
		if len(got) != len(want) || slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(strings.Join(got, "\n"), w) }) {
			t.Errorf("with systemd-oomd %s: %q, want %q", oomd, got, want)
		}
		var b strings.Builder
		show(&b, found.set)
		if taken := strings.Contains(b.String(), "a.slice: watched; priority 100; breach at full 25% of 10s"); taken != (oomd == "inactive") {
			t.Errorf("with systemd-oomd %s a.slice is shown as watched: %v\n%s", oomd, taken, b.String())
		}
	}
}
