package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"reprieve/configs"
	"reprieve/plugins"
	"reprieve/units"
)

// shell is a daemon on a cgroup tree of ordinary files, which the test changes
// as the kernel would, and without a systemd. Its time is real. What the files
// cannot do, wake a poller, the test does for them.
type shell struct {
	t      testing.TB
	root   string
	ledger string
	d      *daemon
	told   *log
	ended  chan error
}

// log keeps what is told, from several goroutines.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *log) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = bytes.Buffer{}
}

// All sizes have nine digits: a write does not cut an ordinary file.
const none, small, large = "734003200", "104857600", "209715200"

// newShell starts a daemon on w.slice with two leaves, and more where groups has some: their usages in MiB by path.
func newShell(t testing.TB, policy string, groups ...map[string]int) *shell {
	t.Helper()
	nobody := filepath.Join(t.TempDir(), "nobody")
	return newShellBeside(t, units.Options{PrivateSocket: nobody, BusSocket: nobody}, policy, groups...)
}

// newShellBeside is newShell with a systemd behind these sockets.
func newShellBeside(t testing.TB, systemd units.Options, policy string, groups ...map[string]int) *shell {
	t.Helper()
	s := &shell{t: t, root: t.TempDir(), ledger: filepath.Join(t.TempDir(), "holds"), told: &log{}, ended: make(chan error, 1)}
	for _, dir := range []string{"w.slice", "w.slice/w-a.slice", "w.slice/w-b.slice"} {
		for file, text := range map[string]string{
			"memory.current": small, "memory.high": none, "memory.pressure": "some total=0\nfull total=0",
			"memory.events": "max 100\noom 0\nhigh 0", "memory.events.local": "high 0", "memory.stat": "active_anon " + small,
			"cgroup.events": "populated 1", "cgroup.procs": "", "cgroup.kill": "", "memory.max": none, "memory.swap.current": "0",
			"memory.min": "0", "memory.low": "0", "cgroup.freeze": "0",
		} {
			s.write(dir, file, text)
		}
	}
	for _, more := range groups {
		for dir, usage := range more {
			for file, text := range groupFiles(usage) {
				s.write(dir, file, text)
			}
		}
	}
	s.serve(systemd, map[string]string{"w.slice": policy})
	s.wait("the slice to be watched", func() bool { return strings.Contains(s.told.String(), "started; watching w.slice") })
	return s
}

// newShellAt is newShell on a tree that is there, with policies by slice.
func newShellAt(t *testing.T, mount string, policies map[string]string) *shell {
	t.Helper()
	nobody := filepath.Join(t.TempDir(), "nobody")
	s := &shell{t: t, root: mount, ledger: filepath.Join(t.TempDir(), "holds"), told: &log{}, ended: make(chan error, 1)}
	s.serve(units.Options{PrivateSocket: nobody, BusSocket: nobody}, policies)
	s.wait("the start", func() bool { return strings.Contains(s.told.String(), "started; ") })
	return s
}

// serve starts the daemon.
func (s *shell) serve(systemd units.Options, policies map[string]string) {
	t := s.t
	t.Helper()
	config := t.TempDir()
	if err := os.MkdirAll(filepath.Join(config, "slices"), 0o755); err != nil {
		t.Fatal(err)
	}
	for slice, policy := range policies {
		if err := os.WriteFile(filepath.Join(config, "slices", slice+".toml"), []byte(policy), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	options := configs.Options{Dirs: []string{config}, Names: plugins.Names()}
	set, err := configs.Load(options)
	if err != nil {
		t.Fatal(err)
	}
	tell := newTeller(s.told)
	tell.sender.Close()
	s.d, err = newDaemon(options, set, tell, places{
		mount: s.root, ledger: s.ledger, fallen: filepath.Join(t.TempDir(), "revive.json"), systemd: systemd,
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.d.serve() }()
	t.Cleanup(s.end)
}

func (s *shell) write(parts ...string) {
	s.t.Helper()
	n := len(parts) - 1
	file := filepath.Join(append([]string{s.root}, parts[:n]...)...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		s.t.Fatal(err)
	}
	// In place: the daemon keeps the file open.
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		_, err = f.WriteString(parts[n] + "\n")
		f.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shell) read(parts ...string) string {
	text, _ := os.ReadFile(filepath.Join(append([]string{s.root}, parts...)...))
	return strings.TrimSpace(string(text))
}

// hold makes the counter rise, again and again, and wakes the loop, as the kernel does, and has w-b.slice grow from the breach on until it
// is held.
func (s *shell) hold() {
	s.t.Helper()
	rise, breach := 100, time.Time{}
	s.wait("the hold", func() bool {
		rise = min(rise+1, 999)
		s.write("w.slice", "memory.events", "max "+strconv.Itoa(rise))
		switch {
		case breach.IsZero() && strings.Contains(s.told.String(), "w.slice is in breach"):
			breach = time.Now()
		case breach.IsZero():
			s.d.desk.Post(func() {
				for _, one := range s.d.slices {
					one.dirty = true
				}
			})
		case time.Since(breach) > 100*time.Millisecond: // after the first look at the leaves
			s.write("w.slice/w-b.slice/memory.current", large)
		}
		return s.read("w.slice/w-b.slice/memory.high") != none
	})
}

func (s *shell) wait(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("still waiting for %s; told so far:\n%s", what, s.told)
		}
	}
}

func (s *shell) records() int {
	names, _ := filepath.Glob(filepath.Join(s.ledger, "*.json"))
	return len(names)
}

func (s *shell) end() {
	s.d.desk.Post(s.d.end)
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("serve() = %v", err)
		}
	case <-time.After(20 * time.Second):
		s.t.Error("the daemon does not end")
	}
	if got := s.read("w.slice/w-b.slice/memory.high"); got != none && got != "" {
		s.t.Errorf("memory.high of w-b.slice = %s after the end, want the old %s", got, none)
	}
	if n := s.records(); n != 0 {
		s.t.Errorf("%d records in the ledger after the end, want none", n)
	}
}

// Ensure a grower is held at its usage and let go with its old limit when it
// calms down.
func TestShell_Relief(t *testing.T) {
	s := newShell(t, "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"1m\"\ncalm = \"500ms\"\n")
	s.hold()
	s.wait("its record", func() bool { return s.records() == 1 })
	if got := s.read("w.slice/w-a.slice/memory.high"); got != none {
		t.Errorf("memory.high of w-a.slice = %s, want it untouched", got)
	}
	s.wait("the relief", func() bool { return strings.Contains(s.told.String(), "w.slice is calm again") })
	s.wait("the old limit", func() bool { return s.read("w.slice/w-b.slice/memory.high") == none })
	if strings.Contains(s.told.String(), "stopping") {
		t.Errorf("somebody was stopped:\n%s", s.told)
	}
}

// Ensure who still runs into its mark at the end of the delay is killed by the
// kernel's file when systemd cannot be had, after its hold was lifted.
func TestShell_Stop(t *testing.T) {
	s := newShell(t, "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"1s\"\n[stop]\nsettle = \"1s\"\n")
	s.hold()
	s.write("w.slice/w-b.slice/memory.current", "309715200") // over its mark
	s.write("w.slice/w-b.slice/memory.stat", "active_anon 309715200")
	s.wait("the kill", func() bool { return s.read("w.slice/w-b.slice/cgroup.kill") == "1" })
	if got := s.read("w.slice/w-b.slice/memory.high"); got != none {
		t.Errorf("memory.high of w-b.slice = %s at the kill, want it lifted", got)
	}
	s.write("w.slice/w-b.slice/cgroup.events", "populated 0")
	s.wait("the end of it", func() bool { return strings.Contains(s.told.String(), "after the stop of w-b.slice") })
	for _, want := range []string{"no connection to systemd", "stopping w-b.slice (largest of 2", "cannot hear from systemd that it stops it", "w-b.slice is stopped"} {
		if !strings.Contains(s.told.String(), want) {
			t.Errorf("it was not told %q:\n%s", want, s.told)
		}
	}
	if got := s.read("w.slice/w-a.slice/cgroup.kill"); got != "" {
		t.Errorf("cgroup.kill of w-a.slice = %q, want nothing", got)
	}
}

// Ensure a leaf that goes while it is held takes its record with it, and the
// daemon goes on.
func TestShell_LeafGoes(t *testing.T) {
	s := newShell(t, "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"1m\"\ncalm = \"500ms\"\n")
	s.hold()
	if err := os.RemoveAll(filepath.Join(s.root, "w.slice/w-b.slice")); err != nil {
		t.Fatal(err)
	}
	s.wait("the record to be gone", func() bool { return s.records() == 0 })
	s.wait("the relief", func() bool { return strings.Contains(s.told.String(), "w.slice is calm again") })
}

// Ensure the daemon's end lifts what is held, and tells it.
func TestShell_End(t *testing.T) {
	s := newShell(t, "[pressure]\nevents = [\"max\"]\n[hold]\ndelay = \"1m\"\ncalm = \"30s\"\n")
	s.hold()
	s.d.desk.Post(s.d.end)
	s.wait("the release", func() bool {
		return strings.Contains(s.told.String(), "the daemon's end: the hold of w-b.slice is undone: memory.high is "+none+" again")
	})
}
