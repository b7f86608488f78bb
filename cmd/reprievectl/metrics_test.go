package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure metrics are written to stdout or to a file, the same ones.
func TestMetrics(t *testing.T) {
	from := (&scripted{status: episode()}).listen(t)
	var stdout, stderr bytes.Buffer
	if code := metricsAt(nil, &stdout, &stderr, from); code != exitOK || stderr.Len() > 0 {
		t.Errorf("metricsAt() = %d, %q", code, stderr.String())
	}
	for _, want := range []string{
		"\nreprieve_up 1\n", "\nreprieve_held_groups{slice=\"batch.slice\"} 2\n", "\nreprieve_stall_seconds_total{slice=\"batch.slice\",kind=\"full\"} 0.418\n",
		"\nreprieve_stall_seconds_total{slice=\"-.slice\",kind=\"some\"} 0.005021\n", "\nreprieve_slice_phase{slice=\"system.slice\",phase=\"stopping\"} 1\n",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in\n%s", want, stdout.String())
		}
	}
	file := filepath.Join(t.TempDir(), "reprieve.prom")
	if code := metricsAt([]string{"--output", file}, &stderr, &stderr, from); code != exitOK || stderr.Len() > 0 {
		t.Errorf("metricsAt(--output) = %d, %q", code, stderr.String())
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, stdout.Bytes()) {
		t.Errorf("the file differs from stdout: %v\n%s", err, got)
	}
}

// Ensure Prometheus' own checker has nothing to say of what is printed, with a daemon and without.
func TestMetrics_Promtool(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("promtool is missing: what Prometheus says of reprievectl metrics is not tested; it is in Debian's package promtool, of Debian 12 in prometheus")
	}
	for name, from := range map[string]source{"up": (&scripted{status: episode()}).listen(t), "down": quietHost(t)} {
		var stdout, stderr bytes.Buffer
		if code := metricsAt(nil, &stdout, &stderr, from); code != exitOK {
			t.Fatalf("%s: metricsAt() = %d, %q", name, code, stderr.String())
		}
		cmd := exec.Command("promtool", "check", "metrics")
		cmd.Stdin = &stdout
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: promtool check metrics: %q, %v, want nothing", name, out, err)
		}
	}
}

// Ensure a daemon that does not run is a metric, and a file that cannot be written an error.
func TestMetrics_Inactive(t *testing.T) {
	from := quietHost(t)
	var stdout, stderr bytes.Buffer
	if code := metricsAt(nil, &stdout, &stderr, from); code != exitOK || !strings.HasSuffix(stdout.String(), "\nreprieve_up 0\n") {
		t.Errorf("metricsAt() = %d, %q, want reprieve_up 0", code, stdout.String())
	}
	code := metricsAt([]string{"--output=/nonexistent/x.prom"}, &stdout, &stderr, from)
	if want := "reprievectl metrics: make the file beside /nonexistent/x.prom: "; code != exitFindings || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("metricsAt(--output) = %d, %q, want %q", code, stderr.String(), want)
	}
}
