package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"reprieve/internal/control"
	"reprieve/internal/varlink"
	"reprieve/memcg"
)

// leave writes a hold into the ledger of a host, as a daemon that was killed leaves it.
func leave(t *testing.T, from source) {
	t.Helper()
	if err := os.MkdirAll(from.ledger, 0o755); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(memcg.Record{
		Version: 1, Path: "/batch.slice/batch-b.slice", Inode: 7, File: "memory.high", Old: "max", Mark: "224395264",
		Slice: "batch.slice", Episode: "x", Until: statusNow,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"7.json": string(text), "8.json": "{", "9.json.new": string(text)} {
		if err := os.WriteFile(filepath.Join(from.ledger, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Ensure a daemon that does not run is exit status 3, that what it left behind is listed, and that looking changes nothing.
func TestStatus_Inactive(t *testing.T) {
	from := quietHost(t)
	var stdout, stderr bytes.Buffer
	if code := statusAt(nil, &stdout, &stderr, from); code != exitInactive || stderr.Len() > 0 {
		t.Errorf("statusAt() = %d, %q, want %d", code, stderr.String(), exitInactive)
	}
	golden(t, "status/inactive.txt", stdout.String())
	if _, err := os.Stat(from.ledger); err == nil {
		t.Errorf("%s was made", from.ledger)
	}
	leave(t, from)
	stdout.Reset()
	if code := statusAt([]string{"batch.slice"}, &stdout, &stderr, from); code != exitInactive {
		t.Errorf("statusAt(batch.slice) = %d, want %d", code, exitInactive)
	}
	golden(t, "status/left.txt", strings.ReplaceAll(stdout.String(), from.ledger, "holds"))
	stdout.Reset()
	if code := statusAt([]string{"--json"}, &stdout, &stderr, from); code != exitInactive {
		t.Errorf("statusAt(--json) = %d, want %d", code, exitInactive)
	}
	golden(t, "status/left.json", strings.ReplaceAll(stdout.String(), from.ledger, "holds"))
}

// Ensure --json has the daemon's answer and the readings beside it, with lists where there is nothing.
func TestStatus_JSON(t *testing.T) {
	d := &scripted{status: episode()}
	var stdout, stderr bytes.Buffer
	if code := statusAt([]string{"--json", "batch.slice"}, &stdout, &stderr, d.listen(t)); code != exitOK || stderr.Len() > 0 {
		t.Errorf("statusAt(--json) = %d, %q", code, stderr.String())
	}
	golden(t, "status/episode.json", stdout.String())
}

// Ensure every way in which the daemon gives no answer says what to do.
func TestSource_Unanswered(t *testing.T) {
	from := quietHost(t)
	reply := func(name string, parameters map[string]any) error {
		return &varlink.Error{Name: name, Parameters: parameters}
	}
	socket := func(err error) error {
		return &varlink.SocketError{Socket: from.client.Socket, Op: "connect", Err: err}
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{socket(unix.EACCES), "needs root: sudo reprievectl plan x.slice"},
		{socket(unix.ENOENT), "reprieved does not run; systemctl start reprieved"},
		{socket(unix.ECONNREFUSED), "reprieved does not run; systemctl start reprieved"},
		{socket(context.DeadlineExceeded), "reprieved did not answer in 5s; see journalctl -u reprieved"},
		{socket(varlink.ErrMalformed), "ask reprieved: "},
		{reply(control.ErrorNoSuchSlice, map[string]any{"slice": "x.slice"}), "x.slice is not watched by reprieved; "},
		{reply(control.ErrorNoAnswer, nil), "reprieved's event loop does not answer; "},
		{reply(control.ErrorFailed, map[string]any{"message": "no tree"}), "reprieved could not: no tree"},
		{reply("org.varlink.service.MethodNotFound", nil), "the reprieved that runs is older than this reprievectl"},
		{reply("org.varlink.service.PermissionDenied", nil), "needs root: sudo reprievectl plan x.slice"},
		{reply("io.other.Error", nil), "reprieved answers io.other.Error; "},
	} {
		if got := from.unanswered("plan x.slice", tt.err); !strings.HasPrefix(got, tt.want) {
			t.Errorf("unanswered(%v) = %q, want %q", tt.err, got, tt.want)
		}
	}
	// Its group is populated: it runs, and nobody listens.
	group := filepath.Join(from.host.Mount, "reprieve.slice/reprieved.service")
	if err := os.MkdirAll(group, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(group, "cgroup.events"), []byte("populated 1\nfrozen 0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := statusAt(nil, &stdout, &stderr, from)
	if want := "reprievectl status: reprieved runs and does not listen on "; code != exitFindings || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("a daemon that does not listen: exit %d, %q, want %d, %q", code, stderr.String(), exitFindings, want)
	}
}

// Ensure an answer that is an error is no daemon that does not run.
func TestStatus_Refused(t *testing.T) {
	d := &scripted{err: &varlink.Error{Name: control.ErrorNoAnswer}}
	var stdout, stderr bytes.Buffer
	code := statusAt(nil, &stdout, &stderr, d.listen(t))
	if want := "reprievectl status: reprieved's event loop does not answer"; code != exitFindings || !strings.HasPrefix(stderr.String(), want) || stdout.Len() > 0 {
		t.Errorf("exit %d, %q, %q, want %d, %q", code, stdout.String(), stderr.String(), exitFindings, want)
	}
}
