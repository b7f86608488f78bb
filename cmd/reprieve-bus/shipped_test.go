package main

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/internal/reprieve1"
)

const configs = "../../configs/"

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// staged copies a unit to where systemd-analyze can judge it, with a program that is there on every host.
func staged(t *testing.T, unit, program string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(unit))
	text := strings.ReplaceAll(read(t, configs+unit), program, "/bin/true")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Ensure systemd takes the unit without a word, and finds its sandbox as tight as it was made.
func TestUnit(t *testing.T) {
	path := staged(t, "systemd/reprieve-bus.service", "/usr/sbin/reprieve-bus")
	if out, err := exec.Command("systemd-analyze", "verify", "--man=no", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v (it is in the Debian package systemd)\n%s", err, out)
	}
	// The threshold is in tenths.
	if out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", path).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v, want an exposure of at most 2.0\n%s", err, out)
	}
}

// Ensure the files for the bus and for polkit name what the program does.
func TestShipped(t *testing.T) {
	unit, service := read(t, configs+"systemd/reprieve-bus.service"), read(t, configs+"dbus/org.reprieve1.service")
	for text, lines := range map[string][]string{
		unit:    {"Type=dbus", "BusName=" + reprieve1.Name},
		service: {"Name=" + reprieve1.Name, "SystemdService=reprieve-bus.service", "User=root"},
	} {
		for _, line := range lines {
			if !strings.Contains(text, "\n"+line+"\n") {
				t.Errorf("no line %q in\n%s", line, text)
			}
		}
	}
	var policy struct {
		Actions []struct {
			ID       string `xml:"id,attr"`
			Message  string `xml:"message"`
			Defaults struct {
				Any      string `xml:"allow_any"`
				Inactive string `xml:"allow_inactive"`
				Active   string `xml:"allow_active"`
			} `xml:"defaults"`
		} `xml:"action"`
	}
	if err := xml.Unmarshal([]byte(read(t, configs+"dbus/org.reprieve1.policy")), &policy); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range policy.Actions {
		got = append(got, a.ID)
		if d := a.Defaults; d.Any != "auth_admin" || d.Inactive != "auth_admin" || d.Active != "auth_admin_keep" || a.Message == "" {
			t.Errorf("%s: %+v, want an administrator asked always", a.ID, a)
		}
	}
	if diff := cmp.Diff([]string{reprieve1.ActionPause, reprieve1.ActionRelease}, got); diff != "" {
		t.Errorf("actions: -want +got\n%s", diff)
	}
}

// Ensure the document tells of each method, property, signal, error and action, and each argument of a signal, and of no other.
func TestDocument(t *testing.T) {
	text := read(t, "../../docs/dbus.md")
	want := map[string]bool{}
	for _, i := range description().Interfaces {
		if i.Name != reprieve1.Interface {
			continue
		}
		for _, m := range i.Methods {
			want[m.Name] = true
		}
		for _, p := range i.Properties {
			want[p.Name] = true
		}
		for _, s := range i.Signals {
			want[s.Name] = true
		}
	}
	for _, a := range reprieve1.EventArgs() {
		want[a.Name] = true
	}
	for _, name := range []string{reprieve1.ActionPause, reprieve1.ActionRelease, reprieve1.ErrorNoDaemon, reprieve1.ErrorNoSuchSlice, reprieve1.ErrorFailed} {
		want[name] = true
	}
	got := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)^\\| `([\\w.]+)`?").FindAllStringSubmatch(text, -1) {
		if name := match[1]; !strings.HasPrefix(name, "org.freedesktop.") {
			got[name] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/dbus.md: -there are +the tables have\n%s", diff)
	}
}
