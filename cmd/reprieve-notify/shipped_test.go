package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure systemd takes the user's unit without a word.
func TestUnit(t *testing.T) {
	text, err := os.ReadFile("../../configs/systemd/user/reprieve-notify.service")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "reprieve-notify.service")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/bin/reprieve-notify", "/bin/true")), 0o644); err != nil {
		t.Fatal(err)
	}
	verify := exec.Command("systemd-analyze", "--user", "verify", "--man=no", path)
	verify.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "HOME="+t.TempDir())
	if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze --user verify: %v (it is in the Debian package systemd)\n%s", err, out)
	}
}

// Ensure the program says how it is called, and what is wrong with a call.
func TestRun(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		out  string
		err  string
	}{
		{[]string{"-version"}, 0, "reprieve-notify ", ""},
		{[]string{"-help"}, 0, "", "usage: reprieve-notify"},
		{[]string{"-nonsense"}, 2, "", "usage: reprieve-notify"},
		{[]string{"now"}, 2, "", `unexpected argument "now"`},
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), tt.args, &stdout, &stderr)
		if code != tt.code || !strings.Contains(stdout.String(), tt.out) || !strings.Contains(stderr.String(), tt.err) {
			t.Errorf("run(%q) = %d, %q, %q, want %d, %q, %q", tt.args, code, stdout.String(), stderr.String(), tt.code, tt.out, tt.err)
		}
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	var stderr strings.Builder
	if code := run(t.Context(), nil, &stderr, &stderr); code != 1 || !strings.Contains(stderr.String(), "<3>system bus: ") {
		t.Errorf("run() without a bus = %d, %q, want 1 and why", code, stderr.String())
	}
}
