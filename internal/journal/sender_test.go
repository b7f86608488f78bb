package journal

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// listen stands in for journald.
func listen(t testing.TB, path string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// stop closes the socket and removes its file.
func stop(t testing.TB, c *net.UnixConn, path string) {
	t.Helper()
	c.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, path string) *Sender {
	s := Open(path)
	t.Cleanup(func() { s.Close() })
	return s
}

// receive reads one message.
func receive(t testing.TB, c *net.UnixConn) []Field {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<20)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	fields, err := parse(buf[:n])
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return fields
}

// Ensure Send can deliver a message, the longest allowed included.
func TestSender_Send(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	journald := listen(t, path)
	s := open(t, path)
	for _, want := range [][]Field{
		{{"MESSAGE", "one"}, {"PRIORITY", "5"}},
		{{"MESSAGE", "two\nlines"}},
		{{"MESSAGE", strings.Repeat("x", MaxMessageBytes-len("MESSAGE=\n"))}},
	} {
		if err := s.Send(want); err != nil {
			t.Fatalf("Send = %v, want nil", err)
		}
		if diff := cmp.Diff(want, receive(t, journald)); diff != "" {
			t.Errorf("fields (-want +got):\n%s", diff)
		}
	}
	if got := s.Dropped(); got != 0 {
		t.Errorf("Dropped() = %d, want 0", got)
	}
}

// Ensure Send can meet a journald that never reads: it drops, counts, and
// delivers again when there is room.
func TestSender_Send_Full(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	journald := listen(t, path)
	s := open(t, path)
	message := []Field{{"MESSAGE", "one"}}
	sent := 0
	for sent < 1<<20 && s.Send(message) == nil {
		sent++
	}
	if err := s.Send(message); err != ErrFull {
		t.Fatalf("Send after %d messages = %v, want ErrFull", sent, err)
	}
	if got := s.Dropped(); got != 2 {
		t.Errorf("Dropped() = %d, want 2", got)
	}
	for range sent {
		receive(t, journald)
	}
	if err := s.Send(message); err != nil {
		t.Errorf("Send to an empty queue = %v, want nil", err)
	}
	receive(t, journald)
}

// Ensure Send can find a journald that was started anew, or late.
func TestSender_Send_Reconnects(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	message := []Field{{"MESSAGE", "one"}}
	s := open(t, path)
	for i := range 2 {
		if err := s.Send(message); !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), path) {
			t.Errorf("Send without a socket = %v, want ENOENT and the path", err)
		}
		for range 2 {
			journald := listen(t, path)
			if err := s.Send(message); err != nil {
				t.Errorf("Send to a new socket = %v, want nil", err)
			}
			receive(t, journald)
			stop(t, journald, path)
		}
		if got, want := s.Dropped(), uint64(i+1); got != want {
			t.Errorf("Dropped() = %d, want %d", got, want)
		}
	}
}

// Ensure a closed sender can be used again.
func TestSender_Close(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	journald := listen(t, path)
	s := open(t, path)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close = %v, want nil", err)
		}
	}
	if err := s.Send([]Field{{"MESSAGE", "one"}}); err != nil {
		t.Errorf("Send = %v, want nil", err)
	}
	receive(t, journald)
}

// Ensure Send can do its work without allocating, delivered or dropped.
func TestSender_Send_AllocatesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	listen(t, path)
	s := open(t, path)
	message := []Field{
		{"MESSAGE", "two\nlines"},
		{"REPRIEVE_CANDIDATES", strings.Repeat("batch-b.slice 410M\n", 10000)},
	}
	allocs := testing.AllocsPerRun(100, func() { _ = s.Send(message) })
	if allocs != 0 {
		t.Errorf("Send allocates %v times, want 0", allocs)
	}
	if s.Dropped() == 0 {
		t.Error("Dropped() = 0, want a queue that was full in the end")
	}
}

func BenchmarkSender_Send(b *testing.B) {
	path := filepath.Join(b.TempDir(), "socket")
	journald := listen(b, path)
	s := open(b, path)
	message := []Field{{"MESSAGE", "batch.slice stalled 43% (limit 20%)"}, {"PRIORITY", "5"}, {"REPRIEVE_SLICE", "batch.slice"}}
	buf := make([]byte, MaxMessageBytes)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Send(message); err != nil {
			b.Fatal(err)
		}
		if _, err := journald.Read(buf); err != nil {
			b.Fatal(err)
		}
	}
}
