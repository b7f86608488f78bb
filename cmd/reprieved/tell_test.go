package main

import (
	"bytes"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reprieve/internal/journal"
	"reprieve/plugins/report"
)

// full listens on a journal's socket that holds no more messages; how many are
// in it.
func full(t *testing.T, path string) (*net.UnixConn, int) {
	t.Helper()
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := journal.Open(path)
	defer s.Close()
	sent := 0
	for s.Send([]journal.Field{{Name: "MESSAGE", Value: "filler"}}) == nil {
		sent++
	}
	return l, sent
}

// Ensure a message can wait for a journal that is full for a moment, and that
// one which stays full costs the message its place there and nobody's time
// without end: it is counted and goes to standard error.
func TestTeller_Send_Full(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	journald, sent := full(t, path)
	var stderr bytes.Buffer
	tell := &teller{sender: journal.Open(path), stderr: &stderr}
	message := []report.Field{{Name: "MESSAGE", Value: "held"}, {Name: "PRIORITY", Value: prioNotice}}

	if err := tell.Send(message); err == nil || tell.dropped.Load() != 1 || stderr.String() != "<5>held\n" {
		t.Errorf("Send() to a full journal = %v with %d dropped and %q on standard error, want an error, 1 and the message", err, tell.dropped.Load(), stderr.String())
	}

	got := make(chan string)
	go func() {
		var last string
		buf := make([]byte, 1<<16)
		time.Sleep(20 * time.Millisecond) // so that it is full at the first try, as a rule; the test holds either way
		for range sent + 1 {
			_ = journald.SetReadDeadline(time.Now().Add(10 * time.Second))
			n, err := journald.Read(buf)
			if err != nil {
				last = err.Error()
				break
			}
			last = string(buf[:n])
		}
		got <- last
	}()
	if err := tell.Send(message); err != nil || tell.dropped.Load() != 1 {
		t.Errorf("Send() to a journal that is read again = %v with %d dropped, want nil and 1 as before", err, tell.dropped.Load())
	}
	if last := <-got; !strings.Contains(last, "MESSAGE=held\n") {
		t.Errorf("the journal's last message = %q, want the one that waited", last)
	}
}
