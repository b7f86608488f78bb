package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// units copies the units of the metrics into a directory, with programs that are there on every host.
func units(t *testing.T) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"reprieve-exporter.service", "reprieve-exporter.socket", "reprieve-metrics.service", "reprieve-metrics.timer"} {
		text, err := os.ReadFile(filepath.Join("../../configs/systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.NewReplacer("/usr/bin/reprieve-exporter", "/bin/true", "/usr/bin/reprievectl", "/bin/true").Replace(string(text))
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(plain), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	return dir, files
}

// Ensure systemd takes the units without a word, and finds their sandboxes as tight as they were made.
func TestUnits(t *testing.T) {
	dir, files := units(t)
	verify := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, files...)...)
	if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v (it is in the Debian package systemd)\n%s", err, out)
	}
	for _, service := range []string{"reprieve-exporter.service", "reprieve-metrics.service"} {
		// The threshold is in tenths.
		security := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", filepath.Join(dir, service))
		if out, err := security.CombinedOutput(); err != nil {
			t.Errorf("systemd-analyze security %s: %v, want an exposure of at most 2.0\n%s", service, err, out)
		}
	}
}
