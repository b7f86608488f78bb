package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure wrong use and bad configuration end with their codes and say what to
// do, before anything of the host is touched.
func TestRun(t *testing.T) {
	bad := t.TempDir()
	if err := os.Mkdir(filepath.Join(bad, "slices"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(bad, "slices", "a.slice.toml")
	if err := os.WriteFile(file, []byte("[hold]\ndelay = \"soon\"\n[stop]\npick = \"nobody\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr []string
	}{
		{"version", []string{"-version"}, exitOK, "reprieved ", nil},
		{"help", []string{"-h"}, exitOK, "", []string{"usage: reprieved", "-release"}},
		{"unknown option", []string{"-kill"}, exitUsage, "", []string{"-kill", "usage: reprieved"}},
		{"argument", []string{"now"}, exitUsage, "", []string{`unexpected argument "now"`}},
		{"bad configuration, all of it", []string{"-config", bad}, exitConfig, "", []string{
			file + ":2: hold.delay", `"soon"`, file + ":4: stop.pick", "largest", "reprievectl check",
		}},
	} {
		var stdout, stderr bytes.Buffer
		if got := run(tt.args, &stdout, &stderr); got != tt.code {
			t.Errorf("%s: run(%q) = %d, want %d; %s", tt.name, tt.args, got, tt.code, &stderr)
		}
		if !strings.HasPrefix(stdout.String(), tt.stdout) {
			t.Errorf("%s: stdout %q, want it to begin with %q", tt.name, &stdout, tt.stdout)
		}
		for _, want := range tt.stderr {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%s: stderr %q, want %q in it", tt.name, &stderr, want)
			}
		}
	}
}
