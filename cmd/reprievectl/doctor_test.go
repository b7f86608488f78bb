package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"reprieve/internal/control"
	"reprieve/internal/probe"
	"reprieve/internal/varlink"
	"reprieve/units"
	"reprieve/units/unitstest"
)

// ableHost is the files of a host that can do everything.
func ableHost() map[string]string {
	const stall = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
	const batch, own = "sys/fs/cgroup/batch.slice/", "sys/fs/cgroup/reprieve.slice/"
	return map[string]string{
		"proc/sys/kernel/osrelease": "6.12.43+deb13-amd64\n", "proc/cmdline": "quiet\n", "proc/pressure/memory": stall,
		"proc/self/mountinfo":                  "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n",
		"proc/swaps":                           "Filename\tType\tSize\tUsed\tPriority\n/dev/zram0 partition 4194304 0 100\n",
		"sys/fs/cgroup/cgroup.controllers":     "cpu io memory pids\n",
		"sys/fs/cgroup/cgroup.subtree_control": "cpu memory pids\n",
		batch + "cgroup.controllers":           "memory pids\n", batch + "memory.current": "4096\n", batch + "memory.high": "max\n",
		batch + "memory.pressure": stall, batch + "cgroup.pressure": "1\n", batch + "cgroup.kill": "", batch + "cgroup.freeze": "0\n",
		batch + "memory.oom.group": "0\n",
		own + "memory.min":         "33554432\n", own + "reprieved.service/memory.min": "33554432\n",
		"run/systemd/system/": "", "usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so": "", "run/user/1000/systemd/private": "",
		"etc/reprieve/slices/batch.slice.toml": "pressure.full = \"20%\"\n",
	}
}

// ableCalls are the system calls of a kernel that has them all.
func ableCalls() probe.Calls {
	return probe.Calls{Mrelease: func() error { return unix.EBADF }, Populate: func() error { return nil }}
}

// serviceFacts is what systemd answers about the daemon's service as shipped.
func serviceFacts() map[string]any {
	return map[string]any{
		"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled", "NeedDaemonReload": false,
		"LimitMEMLOCK": uint64(math.MaxUint64), "CapabilityBoundingSet": uint64(1 << unix.CAP_IPC_LOCK),
	}
}

// doctorHost is that host below a directory, with changes to its files ("-" takes one away), and no socket.
func doctorHost(t *testing.T, changes map[string]string) doctorPlaces {
	t.Helper()
	files := ableHost()
	maps.Copy(files, changes)
	maps.DeleteFunc(files, func(_, text string) bool { return text == "-" })
	root := written(t, files)
	return doctorPlaces{
		host:    probe.Places{Root: root},
		calls:   ableCalls(),
		systemd: units.Options{PrivateSocket: filepath.Join(root, "private"), BusSocket: filepath.Join(root, "bus")},
		control: filepath.Join(root, "control"), dirs: []string{filepath.Join(root, "etc/reprieve")}, root: true, bound: 10 * time.Second,
	}
}

// serveService has a systemd answer with facts about the service, and that the killers named are active.
func serveService(t *testing.T, at doctorPlaces, facts map[string]any, killers ...string) {
	t.Helper()
	unitstest.Serve(t, at.systemd.PrivateSocket, serviceAnswers(facts, killers...))
}

// serviceAnswers is what that systemd answers.
func serviceAnswers(facts map[string]any, killers ...string) unitstest.Handler {
	s := &systemd{dependents: map[string][]string{}}
	for _, k := range killers {
		s.dependents[k] = nil
	}
	return func(method string, args []any) ([]any, error) {
		if method == "Get" && args[0] == "reprieved.service" {
			return unitstest.Property(facts[args[2].(string)]), nil
		}
		return s.handle(method, args)
	}
}

// serveDaemon has a daemon answer with a status.
func serveDaemon(t *testing.T, at doctorPlaces, status control.Status) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: at.control})
	if err != nil {
		t.Fatal(err)
	}
	v := varlink.Serve(l, varlink.Service{Interfaces: []varlink.Interface{{Name: control.Interface, Methods: map[string]varlink.Method{
		"Status": func(context.Context, json.RawMessage) (any, error) { return status, nil },
	}}}})
	t.Cleanup(func() { v.Close() })
}

// Ensure an able host is told so, finding by finding, and that the sentences are those of the golden file.
func TestDoctor_Able(t *testing.T) {
	at := doctorHost(t, nil)
	serveService(t, at, serviceFacts())
	serveDaemon(t, at, control.Status{MemoryLocked: true})
	var stdout, stderr bytes.Buffer
	if code := doctorAt(nil, &stdout, &stderr, at); code != exitOK || stderr.Len() > 0 {
		t.Errorf("doctor exits with %d, stderr %q, want %d, none\n%s", code, stderr.String(), exitOK, stdout.String())
	}
	comparedDoctor(t, "able.txt", stdout.String())
}

// Ensure what is bad and what is only a note are told apart, each with what to do, and exit with 1 where anything is bad.
func TestDoctor_Unable(t *testing.T) {
	at := doctorHost(t, map[string]string{
		"proc/cmdline": "quiet psi=0\n", "proc/pressure/memory": "-", "proc/swaps": "Filename\tType\tSize\tUsed\tPriority\n",
		"sys/fs/cgroup/batch.slice/cgroup.kill": "-", "etc/reprieve/slices/batch.slice.toml": "pressure.full = \"20%\"\npressure.left = \"0\"\n",
	})
	facts := serviceFacts()
	facts["ActiveState"], facts["LimitMEMLOCK"], facts["CapabilityBoundingSet"] = "failed", uint64(8<<20), uint64(0)
	serveService(t, at, facts, "earlyoom.service")
	var stdout, stderr bytes.Buffer
	if code := doctorAt(nil, &stdout, &stderr, at); code != exitFindings || stderr.Len() > 0 {
		t.Errorf("doctor exits with %d, stderr %q, want %d, none", code, stderr.String(), exitFindings)
	}
	comparedDoctor(t, "unable.txt", stdout.String())
}

// comparedDoctor compares with a golden file; go test -run TestDoctor -update writes it anew.
func comparedDoctor(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "doctor", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if diff := cmp.Diff(string(want), got); err != nil || diff != "" {
		t.Errorf("%s: %v, -want +got\n%s", file, err, diff)
	}
}

// Ensure --json has every finding of the text, and the same verdict.
func TestDoctor_JSON(t *testing.T) {
	at := doctorHost(t, map[string]string{"etc/reprieve/slices/batch.slice.toml": "pressure.full = 20\npressure.some = 20\n"})
	serveService(t, at, serviceFacts())
	var asText, asJSON, stderr bytes.Buffer
	codes := [2]int{doctorAt([]string{"--json"}, &asJSON, &stderr, at)}
	// The trigger was written over what the kernel would have kept.
	if err := os.WriteFile(filepath.Join(at.host.Root, "proc/pressure/memory"), []byte(ableHost()["proc/pressure/memory"]), 0o644); err != nil {
		t.Fatal(err)
	}
	codes[1] = doctorAt(nil, &asText, &stderr, at)
	if codes != [2]int{exitFindings, exitFindings} || stderr.Len() > 0 {
		t.Errorf("doctor exits with %v, stderr %q, want %d both times, none", codes, stderr.String(), exitFindings)
	}
	var d diagnosis
	if err := json.Unmarshal(asJSON.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Able || d.text(false) != asText.String() {
		t.Errorf("--json: able %v, findings as text:\n%s\nwant false, and\n%s", d.Able, d.text(false), asText.String())
	}
	if want := "2 errors, the first is "; !strings.Contains(asText.String(), "BAD  configuration: "+want) {
		t.Errorf("doctor says %s\nwant the configuration bad with %q", asText.String(), want)
	}
}

// Ensure a user without rights, and a host without a systemd that answers, get notes and no end of waiting.
func TestDoctor_Unprivileged(t *testing.T) {
	at := doctorHost(t, map[string]string{"etc/reprieve/slices/batch.slice.toml": "-"})
	at.root, at.bound = false, 200*time.Millisecond
	var stdout, stderr bytes.Buffer
	code := doctorAt(nil, &stdout, &stderr, at)
	if code != exitOK || stderr.Len() > 0 {
		t.Errorf("doctor exits with %d, stderr %q, want %d, none\n%s", code, stderr.String(), exitOK, stdout.String())
	}
	for _, want := range []string{
		"note connection: systemd cannot be asked by this user", "note other killers: ", "note service: ", "note kill path: ",
		"note configuration: right, and nothing is watched",
		"this host is able: 0 bad, 5 notes\n",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("doctor says\n%s\nwant %q in it", stdout.String(), want)
		}
	}
}

// Ensure who only observes is told so with the file that says it, and that colours are for those who asked for them.
func TestDoctor_Observe(t *testing.T) {
	at := doctorHost(t, map[string]string{"etc/reprieve/reprieve.toml": "observe = true\n"})
	serveService(t, at, serviceFacts())
	var stdout, stderr bytes.Buffer
	doctorAt(nil, &stdout, &stderr, at)
	want := "nothing is held or stopped in batch.slice\n     to do: observe = false in " + at.dirs[0] + "/reprieve.toml"
	if !strings.Contains(stdout.String(), want) {
		t.Errorf("doctor says\n%s\nwant %q in it", stdout.String(), want)
	}
	d := diagnosis{Findings: []probe.Finding{{Name: "a\x1b", State: probe.Bad, Text: "b"}}}
	if got, want := d.text(true), "\x1b[1;31mBAD \x1b[0m "; !strings.HasPrefix(got, want) || strings.Contains(got, "a\x1b") {
		t.Errorf("text(true) = %q, want it to begin with %q, and no escape from elsewhere", got, want)
	}
}
