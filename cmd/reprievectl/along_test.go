package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/configs"
	"reprieve/plugins"
	"reprieve/units"
	"reprieve/units/unitstest"
)

// systemd answers for units by who depends on them. A unit that it does not know went meanwhile.
type systemd struct {
	dependents map[string][]string // of active units
	mu         sync.Mutex
	asked      []string
}

func (s *systemd) handle(method string, args []any) ([]any, error) {
	unit := args[0].(string)
	s.mu.Lock()
	defer s.mu.Unlock()
	if method == "Get" {
		return unitstest.Property("no"), nil
	}
	s.asked = append(s.asked, unit)
	dependents, active := s.dependents[unit]
	state := "active"
	switch {
	case strings.HasPrefix(unit, "gone"):
		return nil, unitstest.Error{Name: "org.freedesktop.DBus.Error.UnknownObject", Message: "Unknown object."}
	case !active:
		state = "inactive"
	}
	none := []string{}
	return unitstest.Properties(map[string]any{
		"LoadState": "loaded", "ActiveState": state, "Transient": false, "RefuseManualStart": false,
		"ActiveEnterTimestampMonotonic": uint64(10), "InactiveEnterTimestampMonotonic": uint64(0),
		"RequiredBy": append(none, dependents...), "RequisiteOf": none, "BoundBy": none, "ConsistsOf": none, "PropagatesStopTo": none,
	}), nil
}

// written makes files below a new directory, and directories where a name ends with a slash.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755)
		if err == nil && !strings.HasSuffix(name, "/") {
			err = os.WriteFile(filepath.Join(root, name), []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// loaded is a configuration that watches the slices named, each with a [stop] table.
func loaded(t *testing.T, stop string, slices ...string) *configs.Set {
	t.Helper()
	files := map[string]string{"reprieve.toml": "protect = [\"ssh.service\"]\n"}
	for _, name := range slices {
		files["slices/"+name+".toml"] = "[pressure]\nfull = \"20%\"\n[stop]\n" + stop + "\n"
	}
	set, err := configs.Load(configs.Options{Dirs: []string{written(t, files)}, Names: plugins.Names()})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// host is a cgroup tree and the sockets of a systemd that may listen on them.
func host(t *testing.T, groups ...string) places {
	t.Helper()
	files := map[string]string{}
	for _, dir := range groups {
		files[dir+"/"] = ""
	}
	dir := t.TempDir()
	return places{mount: written(t, files), systemd: units.Options{
		PrivateSocket: filepath.Join(dir, "private"), BusSocket: filepath.Join(dir, "bus"),
	}}
}

const silent = "systemd does not answer, units that a stop would take along, their times and other memory killers are not looked for\n"

// Ensure a check can name active units outside of a candidate that its stop takes along, and nobody else.
func TestWarn(t *testing.T) {
	const also = "warning: batch.slice: a stop of %s also stops %s, which requires it or is part of it\n"
	dependents := map[string][]string{
		"x.service": {"app.target", "beside.service", "idle.service", "out.service", "gone.service", "umount.target", "y.service"},
		"y.service": {"out.service"}, "job.scope": {"x.service"}, "beside.service": {}, "out.service": {}, "app.target": {},
		"ssh.service": {"out.service"}, "near.service": {"out.service"}, "session-2.scope": {"out.service"}, "user@1000.service": {"out.service"},
	}
	batch := []string{
		"batch.slice/batch-a.slice/x.service/inner", "batch.slice/batch-a.slice/y.service", "batch.slice/batch-a.slice/job.scope",
		"batch.slice/beside.service", "batch.slice/batch-b.slice/ssh.service", "batch.slice/batch-b.slice/near.service",
		"batch.slice/batch-c.slice/gone.service", "batch.slice/docker", "other.slice/out.service",
	}
	for _, tt := range []struct {
		name, stop, slice string
		groups            []string
		want              []string // unit and who goes with it
		asked             string
	}{
		{
			"leaf slices", "", "batch.slice", batch,
			[]string{"x.service app.target", "x.service beside.service", "x.service out.service", "y.service out.service"},
			"job.scope x.service y.service gone.service beside.service",
		},
		{
			"units", `from = "units"`, "batch.slice", batch,
			[]string{
				"job.scope x.service", "x.service app.target", "x.service beside.service", "x.service out.service", "x.service y.service",
				"y.service out.service", "near.service out.service",
			},
			"job.scope x.service y.service near.service gone.service beside.service",
		},
		{
			"a slice without slices", "", "batch.slice", []string{"batch.slice/x.service", "batch.slice/y.service", "out.service"},
			[]string{"x.service app.target", "x.service beside.service", "x.service out.service", "x.service y.service", "y.service out.service"},
			"x.service y.service",
		},
		{
			"a user's manager", "", "user.slice", []string{
				"user.slice/user-1000.slice/user@1000.service/app.slice/x.service", "user.slice/user-1000.slice/session-2.scope",
			},
			[]string{"session-2.scope out.service"}, "session-2.scope",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at := host(t, tt.groups...)
			s := &systemd{dependents: dependents}
			unitstest.Serve(t, at.systemd.PrivateSocket, s.handle)
			var want strings.Builder
			for _, line := range tt.want {
				unit, with, _ := strings.Cut(line, " ")
				fmt.Fprintf(&want, strings.Replace(also, "batch.slice", tt.slice, 1), unit, with)
			}
			var stdout, stderr bytes.Buffer
			warn(&stdout, &stderr, loaded(t, tt.stop, tt.slice), at)
			if diff := cmp.Diff(want.String(), stdout.String()); diff != "" || stderr.Len() > 0 {
				t.Errorf("warn: stderr %q, stdout -want +got\n%s", stderr.String(), diff)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			first := s.asked[:min(len(s.asked), len(strings.Fields(tt.asked)))]
			if got := strings.Join(first, " "); got != tt.asked {
				t.Errorf("warn asked first about %q, want %q", got, tt.asked)
			}
		})
	}
}

// Ensure a check can leave systemd alone, and say nothing, where no watched slice is there.
func TestWarn_Nobody(t *testing.T) {
	at := host(t, "other.slice/x.service", "batch.slice/batch-a.slice")
	server := unitstest.Serve(t, at.systemd.PrivateSocket, (&systemd{}).handle)
	var stdout, stderr bytes.Buffer
	warn(&stdout, &stderr, loaded(t, "", "batch.slice"), at)
	if got := server.Accepts(); got != 0 || stdout.Len() > 0 || stderr.Len() > 0 {
		t.Errorf("warn: %d connections, stdout %q, stderr %q, want none", got, stdout.String(), stderr.String())
	}
}

// Ensure a check can say that a slice has more units than it asks about, and asks about all who depend on those.
func TestWarn_Many(t *testing.T) {
	var groups []string
	s := &systemd{dependents: map[string][]string{}}
	for i := range 70 {
		unit := fmt.Sprintf("x%02d.service", i)
		groups = append(groups, "batch.slice/"+unit)
		s.dependents[unit] = []string{fmt.Sprintf("a%02d.service", i), fmt.Sprintf("b%02d.service", i)}
		s.dependents[s.dependents[unit][1]] = nil
	}
	at := host(t, groups...)
	unitstest.Serve(t, at.systemd.PrivateSocket, s.handle)
	var stdout, stderr bytes.Buffer
	warn(&stdout, &stderr, loaded(t, "", "batch.slice"), at)
	lines := slices.Collect(strings.Lines(stdout.String()))
	if len(lines) != 65 || stderr.Len() > 0 {
		t.Fatalf("warn: %d lines, stderr %q, want 65, none:\n%s", len(lines), stderr.String(), stdout.String())
	}
	want := []string{
		"warning: batch.slice: has 70 units, only the first 64 are looked at for what a stop would take along\n",
		"warning: batch.slice: a stop of x63.service also stops b63.service, which requires it or is part of it\n",
	}
	if diff := cmp.Diff(want, []string{lines[0], lines[64]}); diff != "" {
		t.Errorf("warn: first and last line -want +got\n%s", diff)
	}
}

// Ensure a check can do without a systemd, without its answers, and without cgroups.
func TestWarn_Without(t *testing.T) {
	for _, tt := range []struct {
		name  string
		serve func(t *testing.T, at *places)
		want  string
	}{
		{"no systemd", func(*testing.T, *places) {}, silent},
		{"one that is silent", func(t *testing.T, at *places) { unitstest.Serve(t, at.systemd.PrivateSocket, nil) }, silent},
		{"one that answers half", func(t *testing.T, at *places) {
			s := &systemd{}
			unitstest.Serve(t, at.systemd.PrivateSocket, func(method string, args []any) ([]any, error) {
				if args[0] == "y.service" {
					return nil, unitstest.ErrNoReply
				}
				return s.handle(method, args)
			})
		}, silent},
		{"no cgroups", func(_ *testing.T, at *places) { at.mount += "/missing" }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := host(t, "batch.slice/gone.service", "batch.slice/y.service")
			tt.serve(t, &at)
			var stdout, stderr bytes.Buffer
			warn(&stdout, &stderr, loaded(t, "", "batch.slice"), at)
			if stdout.Len() > 0 || stderr.String() != tt.want {
				t.Errorf("warn: stdout %q, stderr %q, want none, %q", stdout.String(), stderr.String(), tt.want)
			}
		})
	}
}
