package notify

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// listen stands in for the service manager.
func listen(t testing.TB, addr string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: addr, Net: "unixgram"})
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func open(t testing.TB, addr string) *Notifier {
	t.Helper()
	n, err := Open(addr)
	if err != nil {
		t.Fatalf("Open(%q) = %v, want nil", addr, err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func receive(t testing.TB, c *net.UnixConn) string {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return string(buf[:n])
}

// Ensure each notification can reach the manager, by path and by abstract name.
func TestNotifier(t *testing.T) {
	for _, addr := range []string{
		filepath.Join(t.TempDir(), "notify"),
		fmt.Sprintf("@reprieve-notify-test-%d", os.Getpid()),
	} {
		manager := listen(t, addr)
		n := open(t, addr)
		long := strings.Repeat("é", 2000)
		for _, tt := range []struct {
			err  error
			want string
		}{
			{n.Ready(), "READY=1"},
			{n.Reloading(123456789), "RELOADING=1\nMONOTONIC_USEC=123456789"},
			{n.Status("watching 3 slices"), "STATUS=watching 3 slices"},
			{n.Status("a\nREADY=1"), "STATUS=a READY=1"},
			{n.Status(long), "STATUS=" + long[:1016]},
			{n.Watchdog(), "WATCHDOG=1"},
			{n.Stopping(), "STOPPING=1"},
		} {
			if got := receive(t, manager); got != tt.want || tt.err != nil {
				t.Errorf("%s: manager got %q, error %v, want %q, nil", addr, got, tt.err, tt.want)
			}
		}
	}
}

// Ensure a daemon without a manager can call every method.
func TestNotifier_Nil(t *testing.T) {
	n, err := Open("")
	if n != nil || err != nil {
		t.Fatalf("Open(\"\") = %v, %v, want nil, nil", n, err)
	}
	for _, err := range []error{n.Ready(), n.Reloading(1), n.Status("x"), n.Watchdog(), n.Stopping(), n.Close()} {
		if err != nil {
			t.Errorf("nil Notifier = %v, want nil", err)
		}
	}
}

// Ensure Open can refuse what it cannot reach.
func TestOpen_Errors(t *testing.T) {
	for _, addr := range []string{"vsock:2:1234", "relative", filepath.Join(t.TempDir(), "missing")} {
		if n, err := Open(addr); n != nil || err == nil || !strings.Contains(err.Error(), addr) {
			t.Errorf("Open(%q) = %v, %v, want an error that names it", addr, n, err)
		}
	}
}

// Ensure a manager that never reads cannot hold up the loop.
func TestNotifier_Full(t *testing.T) {
	addr := filepath.Join(t.TempDir(), "notify")
	manager := listen(t, addr)
	n := open(t, addr)
	sent := 0
	for sent < 1<<20 && n.Watchdog() == nil {
		sent++
	}
	if err := n.Watchdog(); err != ErrFull {
		t.Fatalf("Watchdog after %d messages = %v, want ErrFull", sent, err)
	}
	for range sent {
		receive(t, manager)
	}
	if err := n.Watchdog(); err != nil {
		t.Errorf("Watchdog to an empty queue = %v, want nil", err)
	}
}

// Ensure a manager that was started anew can be reached again.
func TestNotifier_Reconnects(t *testing.T) {
	addr := filepath.Join(t.TempDir(), "notify")
	manager := listen(t, addr)
	n := open(t, addr)
	manager.Close()
	if err := n.Watchdog(); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("Watchdog to a manager that went = %v, want ECONNREFUSED", err)
	}
	if err := os.Remove(addr); err != nil {
		t.Fatal(err)
	}
	if err := n.Watchdog(); !errors.Is(err, unix.ENOENT) {
		t.Errorf("Watchdog without a manager = %v, want ENOENT", err)
	}
	manager = listen(t, addr)
	if err := n.Watchdog(); err != nil {
		t.Errorf("Watchdog to a new manager = %v, want nil", err)
	}
	if got, want := receive(t, manager), "WATCHDOG=1"; got != want {
		t.Errorf("manager got %q, want %q", got, want)
	}
}

// Ensure Watchdog can be sent without allocating.
func TestNotifier_Watchdog_AllocatesNothing(t *testing.T) {
	addr := filepath.Join(t.TempDir(), "notify")
	listen(t, addr)
	n := open(t, addr)
	if allocs := testing.AllocsPerRun(1000, func() { _ = n.Watchdog() }); allocs != 0 {
		t.Errorf("Watchdog allocates %v times, want 0", allocs)
	}
}

// Ensure WatchdogInterval can read the manager's environment and nothing else.
func TestWatchdogInterval(t *testing.T) {
	for _, tt := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"10000000", "7", 10 * time.Second},
		{"10000000", "", 10 * time.Second},
		{"1", "7", time.Microsecond},
		{"", "", 0},
		{"", "7", 0},
		{"10000000", "8", 0},
		{"10000000", "x", 0},
		{"0", "7", 0},
		{"-1", "7", 0},
		{"10s", "7", 0},
		{"9223372036854775807", "7", 0},
	} {
		env := map[string]string{"WATCHDOG_USEC": tt.usec, "WATCHDOG_PID": tt.pid}
		got := WatchdogInterval(func(name string) string { return env[name] }, 7)
		if got != tt.want {
			t.Errorf("WatchdogInterval(WATCHDOG_USEC=%q, WATCHDOG_PID=%q) = %v, want %v", tt.usec, tt.pid, got, tt.want)
		}
	}
}
