package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/internal/varlink"
	"reprieve/memcg"
)

// daemon answers on a socket as reprieved does: 2 groups of batch.slice are held, none of calm.slice, and broken.slice
// has the loop hang.
func daemon(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	type reply struct {
		Released int      `json:"released"`
		Slices   []string `json:"slices"`
	}
	release := func(_ context.Context, in json.RawMessage) (any, error) {
		var ask struct{ Slice *string }
		if err := varlink.Decode(in, &ask); err != nil {
			return nil, err
		}
		switch {
		case ask.Slice == nil:
			return reply{3, []string{"batch.slice", "web.slice"}}, nil
		case *ask.Slice == "batch.slice":
			return reply{2, []string{"batch.slice"}}, nil
		case *ask.Slice == "one.slice":
			return reply{1, []string{"one.slice"}}, nil
		case *ask.Slice == "calm.slice":
			return reply{0, []string{}}, nil
		case *ask.Slice == "broken.slice":
			return nil, &varlink.Error{Name: "io.reprieve.Control.NoAnswer"}
		}
		return nil, &varlink.Error{Name: "io.reprieve.Control.NoSuchSlice", Parameters: map[string]any{"slice": *ask.Slice}}
	}
	v := varlink.Serve(l, varlink.Service{Interfaces: []varlink.Interface{{
		Name: "io.reprieve.Control", Methods: map[string]varlink.Method{"Release": release},
	}}})
	t.Cleanup(func() { v.Close() })
}

// Ensure a running daemon is asked, and that what it answers is said.
func TestRelease_Daemon(t *testing.T) {
	at := holdPlaces{control: filepath.Join(t.TempDir(), "control"), ledger: "/nonexistent", mount: "/nonexistent"}
	daemon(t, at.control)
	for _, tt := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{nil, exitOK, "batch.slice, web.slice: 3 holds lifted; not held again in these episodes, the waits go on\n", ""},
		{[]string{"batch.slice"}, exitOK, "batch.slice: 2 holds lifted; not held again in this episode, the wait goes on\n", ""},
		{[]string{"one.slice"}, exitOK, "one.slice: 1 hold lifted; not held again in this episode, the wait goes on\n", ""},
		{[]string{"calm.slice"}, exitOK, "calm.slice: nothing is held\n", ""},
		{[]string{"none.slice"}, exitFindings, "", "reprievectl release: none.slice: not watched by reprieved, so nothing in it is held by it\n"},
		{[]string{"-.slice"}, exitFindings, "", "reprievectl release: -.slice: not watched by reprieved, so nothing in it is held by it\n"},
		{[]string{"broken.slice"}, exitFindings, "", "reprievectl release: reprieved's event loop does not answer; its watchdog restarts it, see journalctl -u reprieved\n"},
	} {
		var stdout, stderr bytes.Buffer
		if got := releaseAt(tt.args, &stdout, &stderr, at); got != tt.code {
			t.Errorf("releaseAt(%q) = %d, want %d", tt.args, got, tt.code)
		}
		if diff := cmp.Diff([]string{tt.stdout, tt.stderr}, []string{stdout.String(), stderr.String()}); diff != "" {
			t.Errorf("releaseAt(%q): output: -want +got\n%s", tt.args, diff)
		}
	}
}

// Ensure something else on the socket is no daemon that went: its holds stay its own.
func TestRelease_NoVarlink(t *testing.T) {
	at := holdPlaces{control: filepath.Join(t.TempDir(), "control"), ledger: "/nonexistent", mount: "/nonexistent"}
	l, err := net.Listen("unix", at.control)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			conn.Close()
		}
	}()
	var stdout, stderr bytes.Buffer
	if got := releaseAt(nil, &stdout, &stderr, at); got != exitFindings || stdout.Len() != 0 {
		t.Errorf("releaseAt() = %d and %q, want %d and nothing", got, &stdout, exitFindings)
	}
	if got := stderr.String(); !strings.HasPrefix(got, "reprievectl release: ask reprieved: "+at.control) || !strings.Contains(got, "systemctl restart reprieved") {
		t.Errorf("stderr is %q, want the socket and what to do in it", got)
	}
}

// Ensure that without a daemon the records are undone, all of them, each with a line; whether its socket is stale or gone.
func TestRelease_NoDaemon(t *testing.T) {
	stale := filepath.Join(t.TempDir(), "stale")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	head, all := headOf("what it left is undone"), headOf("all holds are undone")
	for _, tt := range []struct {
		control string
		args    []string
		head    string
	}{{stale, nil, head}, {stale + ".missing", []string{"a.slice"}, all}} {
		mount := written(t, map[string]string{
			"a.slice/memory.high": "104857600\n", "b.slice/memory.high": "500002816\n",
		})
		at := holdPlaces{control: tt.control, ledger: filepath.Join(t.TempDir(), "holds"), mount: mount}
		record(t, at, "/a.slice", "104857600")
		record(t, at, "/b.slice", "104857600")
		record(t, at, "/gone.slice", "104857600")
		var stdout, stderr bytes.Buffer
		if got := releaseAt(tt.args, &stdout, &stderr, at); got != exitOK || stderr.Len() != 0 {
			t.Errorf("releaseAt(%q) = %d, want %d; stderr %q", tt.args, got, exitOK, &stderr)
		}
		first, rest, _ := strings.Cut(stdout.String(), "\n")
		if first+"\n" != tt.head {
			t.Errorf("releaseAt(%q) begins with %q, want %q", tt.args, first, tt.head)
		}
		for _, want := range []string{
			"/a.slice: memory.high is 734003200 again\n", "/b.slice: somebody else wrote memory.high, and that stays\n",
			"/gone.slice: nothing to restore",
		} {
			if !strings.Contains(rest, want) {
				t.Errorf("releaseAt(%q) says %q, want %q in it", tt.args, rest, want)
			}
		}
		if got, _ := os.ReadFile(filepath.Join(mount, "a.slice/memory.high")); strings.TrimSpace(string(got)) != "734003200" {
			t.Errorf("memory.high of a.slice = %q, want the old 734003200", got)
		}
		stdout.Reset()
		if got := releaseAt(nil, &stdout, &stderr, at); got != exitOK || stdout.String() != head+"nothing is held\n" {
			t.Errorf("the second time: %d and %q, want that nothing is held", got, &stdout)
		}
		stdout.Reset()
		var done releasedHolds
		got := releaseAt([]string{"--json"}, &stdout, &stderr, at)
		err := json.Unmarshal(stdout.Bytes(), &done)
		if want := (releasedHolds{Slices: []string{}, Said: strings.Split(head+"nothing is held", "\n")}); got != exitOK || err != nil || !cmp.Equal(want, done) {
			t.Errorf("for programs: %d and %q (%v), want %+v", got, &stdout, err, want)
		}
	}
}

func headOf(what string) string { return "the daemon does not run: " + what + "\n" }

// record writes a record of a hold of memory.high, as an earlier daemon would have.
func record(t *testing.T, at holdPlaces, path, mark string) {
	t.Helper()
	inode := uint64(7)
	if g, err := memcg.Open(at.mount, path); err == nil {
		inode = g.Inode
		g.Release()
	}
	text, err := json.Marshal(memcg.Record{
		Version: 1, Path: path, Inode: inode, File: "memory.high", Old: "734003200", Mark: mark, Slice: "a.slice",
	})
	if err == nil {
		err = os.MkdirAll(at.ledger, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(at.ledger, fmt.Sprintf("%d.json", inode)), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Ensure a record that cannot be undone is an error with its file, and the others are undone.
func TestRelease_BadRecord(t *testing.T) {
	at := holdPlaces{
		control: filepath.Join(t.TempDir(), "missing"), ledger: filepath.Join(t.TempDir(), "holds"),
		mount: written(t, map[string]string{"a.slice/memory.high": "104857600\n"}),
	}
	record(t, at, "/a.slice", "104857600")
	bad := filepath.Join(at.ledger, "1.json")
	if err := os.WriteFile(bad, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if got := releaseAt(nil, &stdout, &stderr, at); got != exitFindings {
		t.Errorf("releaseAt() = %d, want %d", got, exitFindings)
	}
	if got, want := stderr.String(), "reprievectl release: not undone: "+bad; !strings.HasPrefix(got, want) {
		t.Errorf("stderr is %q, want it to begin with %q", got, want)
	}
	if got, want := stdout.String(), "/a.slice: memory.high is 734003200 again\n"; !strings.Contains(got, want) {
		t.Errorf("stdout is %q, want %q in it", got, want)
	}
}

// Ensure who is not root is told what to do, before anything is touched.
func TestRelease_NotRoot(t *testing.T) {
	for args, want := range map[string]string{"": "sudo reprievectl release\n", "a.slice": "sudo reprievectl release a.slice\n"} {
		at := holdPlaces{control: "/nonexistent", ledger: filepath.Join(t.TempDir(), "holds"), mount: "/nonexistent", euid: 1000}
		var stdout, stderr bytes.Buffer
		if got := releaseAt(strings.Fields(args), &stdout, &stderr, at); got != exitFindings || stdout.Len() != 0 {
			t.Errorf("releaseAt(%q) = %d and %q, want %d and nothing", args, got, &stdout, exitFindings)
		}
		if got, want := stderr.String(), "reprievectl release: needs root: "+want; got != want {
			t.Errorf("releaseAt(%q) says %q, want %q", args, got, want)
		}
		if _, err := os.Stat(at.ledger); err == nil {
			t.Errorf("releaseAt(%q) made %s", args, at.ledger)
		}
	}
}
